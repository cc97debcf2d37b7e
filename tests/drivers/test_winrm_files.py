"""Files to and from a real server: in pieces that may be lost, with one SHA-256 on both ends."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.errors import CmdletFailed, DriverError, OutcomeUnknown
from bot.drivers.base import Driver
from bot.drivers.winrm.calls import Script
from bot.drivers.winrm.driver import WinRM
from bot.drivers.winrm.files import PIECE
from tests.drivers.test_winrm import QUICK, B
from tests.drivers.wsman import soap, troubles
from tests.drivers.wsman.server import WSMan, wsman
from tests.drivers.wsman.shells import Asked, Voice
from tests.drivers.wsman.table import Table
from tests.drivers.wsman.troubles import Trouble
from tests.patience import PATIENCE_S

FILE = "C:\\Switchback\\a.zip"
DATA = os.urandom(2 * PIECE + 12_345)


class House:
    def __init__(self, table: Table, server: WSMan, driver: Driver) -> None:
        self.table, self.server, self.driver = table, server, driver


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    table = Table()
    async with wsman(table, tmp_path) as server:
        at = server.endpoint()
        driver = WinRM({B: (at,)}, QUICK)
        yield House(table, server, driver)
        await driver.close()


@pytest.mark.parametrize("data", [DATA, b"x", b"", DATA[:PIECE], DATA[: 2 * PIECE]], ids=len)
async def test_a_file_goes_there_and_comes_back(house: House, data: bytes) -> None:
    await house.driver.put(B, FILE, data)
    assert house.table.files == {FILE: data}
    assert await house.driver.digest(B, FILE) == (hashlib.sha256(data).hexdigest(), len(data))
    assert await house.driver.fetch(B, FILE) == data
    assert await house.driver.files(B, "C:\\Switchback") == (("a.zip", len(data)),)
    await house.driver.delete(B, FILE)
    await house.driver.delete(B, FILE)
    assert house.table.files == {}
    assert set(house.table.scripts) <= {script.value for script in Script}


async def test_a_shorter_file_leaves_nothing_of_a_longer_one(house: House) -> None:
    house.table.files[FILE] = DATA
    await house.driver.put(B, FILE, b"short")
    assert house.table.files[FILE] == b"short"


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("at", ["Command", "First part", "Part", "Send", "Receive"])
async def test_pieces_that_are_lost_are_repeated(house: House, at: str, before: bool) -> None:
    house.server.troubles.append(Trouble(at, troubles.cut, before, times=3))
    await house.driver.put(B, FILE, DATA)
    assert house.table.files == {FILE: DATA}


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize(("at", "pass_by"), [("Command", 1), ("Command", 2), ("Receive", 3), ("Receive", 8)])
async def test_pieces_that_do_not_come_are_asked_again(house: House, at: str, pass_by: int, before: bool) -> None:
    house.table.files[FILE] = DATA
    house.server.troubles.append(Trouble(at, troubles.cut, before, times=3, pass_by=pass_by))
    assert await house.driver.fetch(B, FILE) == DATA
    assert house.table.scripts.count(Script.PIECE.value) > 3


async def test_what_lies_there_otherwise_than_it_was_sent_is_an_error(house: House) -> None:
    answer = house.table.__class__.__call__

    async def other(asked: Asked, voice: Voice) -> None:
        await answer(house.table, asked, voice)
        if asked.text == Script.WRITE.value:
            house.table.files[FILE] = b"y" + house.table.files[FILE][1:]

    house.server.answers = other
    with pytest.raises(CmdletFailed, match="not the same here and there"):
        await house.driver.put(B, FILE, b"x" * 100)


async def test_a_file_that_is_not_there_is_no_empty_one(house: House) -> None:
    for act in (house.driver.fetch(B, FILE), house.driver.digest(B, FILE), house.driver.files(B, "D:\\Nothing")):
        with pytest.raises(CmdletFailed) as told:
            await act
        assert told.value.error_id == "PathNotFound"


async def test_what_changes_on_the_way_is_never_taken_for_whole(house: House) -> None:
    house.table.files[FILE] = DATA
    answer = house.table.__class__.__call__

    async def other(asked: Asked, voice: Voice) -> None:
        if asked.text == Script.PIECE.value:
            house.table.files[FILE] = b"y" + house.table.files[FILE][1:]
        await answer(house.table, asked, voice)

    house.server.answers = other
    with pytest.raises(CmdletFailed, match="not the same here and there"):
        await house.driver.fetch(B, FILE)


@pytest.mark.parametrize(
    "path", ["a.zip", "..\\a", "C:\\x\\..\\y", "C:a", "C:\\a:stream", "C:\\a\0", "C:\\*", "\\\\fs", "", "C:\\\ufffe"]
)
async def test_what_is_no_full_path_is_not_sent(house: House, path: str) -> None:
    with pytest.raises(DriverError):
        await house.driver.delete(B, path)
    assert house.server.connections == 0


async def test_a_share_of_the_file_store_is_a_full_path(house: House) -> None:
    house.table.files["\\\\fs\\store\\RGS\\a.wav"] = b"sound"
    assert await house.driver.files(B, "\\\\fs\\store\\RGS") == (("a.wav", 5),)


async def test_a_file_has_no_more_time_than_a_read_though_an_import_has_hours(house: House) -> None:
    endpoint = house.server.endpoint()
    driver = WinRM({B: (endpoint,)}, replace(QUICK, read_s=12, change_s=36_000))
    await driver.delete(B, FILE)
    house.server.troubles.append(Trouble("Receive", troubles.fault(soap.NOTHING_YET), times=1_000_000))
    with pytest.raises(OutcomeUnknown):
        await asyncio.wait_for(driver.delete(B, FILE), PATIENCE_S)
    house.server.troubles.clear()
    await driver.close()
