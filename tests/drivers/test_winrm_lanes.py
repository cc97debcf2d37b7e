"""A pool whose servers are half-dead, and connections that are closed, given up or held while something runs."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.domain.errors import CmdletFailed, NeverSent, OutcomeUnknown
from bot.drivers.winrm.calls import QUIET, Call, Script
from bot.drivers.winrm.driver import WinRM
from bot.drivers.winrm.lanes import Lane, Work
from bot.drivers.winrm.pace import Pace
from bot.drivers.winrm.proofs import Proofs, Timed
from tests.drivers.test_winrm import IMPORT, QUICK, READ, B
from tests.drivers.wsman import troubles
from tests.drivers.wsman.server import WSMan, wsman
from tests.drivers.wsman.table import Table
from tests.drivers.wsman.troubles import Trouble
from tests.patience import PATIENCE_S, until

PATIENT = replace(QUICK, open_s=4 * PATIENCE_S, silence_s=4 * PATIENCE_S, change_s=4 * PATIENCE_S)
"""Nothing but the deadline of a read ends anything by itself within the time of a test."""


@pytest.fixture
async def three(tmp_path: Path) -> AsyncIterator[tuple[WSMan, ...]]:
    async with AsyncExitStack() as stack:
        servers = [stack.enter_async_context(wsman(Table(), tmp_path / name)) for name in ("one", "two", "three")]
        yield tuple([await one for one in servers])


def driver_of(*servers: WSMan, pace: Pace = PATIENT) -> WinRM:
    return WinRM({B: tuple(one.endpoint(front_end_of=B) for one in servers)}, pace)


@pytest.mark.parametrize("does", [troubles.mute, troubles.drip], ids=["mute", "drip"])
async def test_a_read_reaches_the_last_server_though_the_others_take_it_in_and_say_nothing(
    three: tuple[WSMan, ...], does: troubles.Does
) -> None:
    for server in three[:2]:
        server.troubles.append(Trouble("Create", does, times=100))
    driver = driver_of(*three, pace=replace(PATIENT, read_s=12))
    assert await driver.invoke(B, READ)
    await driver.close()


async def test_a_read_goes_to_another_server_when_the_one_that_was_asked_falls_silent(three: tuple[WSMan, ...]) -> None:
    one, two, _ = three
    driver = driver_of(one, two, pace=replace(PATIENT, silence_s=3, read_s=12))
    assert await driver.invoke(B, READ)
    for step in ("Create", "Command", "Receive", "Delete"):
        one.troubles.append(Trouble(step, troubles.mute, times=100))
    assert await driver.invoke(B, READ)
    assert one.troubles[0].times == 100 and two.steps.count("Create") == 1
    await driver.close()


async def test_a_session_that_ended_is_opened_again_where_it_was(three: tuple[WSMan, ...]) -> None:
    one, two, _ = three
    driver = driver_of(one, two)
    for _ in range(2):
        assert await driver.invoke(B, READ)
        one.shells.clear()
    assert (one.steps.count("Create"), two.steps.count("Create")) == (2, 0)
    await driver.close()


async def test_a_session_that_nobody_ended_goes_by_itself_but_not_while_its_command_may_run(
    three: tuple[WSMan, ...],
) -> None:
    """Whoever is killed leaves it behind, and a server may allow as few as five."""
    driver, pace = driver_of(three[0], pace=Pace()), Pace()
    await driver.invoke(B, READ)
    (reading,) = three[0].shells.values()
    await driver.invoke(B, IMPORT)
    _, changing = three[0].shells.values()
    assert pace.read_s < reading.idle_s < 900 and pace.change_s < changing.idle_s < 3600
    await driver.close()


async def test_what_waits_for_its_turn_is_not_sent_any_more_when_all_is_closed(three: tuple[WSMan, ...]) -> None:
    table: Any = three[0].answers
    table.held.clear()
    driver = driver_of(three[0])
    importing = [asyncio.create_task(driver.invoke(B, IMPORT)) for _ in range(2)]
    await table.begun.wait()
    async with asyncio.timeout(PATIENCE_S):
        await driver.close()
    first, second = await asyncio.gather(*importing, return_exceptions=True)
    assert isinstance(first, OutcomeUnknown) and isinstance(second, NeverSent)
    assert len(table.ran) == 1
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(NeverSent, match="Switchback is stopping"):
            await driver.invoke(B, READ)


async def test_closing_waits_for_no_server_that_takes_it_in_and_says_nothing(three: tuple[WSMan, ...]) -> None:
    for server in three:
        server.troubles.append(Trouble("Create", troubles.mute, times=100))
    driver = driver_of(*three)
    importing = asyncio.create_task(driver.invoke(B, IMPORT))
    await until(_later(lambda: three[0].troubles[0].times < 100))
    async with asyncio.timeout(PATIENCE_S):
        await driver.close()
        with pytest.raises(NeverSent):
            await importing
    assert three[1].troubles[0].times == 100


async def test_a_thread_that_hangs_has_no_hand_on_the_connection_of_its_successor(three: tuple[WSMan, ...]) -> None:
    (server, *_), released = three, threading.Event()

    def held(_: Any) -> None:
        released.wait()
        raise CmdletFailed("It cannot be read.")

    lane = Lane(B, (server.endpoint(),), replace(PATIENT, read_s=1), Proofs(Timed(900)), longest_s=60)
    await lane.ask(Work("one", QUIET, True, _ignored))
    hangs = Work("two", Call(Script.PARAMETERS, (("Command", READ.name),)), True, lambda: (held, lambda: None))
    with pytest.raises(OutcomeUnknown):
        await lane.ask(hangs)
    await lane.ask(Work("three", QUIET, True, _ignored))
    released.set()
    for _ in range(3):
        await lane.ask(Work("four", QUIET, True, _ignored))
    assert server.steps.count("Create") == 2
    await lane.close()


def _ignored() -> Any:
    return lambda _: None, lambda: None


def _later(holds: Callable[[], object]) -> Callable[[], object]:
    async def held() -> object:
        return holds()

    return held
