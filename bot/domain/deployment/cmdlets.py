"""Cmdlets as values: real parameter tables, and `str()` as the very line that people approve (facts: lync §1)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.domain.deployment.tables import ALL_VERSIONS, CMDLETS, Parameter, is_had
from bot.domain.errors import CmdletFailed
from bot.domain.groups.groups import Ref

Argument = str | int | bool | Ref
_CONFIRM = "Confirm"
_SAFE = re.compile(r"[\w .:\\/()-]*")

_WITHOUT = {"Invoke-CsManagementServerFailover": frozenset({"Normal"})}
"""The parameter set that is meant where no parameter of one is given (facts: recovery, procedure 2, row 5c)."""

WHOLE = {
    "Int16": range(-(2**15), 2**15),
    "Int32": range(-(2**31), 2**31),
    "UInt16": range(2**16),
    "UInt64": range(2**64),
}
_WORDS = {
    kind: re.compile(pattern, re.ASCII | re.IGNORECASE)
    for kind, pattern in (
        ("Guid", r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        ("TimeSpan", r"(\d+\.)?([01]?\d|2[0-3]):[0-5]\d:[0-5]\d"),
        ("PoolState", "Active|FailingOver|FailedOver|FailedBack"),
        ("MirrorRole", "Primary|Mirror"),
    )
}
"""What the binder takes for values that are no free text; `WHOLE` has the numbers."""

ON_FRONT_END = frozenset({"Invoke-CsPoolFailOver", "Invoke-CsPoolFailBack", "Invoke-CsManagementServerFailover"})
"""What has to run on a Front End of the pool that it is sent to (facts: recovery, procedure 2, rows 5, 8)."""


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


def check(command: Cmdlet, version: str = ALL_VERSIONS[-1]) -> None:
    """Raises CmdletFailed, as PowerShell's binder would, for what the cmdlet of this server version does not have."""
    if not is_had(command.name, version):
        text = f"The term '{command.name}' is not recognized as the name of a cmdlet, function, script file"
        raise CmdletFailed(f"{text}, or operable program.", error_id="CommandNotFoundException")
    table = CMDLETS[command.name]
    for key, value in command.arguments:
        parameter = table.get(key)
        if parameter is None or version not in parameter.versions:
            text = f"A parameter cannot be found that matches parameter name '{key}'."
            raise CmdletFailed(f"{command.name} : {text}", error_id=f"NamedParameterNotFound,{command.name}")
        if not _binds(parameter, key, value):
            text = f"Cannot bind parameter '{key}'. Cannot convert the value to type \"{parameter.type}\"."
            raise CmdletFailed(
                f"{command.name} : {text}",
                error_id=f"CannotConvertArgumentNoMessage,{command.name}",
            )
    given = {key for key, _ in command.arguments}
    sets = {table[key].set for key in given} - {""} or _WITHOUT.get(command.name, frozenset())
    if len(sets) > 1:
        text = "Parameter set cannot be resolved using the specified named parameters."
        raise CmdletFailed(f"{command.name} : {text}", error_id=f"AmbiguousParameterSet,{command.name}")
    missing = [
        key
        for key, parameter in table.items()
        if parameter.mandatory
        and version in parameter.versions
        and key not in given
        and (not sets or parameter.set in {"", *sets})
    ]
    if missing:
        text = f"Cannot process command because of one or more missing mandatory parameters: {' '.join(missing)}."
        raise CmdletFailed(f"{command.name} : {text}", error_id=f"MissingMandatoryParameter,{command.name}")


def refuse(command: Cmdlet, error_id: str, text: str, detail: str = "") -> CmdletFailed:
    """A refusal as PowerShell prints it: `Cmdlet-Name : text`, with a FullyQualifiedErrorId of the usual form."""
    shown = f"{command.name} : {text}"
    return CmdletFailed(shown, error_id=f"{error_id},{command.name}", detail=f"{shown} {detail}".strip())


def _binds(parameter: Parameter, key: str, value: Argument) -> bool:
    match parameter.type:
        case "SwitchParameter":
            return _is_switch(key, value)
        case "Boolean":
            return isinstance(value, bool)
        case kind if kind in WHOLE:
            return isinstance(value, int) and not isinstance(value, bool) and value in WHOLE[kind]
    return not isinstance(value, bool) and (
        parameter.type not in _WORDS or _WORDS[parameter.type].fullmatch(str(value)) is not None
    )


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
