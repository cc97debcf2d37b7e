"""What the stand-in answers by itself: the objects that a real PowerShell wrote, and commands that only count."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.drivers.winrm.calls import Script
from tests.drivers.wsman.shells import Asked, Voice

DATA = Path(__file__).parents[2] / "data" / "exports"
GET_COMMAND = "Microsoft.PowerShell.Commands.GetCommandCommand"
_PARAMETERS = (
    "System.Collections.Generic.Dictionary`2[[System.String, mscorlib],"
    "[System.Management.Automation.ParameterMetadata, System.Management.Automation]]"
)
HEAD, TAIL = '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">', "</Objs>"

FILES = {
    "Get-CsRgsWorkflow": "Workflows.xml",
    "Get-CsRgsQueue": "Queues.xml",
    "Get-CsRgsAgentGroup": "AgentGroups.xml",
    "Get-CsRgsHoursOfBusiness": "HoursOfBusiness.xml",
    "Get-CsRgsHolidaySet": "HolidaySets.xml",
}

Does = Callable[[Asked, Voice], None]


def whole(file: str) -> str:
    return (DATA / file).read_text("utf-8-sig")


def many(count: int) -> str:
    """So many workflows of two menu levels, each under a name of its own."""
    one = re.search(r"<Objs[^>]*>(.*)</Objs>", whole("Workflows.xml"), re.DOTALL)
    body = one[1]
    found = []
    for number in range(count):
        numbered = re.sub(r'RefId="(\d+)"', lambda ref, at=number: f'RefId="{at * 10_000 + int(ref[1])}"', body)
        found.append(re.sub(r'<S N="Name">[^<]*</S>', f'<S N="Name">Workflow {number}</S>', numbered, count=1))
    return HEAD + "".join(found) + TAIL


def packed(*batches: str) -> tuple[str, ...]:
    """Each as an array of bytes goes over the wire."""
    return tuple(f"<BA>{base64.b64encode(gzip.compress(batch.encode(), 1)).decode()}</BA>" for batch in batches)


def say_commands(voice: Voice, asked: Iterable[str], known: Mapping[str, Iterable[str]]) -> None:
    """`Get-Command -Name` as it was recorded: parameters by name, flattened; each that is missing is an error."""
    for name in asked:
        if name not in known:
            voice.error(f"CommandNotFoundException,{GET_COMMAND}", name, "Get-Command", name)
            continue
        pairs = "".join(
            f'<En><S N="Key">{key}</S><S N="Value">System.Management.Automation.ParameterMetadata</S></En>'
            for key in (*known[name], "Verbose", "ErrorAction")
        )
        voice.raw(
            "PIPELINE_OUTPUT",
            f'<Obj RefId="0"><TN RefId="0"><T>System.Management.Automation.CmdletInfo</T>'
            f"<T>System.Management.Automation.CommandInfo</T><T>System.Object</T></TN><ToString>{name}</ToString>"
            f'<Props><S N="Name">{name}</S><Obj N="Parameters" RefId="1"><TN RefId="1">'
            f"<T>{_PARAMETERS}</T><T>System.Object</T></TN><DCT>{pairs}</DCT></Obj></Props></Obj>",
        )


def _digest(files: dict[str, bytes], asked: Asked, voice: Voice) -> None:
    data = files.get(str(asked.arguments["Path"]))
    if data is None:
        voice.fails("PathNotFound", "There is no such file.")
    else:
        voice.output(f"{hashlib.sha256(data).hexdigest()} {len(data)}")


def _piece(files: dict[str, bytes], asked: Asked, voice: Voice) -> None:
    at = int(asked.arguments["At"])
    data = files[str(asked.arguments["Path"])][at : at + int(asked.arguments["Size"])]
    if data:
        voice.raw("PIPELINE_OUTPUT", f"<BA>{base64.b64encode(data).decode()}</BA>")


def _write(files: dict[str, bytes], asked: Asked, voice: Voice) -> None:
    path, at = str(asked.arguments["Path"]), int(asked.arguments["At"])
    files[path] = files.get(path, b"")[:at].ljust(at, b"\0") + bytes(asked.arguments.get("Bytes", b""))


def _list(files: dict[str, bytes], asked: Asked, voice: Voice) -> None:
    folder = f"{asked.arguments['Path']}\\"
    found = [(path, data) for path, data in files.items() if path.startswith(folder)]
    if not found:
        voice.fails("PathNotFound", "There is no such folder.")
    for path, data in found:
        voice.output(f"{len(data)} {path.removeprefix(folder)}")


def _remove(files: dict[str, bytes], asked: Asked, voice: Voice) -> None:
    files.pop(str(asked.arguments["Path"]), None)


def _state(files: dict[str, bytes], asked: Asked, voice: Voice) -> None:
    folder = f"{asked.arguments['Path']}\\"
    if asked.arguments.get("Make"):
        files.setdefault(folder, b"")
    if any(path.startswith(folder) for path in files):
        voice.output(f"{1000 - sum(map(len, files.values()))} writable")
    else:
        voice.fails("PathNotFound", "There is no such folder.")


def _parameters(files: dict[str, bytes], asked: Asked, voice: Voice) -> None:
    for key in ("FileName", "Destination"):
        voice.output(key)


_ABOUT_FILES = {
    Script.DIGEST.value: _digest,
    Script.PIECE.value: _piece,
    Script.WRITE.value: _write,
    Script.LIST.value: _list,
    Script.REMOVE.value: _remove,
    Script.STATE.value: _state,
    Script.PARAMETERS.value: _parameters,
}


@dataclass
class Table:
    """`ran` has what changes something, when it began; `scripts` every text that came as script.

    `does` has what a command does in place of what is usual; `held` keeps imports from ending until it is set.
    """

    does: dict[str, Does] = field(default_factory=dict)
    batches: dict[str, tuple[str, ...]] = field(default_factory=dict)
    held: asyncio.Event = field(default_factory=asyncio.Event)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    ran: list[Asked] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.held.set()

    async def __call__(self, asked: Asked, voice: Voice) -> None:
        self.asked.append(asked)
        if asked.is_script:
            self.scripts.append(asked.text)
        if asked.text in _ABOUT_FILES:
            _ABOUT_FILES[asked.text](self.files, asked, voice)
            return
        name = str(asked.arguments["Command"]) if asked.text == Script.WHOLE.value else asked.text
        if not name.startswith("Get-"):
            self.ran.append(asked)
        self.begun.set()
        if name in self.does:
            self.does[name](asked, voice)
        elif name in self.batches or name in FILES:
            for batch in self.batches.get(name) or packed(whole(FILES[name])):
                voice.raw("PIPELINE_OUTPUT", batch)
        elif name not in ("Get-Command", "Import-Module"):
            voice.progress(name, "Step 1", 10)
            await self.held.wait()
        self.ended.append(name)
