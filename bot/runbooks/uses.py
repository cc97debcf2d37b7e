"""What each runbook sends to servers, and cannot do without: a test compares it with every command of every row."""

from __future__ import annotations

from collections.abc import Iterable

from bot.domain.deployment.abilities import Use, Uses
from bot.domain.groups.groups import Kind
from bot.domain.runs.runbook import Runbook


def of_a_pool(runbooks: Iterable[Runbook], has_partner: bool) -> tuple[Use, ...]:
    """All that may ever be used of a pool: as the one that a run is for, as the partner of another, or in its place."""
    return tuple(
        dict.fromkeys(
            use
            for book in runbooks
            for use in (*book.uses.pool, *book.uses.replacement, *(book.uses.partner if has_partner else ()))
        )
    )


def _use(cmdlet: str, *parameters: str, must: bool = True) -> Use:
    return Use(cmdlet, frozenset(parameters), must)


def _groups(*parameters: str) -> tuple[Use, ...]:
    return tuple(_use(f"Get-CsRgs{kind}", "Identity", *parameters) for kind in Kind)


_SETTINGS = _use("Get-CsRgsConfiguration", "Identity")
_EXPORT = _use("Export-CsRgsConfiguration", "Source", "Owner", "FileName")
_EXPORT_OUT = _use("Export-CsRgsConfiguration", "Source", "Owner", "FileName", "RemoveExportedConfiguration")
_IMPORT = ("Import-CsRgsConfiguration", "Destination", "FileName", "ReplaceExistingRgsSettings")

_STATE = _use("Get-CsRegistrarConfiguration", "Filter", "LocalStore", must=False)
_BACKED_UP = (*_groups("Owner", "ShowAll"), _SETTINGS, _EXPORT)
BACKUP = Uses(_BACKED_UP, _BACKED_UP)

_LOCATED = (_use("Get-CsLisLocation", must=False), _use("Get-CsLisSubnet", must=False))
_ACCOMPANIED = (_use("Export-CsLisConfiguration", "AsBytes"), _use("Get-CsCpsConfiguration"), *_LOCATED)
COMPANION = Uses(_ACCOMPANIED, _ACCOMPANIED)

LOCATIONS = (
    *_LOCATED,
    _use("Import-CsLisConfiguration", "FileName", must=False),
    _use("Publish-CsLisConfiguration", "Confirm", must=False),
)
"""Of the pool that serves, where a runbook has the rows of emergency locations."""

_STORE = _use("Get-CsManagementStoreReplicationStatus", "CentralManagementStoreStatus", must=False)
_CENTRAL = (
    _STORE,
    _use("Get-CsManagementConnection", must=False),
    _use("Get-CsDatabaseMirrorState", "PoolFqdn", "DatabaseType", must=False),
    _use(
        "Invoke-CsManagementServerFailover",
        "BackupSqlServerFqdn",
        "BackupSqlInstanceName",
        "BackupMirrorSqlServerFqdn",
        "BackupMirrorSqlInstanceName",
        "Force",
        "Confirm",
        must=False,
    ),
    _use("Invoke-CsManagementStoreReplication", "ReplicaFqdn", must=False),
    _use("Get-CsPool", "Identity", must=False),
)
"""What Central Management is moved with: on the pool that takes it."""

FAILOVER = Uses(
    pool=(
        _use("Get-CsServerVersion", must=False),
        _use("Get-CsRgsConfiguration", "Identity", must=False),
        _use("Export-CsRgsConfiguration", "Source", "Owner", "FileName", must=False),
        _use("Get-CsBackupServiceStatus", "PoolFqdn", must=False),
        _STORE,
    ),
    partner=(
        *_CENTRAL,
        *LOCATIONS,
        _use("Get-CsService", "CentralManagement", "EdgeServer", must=False),
        _use("Set-CsEdgeServer", "Identity", "Registrar", "Confirm", must=False),
        *_groups("Owner", "ShowAll"),
        _SETTINGS,
        _EXPORT_OUT,
        _use(*_IMPORT, "ResolveNameConflicts"),
        _use("Invoke-CsPoolFailOver", "PoolFqdn", "DisasterMode", "Confirm", must=False),
        _STATE,
        _use("Get-CsPoolBackupRelationship", "PoolFqdn", "LocalStore", must=False),
        _use("Get-CsBackupServiceStatus", "PoolFqdn", "Category", must=False),
        _use("Get-CsBackupServiceConfiguration", must=False),
    ),
)

_MACHINES = (
    _use("Get-CsPool", "Identity", must=False),
    _use("Get-CsWindowsService", "ComputerName", must=False),
)
_SERVICE = _use("Get-CsBackupServiceStatus", "PoolFqdn", "Category", must=False)
_SYNC = _use("Invoke-CsBackupServiceSync", "PoolFqdn", must=False)
_CONFIGURED = _use("Get-CsBackupServiceConfiguration", must=False)
_HOME = (*_groups("ShowAll"), _SETTINGS, _EXPORT, _use(*_IMPORT, "OverwriteOwner"))
"""Of the pool to which groups go home."""

