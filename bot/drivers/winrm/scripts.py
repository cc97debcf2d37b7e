"""What a server does for the driver in PowerShell, each written once: as a constant script, or a function there.

Parts are functions that both kinds of endpoint have; a script is a row of parameters, parts and one line that calls
them. All of it runs on Windows PowerShell 3 and later.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from bot.domain.deployment.abilities import ASKED
from bot.domain.deployment.cmdlets import CMDLETS

READERS = tuple(name for name in CMDLETS if name.startswith("Get-"))
LARGEST = 4 * 1024 * 1024
"""Bytes of one piece of a file, at most."""

_STOP = """function Stop-Here([string]$Id, [string]$Said) {
    $reason = New-Object System.InvalidOperationException $Said
    throw (New-Object System.Management.Automation.ErrorRecord $reason, $Id, 'InvalidOperation', $null)
}
"""
_PACKED = """function Send-Packed([int]$Batch) {
    begin {
        $held = New-Object System.Collections.ArrayList
        $pack = {
            $text = [System.Management.Automation.PSSerializer]::Serialize($held.ToArray(), 40)
            $bytes = [System.Text.Encoding]::UTF8.GetBytes($text)
            $memory = New-Object System.IO.MemoryStream
            $mode = [System.IO.Compression.CompressionMode]::Compress
            $gzip = New-Object System.IO.Compression.GZipStream($memory, $mode)
            $gzip.Write($bytes, 0, $bytes.Length)
            $gzip.Close()
            $held.Clear()
            , $memory.ToArray()
        }
    }
    process {
        [void]$held.Add($_)
        if ($held.Count -ge $Batch) { & $pack }
    }
    end {
        if ($held.Count) { & $pack }
    }
}
"""
_OPEN = """function Open-File([string]$Path) {
    if (-not [System.IO.File]::Exists($Path)) { Stop-Here 'PathNotFound' 'There is no such file.' }
    New-Object System.IO.FileStream $Path, ([System.IO.FileMode]::Open), ([System.IO.FileAccess]::Read)
}
"""
_DIGEST = """function Read-Digest([string]$Path) {
    $file = Open-File $Path
    try {
        $sha256 = New-Object System.Security.Cryptography.SHA256CryptoServiceProvider
        $hash = [System.BitConverter]::ToString($sha256.ComputeHash($file)).Replace('-', '').ToLowerInvariant()
        "$hash $($file.Length)"
    } finally { $file.Close() }
}
"""
_PIECE = """function Read-Piece([string]$Path, [long]$From, [int]$Size) {
    $file = Open-File $Path
    try {
        [void]$file.Seek($From, [System.IO.SeekOrigin]::Begin)
        $left = [int][System.Math]::Min([long]$Size, $file.Length - $From)
        if ($left -gt 0) {
            $bytes = New-Object byte[] $left
            $count = 0
            while ($count -lt $left) {
                $now = $file.Read($bytes, $count, $left - $count)
                if ($now -le 0) { throw (New-Object System.IO.EndOfStreamException) }
                $count += $now
            }
            , $bytes
        }
    } finally { $file.Close() }
}
"""
_WRITE = """function Write-Piece([string]$Path, [long]$From, [byte[]]$Piece) {
    $file = New-Object System.IO.FileStream $Path, ([System.IO.FileMode]::OpenOrCreate)
    try {
        $file.SetLength($From)
        [void]$file.Seek($From, [System.IO.SeekOrigin]::Begin)
        if ($null -ne $Piece) { $file.Write($Piece, 0, $Piece.Length) }
    } finally { $file.Close() }
}
"""
_LIST = """function Read-Folder([string]$Path) {
    if (-not [System.IO.Directory]::Exists($Path)) { Stop-Here 'PathNotFound' 'There is no such folder.' }
    $top = New-Object System.IO.DirectoryInfo $Path
    $start = $top.FullName.TrimEnd('\\').Length + 1
    $waiting = New-Object System.Collections.Queue
    $waiting.Enqueue($top)
    while ($waiting.Count) {
        foreach ($one in $waiting.Dequeue().GetFileSystemInfos()) {
            if ($one -isnot [System.IO.DirectoryInfo]) {
                "$($one.Length) $($one.FullName.Substring($start))"
            } elseif ($one.Attributes -band [System.IO.FileAttributes]::ReparsePoint) {
                Stop-Here 'PathRefused' 'A folder in it is a link.'
            } else {
                $waiting.Enqueue($one)
            }
        }
    }
}
"""
_REMOVE = """function Remove-One([string]$Path) {
    if ([System.IO.File]::Exists($Path)) { [System.IO.File]::Delete($Path) }
}
"""
_STATE = """function Read-State([string]$Path, [bool]$Make) {
    if ($Make) { [void][System.IO.Directory]::CreateDirectory($Path) }
    if (-not [System.IO.Directory]::Exists($Path)) { Stop-Here 'PathNotFound' 'There is no such folder.' }
    $drive = New-Object System.IO.DriveInfo ([System.IO.Path]::GetPathRoot($Path))
    $probe = [System.IO.Path]::Combine($Path, [System.Guid]::NewGuid().ToString('N') + '.tmp')
    $mode, $access = [System.IO.FileMode]::CreateNew, [System.IO.FileAccess]::Write
    $share, $options = [System.IO.FileShare]::None, [System.IO.FileOptions]::DeleteOnClose
    try {
        $file = New-Object System.IO.FileStream $probe, $mode, $access, $share, 4096, $options
        $file.Close()
        $can = 'writable'
    } catch { $can = 'read-only' }
    "$($drive.AvailableFreeSpace) $can"
}
"""
_PARAMETERS = """function Read-Parameters([string]$Name) {
    (Get-Command -Name $Name).Parameters.Keys
}
"""
PARTS = (_STOP, _PACKED, _OPEN, _DIGEST, _PIECE, _WRITE, _LIST, _REMOVE, _STATE, _PARAMETERS)


@dataclass(frozen=True, slots=True)
class Given:
    """A parameter: its PowerShell type, and the attribute that checks what is given (may be empty)."""

    name: str
    type: str
    check: str = ""
    mandatory: bool = False

    def declared(self) -> list[str]:
        """As it stands in `param()`, line by line."""
        return [*filter(None, (self.check,)), f"[{self.type}]${self.name}"]


def one_of(names: tuple[str, ...]) -> str:
    return "[ValidateSet({})]".format(", ".join(f"'{name}'" for name in names))


PATH = Given("Path", "string", mandatory=True)
AT = Given("At", "string", r"[ValidatePattern('(?-i)\A[0-9]{1,18}\z')]", mandatory=True)
"""A text, since the client has no whole number beyond 32 bits (facts: powershell §7)."""

MAKE = Given("Make", "switch")
"""A constrained endpoint has it not: there only who registers it makes the folder, since its rights are part of it."""

_SIZE = Given("Size", "int", f"[ValidateRange(1, {LARGEST})]", mandatory=True)
_BYTES = Given("Bytes", "byte[]", f"[ValidateCount(1, {LARGEST})]")


class Script(Enum):
    """Every text that is run as script, constant from the first line to the last.

    `function` is what does the same at a constrained endpoint, by the same parameters and the same `line`; what reads
    whole objects has a function for each cmdlet there, of the cmdlet's own name.
    """

    function: str
    given: tuple[Given, ...]
    line: str

    def __new__(cls, function: str, given: tuple[Given, ...], parts: tuple[str, ...], line: str) -> Script:
        one = object.__new__(cls)
        declared = ",\n    ".join("\n    ".join(each.declared()) for each in given)
        one._value_ = f"param(\n    {declared}\n)\n$ErrorActionPreference = 'Stop'\n{''.join(parts)}{line}\n"
        one.function, one.given, one.line = function, given, line
        return one

    WHOLE = (
        "",
        (Given("Command", "string", one_of(READERS)), Given("Given", "hashtable"), Given("Batch", "int")),
        (_PACKED,),
        "& $Command @Given -ErrorAction Continue | Send-Packed $Batch",
    )
    """The objects that a reading cmdlet gives, to full depth, as gzipped CliXml, so many in each array of bytes."""

    DIGEST = "Get-SwitchbackDigest", (PATH,), (_STOP, _OPEN, _DIGEST), "Read-Digest $Path"
    """A file's SHA-256 in hex and its bytes, as one text."""

    PIECE = "Get-SwitchbackPiece", (PATH, AT, _SIZE), (_STOP, _OPEN, _PIECE), "Read-Piece $Path ([long]$At) $Size"
    """So many bytes of a file from an offset, fewer at its end, and nothing behind it: never an empty array."""

    WRITE = "Set-SwitchbackPiece", (PATH, AT, _BYTES), (_WRITE,), "Write-Piece $Path ([long]$At) $Bytes"
    """Writes bytes at an offset, behind which nothing stays: the same piece may be written again."""

    LIST = "Get-SwitchbackFile", (PATH,), (_STOP, _LIST), "Read-Folder $Path"
    """Every file below a folder, however deep: its bytes, and its path from there. Links are not followed."""

    REMOVE = "Remove-SwitchbackFile", (PATH,), (_REMOVE,), "Remove-One $Path"
    """A file that is gone already is no error."""

    STATE = "Get-SwitchbackFolder", (PATH, MAKE), (_STOP, _STATE), "Read-State $Path $Make.IsPresent"
    """The free bytes of a folder's disk, and `writable` or `read-only`, as one text; makes the folder if told to."""

    PARAMETERS = (
        "Get-SwitchbackParameter",
        (Given("Command", "string", one_of(ASKED), mandatory=True),),
        (_PARAMETERS,),
        "Read-Parameters $Command",
    )
    """The names of the parameters that a cmdlet has on this server."""
