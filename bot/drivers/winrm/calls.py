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

_DRIVE = re.compile(r"[A-Za-z]:\\")
_NO_PATH = re.compile('[\0-\x1f:*?"<>|\ud800-\udfff\ufffe\uffff]')

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


_PREFACE = """$ErrorActionPreference = 'Stop'
function Stop-Missing($What) {
    $reason = New-Object System.IO.FileNotFoundException $What
    throw (New-Object System.Management.Automation.ErrorRecord $reason, 'PathNotFound', 'ObjectNotFound', $null)
}
"""
_DIGEST = f"""param([string]$Path)
{_PREFACE}if (-not [System.IO.File]::Exists($Path)) {{ Stop-Missing 'There is no such file.' }}
$file = New-Object System.IO.FileStream $Path, ([System.IO.FileMode]::Open), ([System.IO.FileAccess]::Read)
try {{
    $sha256 = New-Object System.Security.Cryptography.SHA256CryptoServiceProvider
    $hash = [System.BitConverter]::ToString($sha256.ComputeHash($file)).Replace('-', '').ToLowerInvariant()
    "$hash $($file.Length)"
}} finally {{ $file.Close() }}
"""
_PIECE = f"""param([string]$Path, [long]$At, [int]$Size)
{_PREFACE}if (-not [System.IO.File]::Exists($Path)) {{ Stop-Missing 'There is no such file.' }}
$file = New-Object System.IO.FileStream $Path, ([System.IO.FileMode]::Open), ([System.IO.FileAccess]::Read)
try {{
    [void]$file.Seek($At, [System.IO.SeekOrigin]::Begin)
    $left = [int][System.Math]::Min([long]$Size, $file.Length - $At)
    if ($left -gt 0) {{
        $bytes = New-Object byte[] $left
        $count = 0
        while ($count -lt $left) {{
            $now = $file.Read($bytes, $count, $left - $count)
            if ($now -le 0) {{ throw (New-Object System.IO.EndOfStreamException) }}
            $count += $now
        }}
        , $bytes
    }}
}} finally {{ $file.Close() }}
"""
_WRITE = f"""param([string]$Path, [long]$At, [byte[]]$Bytes)
{_PREFACE}$file = New-Object System.IO.FileStream $Path, ([System.IO.FileMode]::OpenOrCreate)
try {{
    $file.SetLength($At)
    [void]$file.Seek($At, [System.IO.SeekOrigin]::Begin)
    if ($null -ne $Bytes) {{ $file.Write($Bytes, 0, $Bytes.Length) }}
}} finally {{ $file.Close() }}
"""
_LIST = f"""param([string]$Path)
{_PREFACE}if (-not [System.IO.Directory]::Exists($Path)) {{ Stop-Missing 'There is no such folder.' }}
$folder = (New-Object System.IO.DirectoryInfo $Path).FullName.TrimEnd('\\')
foreach ($file in (New-Object System.IO.DirectoryInfo $Path).GetFiles('*', [System.IO.SearchOption]::AllDirectories)) {{
    "$($file.Length) $($file.FullName.Substring($folder.Length + 1))"
}}
"""
_REMOVE = f"""param([string]$Path)
{_PREFACE}if ([System.IO.File]::Exists($Path)) {{ [System.IO.File]::Delete($Path) }}
"""


class Script(Enum):
    """Every text that is run as script, constant from the first line to the last (Windows PowerShell 3 and later)."""

    WHOLE = _WHOLE.format(readers=", ".join(f"'{name}'" for name in READERS))
    """The objects that a reading cmdlet gives, to full depth, as gzipped CliXml, so many in each array of bytes."""

    DIGEST = _DIGEST
    """A file's SHA-256 in hex and its bytes, as one text."""

    PIECE = _PIECE
    """So many bytes of a file from an offset, fewer at its end, and nothing behind it: never an empty array."""

    WRITE = _WRITE
    """Writes bytes at an offset, behind which nothing stays: the same piece may be written again."""

    LIST = _LIST
    """Every file below a folder, however deep: its bytes, and its path from there."""

    REMOVE = _REMOVE
    """A file that is gone already is no error."""


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
    return CmdletFailed(f"{name} was not sent: {reason}. Nothing happened.", error_id="NotSendable")