FAILBACK = Uses(
    pool=(
        *_HOME,
        _use("Invoke-CsPoolFailBack", "PoolFqdn", "DisasterMode", "Confirm", must=False),
        _STATE,
        *_MACHINES,
        _use("Get-CsManagementStoreReplicationStatus", "ReplicaFqdn", must=False),
        _use("Get-CsUserDatabaseState", "RegistrarPool", must=False),
        _use("Get-CsService", "EdgeServer", must=False),
        _use("Set-CsEdgeServer", "Identity", "Registrar", "Confirm", must=False),
        *LOCATIONS,
        _SERVICE,
        _CONFIGURED,
        _SYNC,
    ),
    partner=(
        *_groups("Owner"),
        _use("Get-CsRgsConfiguration", "Identity", must=False),
        _EXPORT_OUT,
        _STATE,
        _SERVICE,
        _CONFIGURED,
        _use("Invoke-CsBackupServiceSync", "PoolFqdn", "BackupModule", must=False),
    ),
)

_LIVING = (
    _use("Get-CsUser", "Filter", must=False),
    _use("Get-CsConferenceDirectory", must=False),
    _use("Get-CsApplicationEndpoint", "PoolFqdn", must=False),
    _use("Get-CsCallParkOrbit", must=False),
    _use("Get-CsUnassignedNumber", must=False),
)

REPLACE = Uses(
    partner=(
        *_groups("Owner"),
        _EXPORT_OUT,
        _STATE,
        *_LIVING,
        _use("Get-CsPool", "Identity", must=False),
        _use("Get-CsWindowsService", "ComputerName", "Name", must=False),
        _use("Get-CsManagementStoreReplicationStatus", "CentralManagementStoreStatus", must=False),
        _use("Get-CsPoolBackupRelationship", "PoolFqdn", must=False),
        _SERVICE,
        _CONFIGURED,
        _SYNC,
    ),
    replacement=(
        *_HOME,
        *LOCATIONS,
        _STATE,
        _use("Get-CsPool", "Identity", must=False),
        _use("Get-CsWindowsService", "ComputerName", "Name", must=False),
        _use("Get-CsBackupServiceStatus", "PoolFqdn", must=False),
        _SYNC,
    ),
)

_CATEGORY = _use("Get-CsBackupServiceStatus", "PoolFqdn", "Category", must=False)
_REPLICATION = (_CATEGORY, _use("Get-CsBackupServiceConfiguration", must=False))
_AT_HOME = (_use("Get-CsRgsConfiguration", "Identity", must=False), _STATE)
_IMPORTED = (*_groups("Owner", "ShowAll"), _SETTINGS, _EXPORT_OUT, _STATE)

PRESTAGE = Uses(
    pool=_AT_HOME,
    partner=(*_IMPORTED, _use("Import-CsRgsConfiguration", "Destination", "FileName"), *_REPLICATION),
)
CLEANUP = Uses(pool=_AT_HOME, partner=(*_groups("Owner"), _EXPORT_OUT, _STATE, *_REPLICATION))
IMPORT_AGAIN = Uses(partner=(*_IMPORTED, _use(*_IMPORT, "ResolveNameConflicts"), *_REPLICATION))
UNDO = Uses(
    partner=(
        _SETTINGS,
        _EXPORT,
        _use("Set-CsRgsConfiguration", "Identity", "AgentRingbackGracePeriod", "DisableCallContext", "Confirm"),
    )
)
ADOPT = Uses(
    pool=(*(_use(f"Get-CsRgs{kind}", "Identity", must=False) for kind in Kind), _STATE),
    partner=(*(_use(f"Get-CsRgs{kind}", "Identity", "Owner", must=False) for kind in Kind), _STATE),
)

CMS = Uses((_STORE,), (*_CENTRAL, *LOCATIONS, _use("Get-CsService", "CentralManagement", must=False)))
_HOPS = _use("Get-CsService", "EdgeServer", must=False)
_SITES = (_HOPS, _use("Get-CsSite"))
EDGE = Uses((*_SITES, _use("Set-CsSite", "Identity", "FederationRoute", "Confirm")))
XMPP = Uses((*_SITES, _use("Set-CsSite", "Identity", "XmppFederationRoute", "Confirm")))
EDGE_OF_POOL = Uses((_HOPS, _use("Get-CsSite", must=False), _use("Get-CsManagementStoreReplicationStatus", must=False)))
MIRROR = Uses(
    (
        _use("Get-CsDatabaseMirrorState", "PoolFqdn", "DatabaseType", must=False),
        _use("Invoke-CsDatabaseFailover", "PoolFqdn", "DatabaseType", "NewPrincipal", "Force", "Confirm"),
        _use("Get-CsRgsConfiguration", "Identity", must=False),
    )
)
_MODULES = _use("Get-CsBackupServiceStatus", "PoolFqdn", must=False)
CONFERENCES = Uses(partner=(_use("Invoke-CsBackupServiceSync", "PoolFqdn", "BackupModule", must=False), _MODULES))
_COPYING = (
    _use("Get-CsPool", "Identity", must=False),
    _use("Get-CsWindowsService", "Name", "ComputerName", must=False),
    _use("Start-CsWindowsService", "Name", "ComputerName", "Confirm", must=False),
    _MODULES,
    _use("Invoke-CsBackupServiceSync", "PoolFqdn", must=False),
)
BACKUP_SERVICE = Uses(
    pool=(
        *_COPYING,
        _use("Get-CsBackupServiceConfiguration"),
        _use("Set-CsBackupServiceConfiguration", "SyncInterval", "Confirm"),
    ),
    partner=_COPYING,
)
