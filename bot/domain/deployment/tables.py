"""The parameters of the cmdlets that are sent to servers, as their pages have them (facts: lync §1, recovery §0.22)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.groups.groups import Kind

ALL_VERSIONS = ("2013", "2015", "2019")
LATER = ("2015", "2019")
MIRRORED = ("2013", "2015")


@dataclass(frozen=True, slots=True)
class Parameter:
    """`type` is .NET's short name; `versions` are the server versions that know it.

    `set` names the one parameter set that it belongs to, empty for all: what is mandatory there is so nowhere else.
    """

    type: str
    mandatory: bool = False
    versions: tuple[str, ...] = ALL_VERSIONS
    set: str = ""


_SWITCH = Parameter("SwitchParameter")
_GET: Mapping[str, Parameter] = {
    "Identity": Parameter("RgsIdentity"),
    "Name": Parameter("String"),
    "Owner": Parameter("RgsIdentity"),
    "ShowAll": _SWITCH,
}
_POOL_MOVE: Mapping[str, Parameter] = {
    "PoolFqdn": Parameter("Fqdn", mandatory=True),
    "Confirm": _SWITCH,
    "DisasterMode": _SWITCH,
    "Force": _SWITCH,
    "WaitTime": Parameter("TimeSpan"),
    "WhatIf": _SWITCH,
    "DatabaseCommandTimeoutInSeconds": Parameter("Int32", versions=LATER),
    "SkipDataVerification": Parameter("SwitchParameter", versions=LATER),
}
_ROLES = (
    "ApplicationDatabase",
    "ApplicationServer",
    "ArchivingDatabase",
    "ArchivingServer",
    "BackupServer",
    "CentralManagement",
    "CentralManagementDatabase",
    "Director",
    "EdgeServer",
    "FileStore",
    "ManagementServer",
    "MediationServer",
    "MonitoringDatabase",
    "MonitoringServer",
    "PersistentChatComplianceDatabase",
    "PersistentChatDatabase",
    "PersistentChatServer",
    "PstnGateway",
    "Registrar",
    "TrustedApplicationPool",
    "UserDatabase",
    "UserServer",
    "WacServer",
    "WebServer",
)
_ONE_OR_MANY: Mapping[str, Parameter] = {
    "Identity": Parameter("XdsIdentity", set="Identity"),
    "Filter": Parameter("String", set="Filter"),
    "LocalStore": _SWITCH,
}
_ASKS: Mapping[str, Parameter] = {"Confirm": _SWITCH, "Force": _SWITCH, "WhatIf": _SWITCH}


def _of(type: str, *keys: str, versions: tuple[str, ...] = ALL_VERSIONS, set: str = "") -> Mapping[str, Parameter]:
    """Parameters that differ by their names only."""
    return {key: Parameter(type, versions=versions, set=set) for key in keys}


_IN_TOPOLOGY: Mapping[str, Parameter] = {
    "Identity": Parameter("XdsGlobalRelativeIdentity", set="Identity"),
    "Filter": Parameter("String", set="Filter"),
}
_IN_DIRECTORY: Mapping[str, Parameter] = {
    "DomainController": Parameter("Fqdn"),
    "Filter": Parameter("String"),
    "Identity": Parameter("UserIdParameter"),
    "OU": Parameter("OUIdParameter"),
    "ResultSize": Parameter("Microsoft.Rtc.Management.ADConnect.Core.Unlimited`1[System.UInt32]"),
}
_SERVICES: Mapping[str, Parameter] = {
    **_of("String", "ComputerName", "Name", set="Name"),
    **_of("String", "Report"),
    **_ASKS,
    "NoWait": _SWITCH,
}


def _service(role: str, versions: tuple[str, ...] = ALL_VERSIONS) -> Parameter:
    """A switch of Get-CsService, each in a parameter set of its own."""
    return Parameter("SwitchParameter", versions=versions, set=role)


CMDLETS: Mapping[str, Mapping[str, Parameter]] = {
    "Export-CsRgsConfiguration": {
        "FileName": Parameter("String", mandatory=True),
        "Source": Parameter("RgsIdentity", mandatory=True),
        "Force": _SWITCH,
        "Owner": Parameter("RgsIdentity"),
        "RemoveExportedConfiguration": _SWITCH,
    },
    "Import-CsRgsConfiguration": {
        "Destination": Parameter("RgsIdentity", mandatory=True),
        "FileName": Parameter("String", mandatory=True),
        "Force": _SWITCH,
        "OverwriteOwner": _SWITCH,
        "ReplaceExistingRgsSettings": _SWITCH,
        "ResolveNameConflicts": _SWITCH,
    },
    **{f"Get-CsRgs{kind}": _GET for kind in Kind},
    "Get-CsRgsConfiguration": {"Identity": Parameter("RgsIdentity", mandatory=True)},
    "Set-CsRgsConfiguration": {
        "Identity": Parameter("RgsIdentity", mandatory=True, set="Direct"),
        "AgentRingbackGracePeriod": Parameter("Int16", set="Direct"),
        "DisableCallContext": Parameter("Boolean", set="Direct"),
        "Force": _SWITCH,
        "WhatIf": _SWITCH,
        "Confirm": _SWITCH,
    },
    "Invoke-CsPoolFailOver": {
        **_POOL_MOVE,
        "FlushStorageService": _SWITCH,
        "ServicesStopDelayMins": Parameter("Int32", versions=LATER),
    },
    "Invoke-CsPoolFailBack": _POOL_MOVE,
    "Get-CsPoolBackupRelationship": {
        "PoolFqdn": Parameter("Fqdn", mandatory=True),
        "Force": _SWITCH,
        "LocalStore": _SWITCH,
    },
    "Get-CsBackupServiceStatus": {
        "PoolFqdn": Parameter("Fqdn", mandatory=True),
        "Category": Parameter("BackupCategory", versions=("2019",)),
        "Force": _SWITCH,
    },
    "Export-CsLisConfiguration": {
        "FileName": Parameter("String", mandatory=True, set="FileName"),
        "AsBytes": Parameter("SwitchParameter", set="AsBytes"),
    },
    "Import-CsLisConfiguration": {
        "FileName": Parameter("String", mandatory=True, set="FileName"),
        "ByteInput": Parameter("Byte[]", mandatory=True, set="ByteInput"),
    },
    "Publish-CsLisConfiguration": {"Confirm": _SWITCH, "Force": _SWITCH, "WhatIf": _SWITCH},
    "Get-CsLisLocation": {"Unreferenced": _SWITCH},
    "Get-CsLisSubnet": {},
    "Get-CsCpsConfiguration": _ONE_OR_MANY,
    "Get-CsServerVersion": {},
    "Get-CsRegistrarConfiguration": _ONE_OR_MANY,
    "Get-CsManagementStoreReplicationStatus": {
        "ReplicaFqdn": Parameter("String"),
        "CentralManagementStoreStatus": _SWITCH,
    },
    "Get-CsService": {
        "Identity": Parameter("XdsGlobalRelativeIdentity", set="Identity"),
        "Filter": Parameter("String", set="Filter"),
        "PoolFqdn": Parameter("String"),
        "ConferencingServer": _service("ConferenceServer"),
        "LegalInterceptServer": _service("LegalInterceptServer", ("2013",)),
        **{role: _service(role) for role in _ROLES},
        **{role: _service(role, LATER) for role in ("VideoGateway", "VideoInteropServer")},
        **{role: _service(role, ()) for role in ("ProvisionDatabase", "ProvisionServer")},
    },
    "Set-CsRegistrarConfiguration": {
        "Identity": Parameter("XdsIdentity", set="Identity"),
        "PoolState": Parameter("PoolState"),
        **_of("Int32", "DefaultEndpointExpiration", "MaxEndpointExpiration", "MinEndpointExpiration"),
        **_of("Int32", "WinFabMaxLogsSizeMb", versions=LATER),
        **_of("UInt16", "MaxEndpointsPerUser"),
        **_of("UInt64", "MaxUserCount"),
        **_of("UInt64", "UserCertificateReplicationThreshold", versions=LATER),
        **_of("Boolean", "EnableDHCPServer"),
        **_of("Boolean", "EnableWinFabLogUpload", versions=LATER),
        **_of("TimeSpan", "BackupStoreUnavailableThreshold"),
        **_ASKS,
    },
    "Get-CsManagementConnection": {},
    "Invoke-CsManagementServerFailover": {
        "BackupSqlServerFqdn": Parameter("Fqdn", mandatory=True, set="DisasterRecovery"),
        **_of("Fqdn", "BackupMirrorSqlServerFqdn", set="DisasterRecovery"),
        **_of("String", "BackupSqlInstanceName", "BackupMirrorSqlInstanceName", set="DisasterRecovery"),
        "Force": Parameter("SwitchParameter", mandatory=True, set="DisasterRecovery"),
        "Restore": Parameter("SwitchParameter", set="Normal"),
        "Report": Parameter("String"),
        "Confirm": _SWITCH,
        "WhatIf": _SWITCH,
    },
    "Invoke-CsManagementStoreReplication": {"Force": _SWITCH, "ReplicaFqdn": Parameter("String")},
    "Set-CsEdgeServer": {
        "Identity": Parameter("XdsGlobalRelativeIdentity"),
        "Registrar": Parameter("String"),
        **_of("UInt16", "AccessEdgeClientSipPort", "AccessEdgeExternalSipPort", "AccessEdgeInternalSipPort"),
        **_of("UInt16", "DataPsomClientPort", "DataPsomServerPort", "XmppInternalPort", "XmppListeningPort"),
        **_of("UInt16", "MediaCommunicationPortCount", "MediaCommunicationPortStart", "MediaRelayAuthEdgePort"),
        **_of("UInt16", "MediaRelayExternalTurnTcpPort", "MediaRelayExternalTurnUdpPort"),
        **_of("UInt16", "MediaRelayInternalTurnTcpPort", "MediaRelayInternalTurnUdpPort"),
        **_of("UInt16", "SkypeSearchProxyPort", versions=LATER),
        **_ASKS,
    },
    "Get-CsSite": _IN_TOPOLOGY,
    "Set-CsSite": {
        "Identity": Parameter("XdsGlobalRelativeIdentity"),
        **_of("String", "DefaultPersistentChatPool", "Description", "DisplayName"),
        **_of("String", "FederationRoute", "XmppFederationRoute"),
        **_ASKS,
    },
    "Get-CsPool": {**_IN_TOPOLOGY, "Site": Parameter("String")},
    "Invoke-CsBackupServiceSync": {
        "PoolFqdn": Parameter("Fqdn", mandatory=True),
        "BackupModule": Parameter("String"),
        "Force": _SWITCH,
    },
    "Get-CsBackupServiceConfiguration": _ONE_OR_MANY,
    "Set-CsBackupServiceConfiguration": {
        "Identity": Parameter("XdsIdentity", set="Identity"),
        "SyncInterval": Parameter("TimeSpan"),
        "EnableRgsBackupService": Parameter("Boolean", versions=("2019",)),
        **_of("String", "AuthorizedLocalAccounts", "AuthorizedUniversalGroups"),
        **_of("Int32", "MaxBatchesPerCmsSync", "MaxBatchesPerUserStoreSync", "MaxConcurrentCalls"),
        **_of("Int32", "MaxDataConfPackageSizeKB"),
        **_of("Int32", "MaxHighPriQueuePercentagePerUserStoreSync", versions=LATER),
        **_ASKS,
    },
    "Get-CsWindowsService": {
        **_of("String", "ComputerName", "Name", "Report"),
        "ExcludeActivityLevel": _SWITCH,
    },
    "Start-CsWindowsService": _SERVICES,
    "Stop-CsWindowsService": {
        **_SERVICES,
        **_of("SwitchParameter", "Graceful", "LeaveClsAgentRunning", "LeaveWebServerRunning"),
    },
    "Get-CsDatabaseMirrorState": {
        "PoolFqdn": Parameter("Fqdn", mandatory=True, versions=MIRRORED),
        **_of("DatabaseNameType", "DatabaseType", versions=MIRRORED),
        **_of("SwitchParameter", "LocalStore", versions=MIRRORED),
        **_of("String", "Report", versions=MIRRORED),
    },
    "Invoke-CsDatabaseFailover": {
        "PoolFqdn": Parameter("Fqdn", mandatory=True),
        "DatabaseType": Parameter("DatabaseNameType", mandatory=True),
        "NewPrincipal": Parameter("MirrorRole", mandatory=True),
        **_of("String[]", "ExcludeDatabaseList"),
        **_of("String", "Report"),
        "LocalStore": _SWITCH,
        **_ASKS,
    },
    "Get-CsUser": {
        **_IN_DIRECTORY,
        "LdapFilter": Parameter("String"),
        **_of("SwitchParameter", "OnOfficeCommunicationServer", "UnAssignedUser"),
        **_of("SwitchParameter", "OnLyncServer", versions=("2013",)),
        **_of("SwitchParameter", "OnModernServer", versions=LATER),
    },
    "Get-CsApplicationEndpoint": {**_IN_DIRECTORY, **_of("String", "ApplicationId", "PoolFqdn")},
    "Get-CsUserPoolInfo": {"Identity": Parameter("UserIdParameter", mandatory=True), "LocalStore": _SWITCH},
    "Get-CsUserDatabaseState": {
        "Identity": Parameter("String", set="Identity"),
        "RegistrarPool": Parameter("Fqdn", set="RegistrarPool"),
    },
    "Get-CsConferenceDirectory": {**_IN_TOPOLOGY, "LocalStore": _SWITCH},
    "Get-CsUnassignedNumber": {**_IN_TOPOLOGY, "LocalStore": _SWITCH},
    "Get-CsCallParkOrbit": {
        **_IN_TOPOLOGY,
        "LocalStore": _SWITCH,
        "Type": Parameter("OrbitType", versions=LATER),
    },
    "Get-CsAnnouncement": _ONE_OR_MANY,
    "Get-CsPoolFabricState": {
        "PoolFqdn": Parameter("String", mandatory=True, set="PoolFqdn"),
        "Type": Parameter("String", set="PoolFqdn"),
        **_of("Int32", "QueryTimeout", set="PoolFqdn"),
        **_of("String", "HealthState", "OutputCsvFile", "ServiceName", versions=LATER, set="PoolFqdn"),
        **_of("SwitchParameter", "ShowAll", versions=LATER, set="PoolFqdn"),
        "RoutingGroup": Parameter("String", mandatory=True, versions=LATER, set="RoutingGroup"),
        **_of("Int32", "MinutesToPoll", "PollInterval", "ReplicaBuildProgressTimeout", set="RoutingGroup"),
        **_of("SwitchParameter", "ReplicaBuildProgress", set="RoutingGroup"),
        "Tenant": Parameter("Guid", mandatory=True, versions=LATER, set="Tenant"),
        "UserUri": Parameter("UserIdParameter", mandatory=True, versions=LATER, set="User"),
        **_ASKS,
    },
}


def is_had(name: str, version: str) -> bool:
    """Whether servers of this version have the cmdlet: not one of which they know no parameter at all."""
    table = CMDLETS.get(name)
    return table is not None and (not table or any(version in one.versions for one in table.values()))
