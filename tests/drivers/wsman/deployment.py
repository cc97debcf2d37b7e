"""The simulated deployment behind the server: what it does and says, said as PowerShell does."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from itertools import islice
from typing import Any
from xml.sax.saxutils import escape

from bot.domain.deployment.cmdlets import CMDLETS, Argument, Cmdlet
from bot.domain.deployment.neighbours import BYTES
from bot.domain.deployment.topology import TEXT, TEXTS
from bot.domain.errors import CmdletFailed, NeverSent, OutcomeUnknown
from bot.domain.groups.groups import Ref, Row
from bot.drivers.base import Driver
from bot.drivers.winrm.calls import Script
from bot.exports.clixml_write import write
from tests.drivers.wsman.shells import Answers, Asked, Lost, Voice
from tests.drivers.wsman.table import GET_COMMAND, HEAD, TAIL, packed, say_commands

MODULES = ("SkypeForBusiness", "Lync")

WARNING = "Some setting is not what it was."
"""What every command that changes something warns of here."""


def deployed(driver: Driver, pool: str) -> Answers:
    """A server of this pool: every command and file is the deployment's own."""

    async def answer(asked: Asked, voice: Voice) -> None:
        given = asked.arguments
        try:
            match Script(asked.text) if asked.is_script else asked.text:
                case Script.WHOLE:
                    command = _command(str(given["Command"]), given["Given"])
                    _say(voice, command, await driver.invoke(pool, command), int(given["Batch"]))
                case Script.PARAMETERS:
                    name = str(given["Command"])
                    if (known := (await driver.parameters(pool)).get(name)) is None:
                        voice.fails(f"CommandNotFoundException,{GET_COMMAND}", name, "Get-Command")
                    for key in known or ():
                        voice.output(key)
                case Script():
                    await _about_file(driver, pool, asked, voice)
                case "Import-Module":
                    if given["Name"] not in MODULES:
                        voice.fails("Modules_ModuleNotFound,ImportModuleCommand", "It is not there.", "Import-Module")
                case "Get-Command" if isinstance(given["Name"], list):
                    say_commands(voice, given["Name"], await driver.parameters(pool))
                case "Get-Command":
                    pass
                case name:
                    command = _command(str(name), given)
                    voice.progress(command.name, "It is under way.")
                    voice.warning(WARNING)
                    for row in await driver.invoke(pool, command):
                        voice.raw("PIPELINE_OUTPUT", f"<BA>{base64.b64encode(row[BYTES]).decode()}</BA>")
        except (NeverSent, OutcomeUnknown):
            raise Lost from None
        except CmdletFailed as no:
            voice.fails(no.error_id, no.detail, "" if asked.is_script and "Command" not in given else _name(asked))

    return answer


def _name(asked: Asked) -> str:
    return str(asked.arguments["Command"]) if asked.is_script else asked.text


def _command(name: str, given: Mapping[str, Any]) -> Cmdlet:
    return Cmdlet(name, tuple((key, _argument(name, key, value)) for key, value in given.items()))


def _argument(name: str, key: str, value: Any) -> Argument:
    parameter = CMDLETS.get(name, {}).get(key)
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    return Ref.parse(str(value)) if parameter and parameter.type == "RgsIdentity" else str(value)


def _say(voice: Voice, command: Cmdlet, rows: tuple[Row, ...], batch: int) -> None:
    if command.name in TEXTS:
        for row in rows:
            voice.raw("PIPELINE_OUTPUT", *packed(f"{HEAD}<S>{escape(str(row[TEXT]))}</S>{TAIL}"))
        return
    kind = command.name.removeprefix("Get-CsRgs").replace("Configuration", "ServiceSettings")
    left = iter(rows)
    while some := tuple(islice(left, batch)):
        (data,) = packed(write(kind, some, encoding="utf-8").decode())
        voice.raw("PIPELINE_OUTPUT", data)


_ROOM = 80 * 2**30


async def _about_file(driver: Driver, pool: str, asked: Asked, voice: Voice) -> None:
    path, given = str(asked.arguments["Path"]), asked.arguments
    match Script(asked.text):
        case Script.DIGEST:
            sha256, size = await driver.digest(pool, path)
            voice.output(f"{sha256} {size}")
        case Script.PIECE:
            at = int(given["At"])
            data = (await driver.fetch(pool, path))[at : at + int(given["Size"])]
            voice.raw("PIPELINE_OUTPUT", f"<BA>{base64.b64encode(data).decode()}</BA>")
        case Script.WRITE:
            at = int(given["At"])
            before = (await driver.fetch(pool, path))[:at] if at else b""
            await driver.put(pool, path, before + bytes(given.get("Bytes", b"")))
        case Script.LIST:
            for name, size in await driver.files(pool, path):
                voice.output(f"{size} {name}")
        case Script.REMOVE:
            await driver.delete(pool, path)
        case Script.STATE:
            found = await driver.folder(pool, path, bool(given.get("Make")))
            voice.output(f"{found.free} {'writable' if found.is_writable else 'read-only'}")
