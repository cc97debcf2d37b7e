"""Commands as they are sent: a cmdlet or a constant script, and values that are only ever parameters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from bot.domain.deployment.abilities import ASKED
from bot.domain.deployment.cmdlets import Cmdlet
from bot.domain.deployment.endpoints import Access, Endpoint
from bot.domain.errors import CmdletFailed
from bot.domain.groups.groups import Ref
from bot.drivers.winrm.scripts import MAKE, READERS, Script

_NAME = re.compile(r"[A-Z][a-z]+-[A-Z][A-Za-z]+\Z")
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9]*\Z")
_DEAFENING = re.compile("[\ud800-\udfff\ufffe\uffff]")
"""What a real server never answers, or the client cannot read when it comes back (facts: powershell §7)."""

_DRIVE = re.compile(r"[A-Za-z]:\\")
_NO_PATH = re.compile('[\0-\x1f:*?"<>|\ud800-\udfff\ufffe\uffff]')

_INT32 = range(-(2**31), 2**31)
ENDPOINT = "Get-SwitchbackEndpoint"
"""Only a constrained endpoint has it: the edition of its functions, and the server version they are for."""


@dataclass(frozen=True, slots=True)
class Call:
    """`what` is the name of a cmdlet, or one of our scripts; `given` are its parameters."""

    what: str | Script
    given: tuple[tuple[str, Any], ...] = ()

    @property
    def name(self) -> str:
        """What a server's errors call it; an ordinary endpoint has no name for a script."""
        return self.what.function if isinstance(self.what, Script) else self.what


PARAMETERS = Call("Get-Command", (("Name", list(ASKED)),))
"""What can be run here, and with what. At an endpoint of ours it tells of our functions."""

QUIET = Call("Get-Command", (("Name", "Get-Command"),))
"""Does nothing, at every kind of endpoint. A session runs one command at a time: when this has run, none runs."""


def greeting(endpoint: Endpoint) -> Call | None:
    """What a session begins with there: whoever is not what the configuration says is found out by it."""
    if endpoint.access is Access.CONSTRAINED:
        return Call(ENDPOINT)
    return Call("Import-Module", (("Name", endpoint.module),)) if endpoint.module else None


def said_at(endpoint: Endpoint, call: Call) -> Call:
    """The call as this endpoint takes it: a constrained one has functions in place of scripts, and no hashtables."""
    if endpoint.access is Access.ORDINARY or not isinstance(call.what, Script):
        return call
    given = dict(call.given)
    if call.what is Script.WHOLE:
        return Call(given["Command"], (*given["Given"].items(), ("Batch", given["Batch"])))
    return Call(call.what.function, tuple((key, value) for key, value in call.given if key != MAKE.name))


def call_of(command: Cmdlet, batch: int) -> Call:
    """How it is sent. Raises CmdletFailed for what must not be, and so was not."""
    given = tuple((key, _value(command, value)) for key, value in command.arguments)
    if not _NAME.match(command.name) or not all(_KEY.match(key) for key, _ in given):
        raise _not_sent(command, "a name in it is not one of PowerShell's")
    if command.get("WhatIf") is not None:
        raise _not_sent(command, "what -WhatIf says would be lost on the way")
    if not command.writes:
        if command.name not in READERS:
            raise _not_sent(command, "Switchback does not know it")
        return Call(Script.WHOLE, (("Command", command.name), ("Given", dict(given)), ("Batch", batch)))
    return Call(command.name, given)


def file_call(script: Script, path: str, **given: Any) -> Call:
    """About one file or folder, by its full path. Raises CmdletFailed for a path that no server has."""
    parts = path.split("\\")
    is_full = _DRIVE.match(path) or (path.startswith("\\\\") and len(parts) > 4 and all(parts[2:4]))
    if not is_full or ".." in parts or _NO_PATH.search(path[2:]):
        raise CmdletFailed(f"{path[:200]!r} is not the full path of a file on a server.", error_id="NotSendable")
    return Call(script, (("Path", path), *((key, value) for key, value in given.items() if value is not None)))


def _value(command: Cmdlet, value: object) -> object:
    match value:
        case bool():
            return value
        case int() if value in _INT32:
            return value
        case Ref() | str() if not _DEAFENING.search(str(value)):
            return str(value)
        case int():
            raise _not_sent(command, "a number in it is larger than a server takes")
        case Ref() | str():
            raise _not_sent(
                command, "a text in it has a character (U+FFFE, U+FFFF or half of a pair) that none may have"
            )
    raise _not_sent(command, f"a value in it is of the kind {type(value).__name__}, which is never sent")


def _not_sent(command: Cmdlet, reason: str) -> CmdletFailed:
    name = command.name if _NAME.match(command.name) else "The command"
    return CmdletFailed(f"{name} was not sent: {reason}. Nothing was changed.", error_id="NotSendable")
