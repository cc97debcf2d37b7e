"""Commands as they are sent: a cmdlet or a constant script, and values that are only ever parameters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Any

from bot.domain.deployment.cmdlets import CMDLETS, Cmdlet
from bot.domain.errors import CmdletFailed
from bot.domain.groups.groups import Ref

_NAME = re.compile(r"[A-Z][a-z]+-[A-Z][A-Za-z]+\Z")
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9]*\Z")
_DEAFENING = re.compile("[\ud800-\udfff\ufffe\uffff]")
"""What a real server never answers, or the client cannot read when it comes back (facts: powershell §7)."""

_INT32 = range(-(2**31), 2**31)
READERS = tuple(name for name in CMDLETS if name.startswith("Get-"))

_WHOLE = """param(
    [ValidateSet({readers})]
    [string]$Command,
    [hashtable]$Given,
    [int]$Batch
)
$ErrorActionPreference = 'Stop'
$held = New-Object System.Collections.ArrayList
$pack = {{
    $text = [System.Management.Automation.PSSerializer]::Serialize($held.ToArray(), 40)
    $bytes = [System.Text.Encoding]::UTF8.GetBytes($text)
    $memory = New-Object System.IO.MemoryStream
    $gzip = New-Object System.IO.Compression.GZipStream($memory, [System.IO.Compression.CompressionMode]::Compress)
    $gzip.Write($bytes, 0, $bytes.Length)
    $gzip.Close()
    $held.Clear()
    , $memory.ToArray()
}}
& $Command @Given -ErrorAction Continue | ForEach-Object {{
    [void]$held.Add($_)
    if ($held.Count -ge $Batch) {{ & $pack }}
}}
if ($held.Count) {{ & $pack }}
"""


class Script(Enum):
    """Every text that is run as script, constant from the first line to the last (Windows PowerShell 3 and later)."""

    WHOLE = _WHOLE.format(readers=", ".join(f"'{name}'" for name in READERS))
    """The objects that a reading cmdlet gives, to full depth, as gzipped CliXml, so many in each array of bytes."""


@dataclass(frozen=True, slots=True)
class Call:
    """`what` is the name of a cmdlet, or one of our scripts; `given` are its parameters."""

    what: str | Script
    given: tuple[tuple[str, Any], ...] = ()


QUIET = Call("Get-Command", (("Name", "Get-Command"),))
"""Does nothing, at every kind of endpoint. A session runs one command at a time: when this has run, none runs."""


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
    if "Confirm" in CMDLETS.get(command.name, {}) and command.get("Confirm") is None:
        given = (*given, ("Confirm", False))
    return Call(command.name, given)


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
    return CmdletFailed(f"{name} was not sent: {reason}. Nothing happened.", error_id="NotSendable")
