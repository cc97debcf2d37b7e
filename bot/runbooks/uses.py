"""What each runbook sends to servers, and cannot do without: a test compares it with every command of every row."""

from __future__ import annotations

from collections.abc import Iterable

from bot.domain.deployment.abilities import Use, Uses
from bot.domain.groups.groups import Kind
from bot.domain.runs.runbook import Runbook


def of_a_pool(runbooks: Iterable[Runbook], has_partner: bool) -> tuple[Use, ...]:
    """All that may ever be used of a pool: as the one that a run is for, and as the partner of another."""
    return tuple(
        dict.fromkeys(
            use for book in runbooks for use in (*book.uses.pool, *(book.uses.partner if has_partner else ()))
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

_BACKED_UP = (*_groups("Owner", "ShowAll"), _SETTINGS, _EXPORT)
BACKUP = Uses(_BACKED_UP, _BACKED_UP)

COMPANION = Uses((_use("Export-CsLisConfiguration", "AsBytes"), _use("Get-CsCpsConfiguration")))

FAILOVER = Uses(
    partner=(
        *_groups("Owner", "ShowAll"),
        _SETTINGS,
        _EXPORT_OUT,
        _use(*_IMPORT, "ResolveNameConflicts"),
        _use("Invoke-CsPoolFailOver", "PoolFqdn", "DisasterMode", "Confirm", must=False),
        _use("Get-CsRegistrarConfiguration", "Filter", must=False),
        _use("Get-CsPoolBackupRelationship", "PoolFqdn", must=False),
        _use("Get-CsBackupServiceStatus", "PoolFqdn", "Category", must=False),
    ),
)

FAILBACK = Uses(
    pool=(
        *_groups("ShowAll"),
        _SETTINGS,
        _EXPORT,
        _use(*_IMPORT, "OverwriteOwner"),
        _use("Invoke-CsPoolFailBack", "PoolFqdn", "Confirm", must=False),
        _use("Get-CsRegistrarConfiguration", "Filter", must=False),
    ),
    partner=(*_groups("Owner"), _EXPORT_OUT),
)
