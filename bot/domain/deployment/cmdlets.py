"""Cmdlets as values: real parameter tables, and `str()` as the very line that people approve (facts: lync §1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.errors import CmdletFailed
from bot.domain.groups.groups import Kind, Ref

ALL_VERSIONS = ("2013", "2015", "2019")
LATER = ("2015", "2019")

Argument = str | int | bool | Ref
_CONFIRM = "Confirm"
_SAFE = re.compile(r"[\w .:\\/()-]*")


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
}

ON_FRONT_END = frozenset({"Invoke-CsPoolFailOver", "Invoke-CsPoolFailBack"})
"""What has to run on a Front End of the pool that it is sent to (facts: recovery, procedure 2, row 8)."""


@dataclass(frozen=True, slots=True)
class Cmdlet:
    """One command with its arguments in the order they are shown; a switch that is given has the argument True.

    False is only sent to `Confirm`: nobody is there who could be asked (facts: powershell §4).
    """

    name: str
    arguments: tuple[tuple[str, Argument], ...] = ()

    def __str__(self) -> str:
        return " ".join([self.name, *(_shown(self.name, key, value) for key, value in self.arguments)])

    def get(self, key: str) -> Argument | None:
        return next((value for name, value in self.arguments if name.casefold() == key.casefold()), None)

    @property
    def writes(self) -> bool:
        """Whether it can change the deployment: a lost one is then looked at before anything runs again."""
        return not self.name.startswith("Get-")


def cmdlet(name: str, **arguments: Argument | None) -> Cmdlet:
    """A cmdlet without the arguments that are None, and with `-Confirm:$false` where it could ask a question."""
    asks = {_CONFIRM: False} if _CONFIRM in CMDLETS.get(name, {}) else {}
    given = {**arguments, **asks}
    return Cmdlet(name, tuple((key, value) for key, value in given.items() if value is not None))


def check(command: Cmdlet, version: str = "2019") -> None:
    """Raises CmdletFailed, as PowerShell's binder would, for what the cmdlet of this server version does not have."""
    table = CMDLETS.get(command.name)
    if table is None:
        text = f"The term '{command.name}' is not recognized as the name of a cmdlet, function, script file"
        raise CmdletFailed(f"{text}, or operable program.", error_id="CommandNotFoundException")
    for key, value in command.arguments:
        parameter = table.get(key)
        if parameter is None or version not in parameter.versions:
            text = f"A parameter cannot be found that matches parameter name '{key}'."
            raise CmdletFailed(f"{command.name} : {text}", error_id=f"NamedParameterNotFound,{command.name}")
        if (parameter.type == "SwitchParameter") != _is_switch(key, value) and parameter.type != "Boolean":
            text = f"Cannot bind parameter '{key}'. Cannot convert the value to type \"{parameter.type}\"."
            raise CmdletFailed(
                f"{command.name} : {text}",
                error_id=f"CannotConvertArgumentNoMessage,{command.name}",
            )
    given = {key for key, _ in command.arguments}
    sets = {table[key].set for key in given} - {""}
    if len(sets) > 1:
        text = "Parameter set cannot be resolved using the specified named parameters."
        raise CmdletFailed(f"{command.name} : {text}", error_id=f"AmbiguousParameterSet,{command.name}")
    missing = [
        key
        for key, parameter in table.items()
        if parameter.mandatory and key not in given and (not sets or parameter.set in {"", *sets})
    ]
    if missing:
        text = f"Cannot process command because of one or more missing mandatory parameters: {' '.join(missing)}."
        raise CmdletFailed(f"{command.name} : {text}", error_id=f"MissingMandatoryParameter,{command.name}")


def refuse(command: Cmdlet, error_id: str, text: str, detail: str = "") -> CmdletFailed:
    """A refusal as PowerShell prints it: `Cmdlet-Name : text`, with a FullyQualifiedErrorId of the usual form."""
    shown = f"{command.name} : {text}"
    return CmdletFailed(shown, error_id=f"{error_id},{command.name}", detail=f"{shown} {detail}".strip())


def _is_switch(key: str, value: Argument) -> bool:
    return value is True or (value is False and key == _CONFIRM)


def _shown(name: str, key: str, value: Argument) -> str:
    parameter = CMDLETS.get(name, {}).get(key)
    if parameter is not None and parameter.type == "Boolean":
        return f"-{key} ${str(bool(value)).lower()}"
    match value:
        case True:
            return f"-{key}"
        case False:
            return f"-{key}:$false"
        case int():
            return f"-{key} {value}"
    return f"-{key} {quoted(str(value))}"


def quoted(text: str) -> str:
    """The text as one argument that nothing in it can end or expand."""
    if _SAFE.fullmatch(text) and text.isascii():
        return f'"{text}"'
    # Inside single quotes PowerShell expands nothing; curly quotes end such a string too, so they are doubled as well.
    return "'{}'".format(re.sub("(['\u2018\u2019\u201a\u201b])", r"\1\1", text))
