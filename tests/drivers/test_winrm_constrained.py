"""The driver at a constrained endpoint: functions in place of scripts, and a sentence for each wrong kind."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.commands.endpoint import SENT
from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.endpoints import Access, Endpoint
from bot.domain.errors import CmdletFailed, NeverSent
from bot.domain.groups.groups import service
from bot.drivers.winrm.calls import ENDPOINT, QUIET, Call, file_call, said_at
from bot.drivers.winrm.constrained.files import edition, written
from bot.drivers.winrm.constrained.setup import Setup
from bot.drivers.winrm.driver import WinRM
from bot.drivers.winrm.files import PIECE
from bot.drivers.winrm.lanes import Work
from bot.drivers.winrm.scripts import Script
from tests.drivers.test_winrm import HOSTILE, IMPORT, QUICK, READ, B
from tests.drivers.wsman.constrained import constrained
from tests.drivers.wsman.server import ACCOUNT, WSMan, wsman
from tests.drivers.wsman.shells import Asked, Voice
from tests.drivers.wsman.table import Table

STORE, FILE = "\\\\fs\\lync\\1-ApplicationServer-1", "C:\\Switchback\\a.zip"
FILES = written(Setup("2019", "CONTOSO\\gmsa", ACCOUNT, stores=(STORE,)), SENT)


@dataclass
class House:
    """`said` is what came over the wire; `table` gets what the functions of the endpoint make of it."""

    table: Table
    said: list[Asked]
    server: WSMan
    endpoint: Endpoint
    driver: WinRM


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    table, said = Table(), []
    inner = constrained(FILES, table)

    async def answers(asked: Asked, voice: Voice) -> None:
        said.append(asked)
        await inner(asked, voice)

    async with wsman(answers, tmp_path) as server:
        at = server.endpoint()
        at = replace(at, access=Access.CONSTRAINED, configuration="Switchback", module="SkypeForBusiness")
        server.configurations = ("Switchback",)
        driver = WinRM({B: (at,)}, QUICK)
        yield House(table, said, server, at, driver)
        await driver.close()


async def asked(house: House, call: Call) -> list[object]:
    """What this gives, asked as `check` would."""

    def all_of() -> object:
        found: list[object] = []
        return found.append, lambda: found

    return (await house.driver._lane((B, False)).ask(Work("Asking", call, True, all_of))).taken


async def test_no_script_is_sent_and_a_command_is_the_line_that_was_approved(house: House) -> None:
    assert await house.driver.invoke(B, IMPORT) == () and await house.driver.invoke(B, READ)
    await house.driver.put(B, FILE, b"x")
    assert not [one for one in house.said if one.is_script]
    sent = {one.text: dict(one.arguments) for one in house.said}
    assert sent[IMPORT.name] == {key: str(value) for key, value in IMPORT.arguments}
    assert sent[READ.name] == {"Identity": str(service(B)), "ShowAll": True, "Batch": QUICK.batch}


async def test_no_value_is_ever_inside_a_text_that_is_run(house: House) -> None:
    for text in HOSTILE:
        await _tried(house, text)
    assert not [one for one in house.said if one.is_script]
    assert [one.arguments["Identity"] for one in house.said if one.text == READ.name] == list(HOSTILE)
    assert house.table.ran == [], "its pattern keeps it out"


async def _tried(house: House, text: str) -> None:
    with pytest.raises(CmdletFailed, match=r"did not run: nothing was changed\.") as no:
        await house.driver.invoke(B, cmdlet(READ.name, Identity=text))
    assert no.value.error_id == f"ParameterArgumentValidationError,{READ.name}"


@pytest.mark.parametrize("size", [2 * PIECE + 12_345, PIECE, 1, 0])
async def test_a_file_goes_there_and_comes_back(house: House, size: int) -> None:
    data = os.urandom(size)
    await house.driver.put(B, FILE, data)
    assert house.table.files == {FILE: data} and await house.driver.fetch(B, FILE) == data
    await house.driver.delete(B, FILE)
    assert house.table.files == {}
    assert all(isinstance(one.arguments["At"], str) for one in house.said if "At" in one.arguments)


async def test_recordings_of_a_file_store_are_read_and_nothing_else_is_seen(house: House) -> None:
    house.table.files |= {f"{STORE}\\CPS\\{name}": b"sound" for name in ("a.wma", "b.WAV", "c.txt")}
    house.table.files |= {f"C:\\Switchback\\{name}": b"zip" for name in ("a.zip", "web.config", "a.wav")}
    assert await house.driver.files(B, f"{STORE}\\CPS") == (("a.wma", 5), ("b.WAV", 5))
    assert await house.driver.files(B, "C:\\Switchback") == (("a.zip", 3),)
    assert await house.driver.fetch(B, f"{STORE}\\CPS\\a.wma") == b"sound"
    for act in (house.driver.delete(B, f"{STORE}\\CPS\\a.wma"), house.driver.fetch(B, f"{STORE}\\CPS\\c.txt")):
        with pytest.raises(CmdletFailed, match=r"does not allow the value of one of its parameters\. .* did not run"):
            await act


async def test_it_says_which_edition_it_is_and_what_its_server_can_do(house: House) -> None:
    assert await asked(house, Call(ENDPOINT)) == [f"{edition('2019', SENT)} 2019"]
    house.table.files["C:\\Switchback\\"] = b""
    assert await asked(house, file_call(Script.STATE, "C:\\Switchback", Make=True)) == ["1000 writable"]
    names = await asked(house, Call(Script.PARAMETERS, (("Command", IMPORT.name),)))
    assert names == ["FileName", "Destination"]


async def test_a_cmdlet_without_its_function_is_not_said_to_be_there(house: House) -> None:
    fewer = tuple(use for use in SENT if use.cmdlet != IMPORT.name)
    house.server.answers = constrained(written(Setup("2019", "CONTOSO\\gmsa", ACCOUNT), fewer), house.table)
    known = await house.driver.parameters(B)
    assert IMPORT.name not in known and READ.name in known


async def test_an_ordinary_endpoint_that_is_configured_as_a_constrained_one_is_told(tmp_path: Path) -> None:
    async def ordinary(asked: Asked, voice: Voice) -> None:
        voice.fails("CommandNotFoundException", "Der Name ist unbekannt.", target=asked.text)

    async with wsman(ordinary, tmp_path) as server:
        at = server.endpoint()
        driver = WinRM({B: (replace(at, access=Access.CONSTRAINED),)}, QUICK)
        with pytest.raises(NeverSent, match=r"an ordinary endpoint, configured here as a constrained one\. Nothing"):
            await driver.invoke(B, IMPORT)
        await driver.close()


async def test_a_constrained_endpoint_that_is_configured_as_an_ordinary_one_is_told(house: House) -> None:
    ordinary = replace(house.endpoint, access=Access.ORDINARY)
    driver = WinRM({B: (ordinary,)}, QUICK)
    with pytest.raises(NeverSent, match=r"a constrained endpoint, configured here as an ordinary one\. Nothing"):
        await driver.invoke(B, IMPORT)
    await driver.close()
    driver = WinRM({B: (replace(ordinary, module=""),)}, QUICK)
    with pytest.raises(CmdletFailed, match="a constrained endpoint, configured here as an ordinary one"):
        await driver.invoke(B, READ)
    await driver.close()
    assert house.table.ran == []


async def test_a_module_that_is_not_there_is_something_else(tmp_path: Path) -> None:
    async def lacks(asked: Asked, voice: Voice) -> None:
        voice.fails(
            "Modules_ModuleNotFound,Microsoft.PowerShell.Commands.ImportModuleCommand", "Nein.", "Import-Module"
        )

    async with wsman(lacks, tmp_path) as server:
        at = server.endpoint()
        driver = WinRM({B: (replace(at, module="Lync"),)}, QUICK)
        with pytest.raises(NeverSent, match="has not the PowerShell module"):
            await driver.invoke(B, READ)
        await driver.close()


async def test_servers_of_one_pool_may_be_of_both_kinds(house: House, tmp_path: Path) -> None:
    table = Table()
    async with wsman(table, tmp_path / "ordinary") as server:
        at = server.endpoint()
        driver = WinRM({B: (at, house.endpoint)}, QUICK)
        await driver.put(B, FILE, b"one")
        assert table.scripts and table.files == {FILE: b"one"}
        await server_gone(server, driver)
        await driver.put(B, FILE, b"two")
        assert house.table.files == {FILE: b"two"} and not [one for one in house.said if one.is_script]
        await driver.close()


async def server_gone(server: WSMan, driver: WinRM) -> None:
    """It takes no session any more, and the one that it had is over."""
    server.most_shells = 0
    server.shells.clear()


def test_what_is_no_script_is_the_same_everywhere() -> None:
    at = Endpoint("fe1", access=Access.CONSTRAINED)
    assert said_at(at, QUIET) is QUIET
    assert all(said_at(at, Call(one, (("Path", FILE),))).what == one.function for one in Script if one.function)
