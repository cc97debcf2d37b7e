"""A loop turns whatever goes wrong, says it once and seldom, and ends the process when it does not turn at all."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator

import pytest

from bot.clock.pulse import DEAD_CODE, PassedOver, Pulse, Pulses, Spell, turning, watched
from bot.domain.errors import StoreAway
from tests.patience import PATIENCE_S, until


class Told:
    """Time that only moves when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    with caplog.at_level(logging.INFO, "bot.clock.pulse"):
        yield caplog


def test_a_trouble_of_a_day_is_a_few_lines_and_a_count(lines: pytest.LogCaptureFixture) -> None:
    time = Told()
    spell = Spell("Run 7", time)
    for time.now in range(0, 86_400, 1):
        spell.met("Redis is away.")
    spell.over()

    first, second, *rest, last = lines.messages
    assert first == "Run 7 waits: Redis is away."
    assert second == "Run 7 waits: Redis is away. (61 times by now)"
    assert len(rest) < 30
    assert last == "Run 7 works again. It had waited 86400 times, for 86399 s."


def test_another_trouble_is_said_at_once_and_what_went_well_says_nothing(lines: pytest.LogCaptureFixture) -> None:
    spell = Spell("Run 7", Told())
    spell.over()
    spell.met("Redis is away.")
    spell.met("Redis is full.")
    assert lines.messages == ["Run 7 waits: Redis is away.", "Run 7 waits: Redis is full."]


def test_what_is_passed_over_is_let_be_for_growing_pauses() -> None:
    time = Told()
    passed, tries = PassedOver(time), []
    for time.now in range(0, 600):
        if "run" not in passed:
            tries.append(time.now)
            passed.met("run", "It cannot be read.")
    assert tries == [0, 1, 3, 7, 15, 31, 63, 123, 183, 243, 303, 363, 423, 483, 543]
    passed.over("run")
    assert "run" not in passed and len(passed) == 0


def test_a_clock_that_is_set_back_lets_nothing_be_for_longer_than_the_longest_pause(
    lines: pytest.LogCaptureFixture,
) -> None:
    time = Told()
    time.now = 86_400.0
    passed = PassedOver(time)
    passed.met("run", "It cannot be read.")
    assert "run" in passed
    time.now = 0.0
    assert "run" not in passed
    passed.met("run", "It cannot be read.")
    assert "run" in passed and lines.messages[-1] == "run waits: It cannot be read. (2 times by now)"
    passed.over("run")
    assert lines.messages[-1] == "run works again. It had waited 2 times, for 0 s."


@pytest.mark.parametrize(
    "fault", [StoreAway("Redis is away."), ValueError("+49 30 5550 1234"), KeyError("row"), asyncio.CancelledError()]
)
async def test_nothing_that_a_turn_raises_ends_the_loop(fault: BaseException, lines: pytest.LogCaptureFixture) -> None:
    stopped, turns = asyncio.Event(), 0

    async def turn() -> float:
        nonlocal turns
        turns += 1
        if turns < 3:
            raise fault
        stopped.set()
        return 0.0

    pulse = Pulse("engine")
    async with asyncio.timeout(PATIENCE_S):
        await turning(pulse, turn, stopped)
    waits, works = lines.messages
    assert turns == 3 and pulse.beats >= 3
    assert waits.startswith("The loop of the engine waits: ") and "5550" not in waits
    assert "works again. It had waited 2 times" in works


async def test_whoever_cancels_a_loop_ends_it() -> None:
    begun = asyncio.Event()

    async def turn() -> float:
        begun.set()
        await asyncio.Event().wait()
        return 0.0

    loop = asyncio.create_task(turning(Pulse("engine"), turn, asyncio.Event()))
    await begun.wait()
    loop.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loop


async def test_a_loop_that_does_not_turn_ends_the_process_and_one_that_does_keeps_it() -> None:
    pulses, codes, stopped = Pulses(), list[int](), asyncio.Event()
    turns = 0

    async def turn() -> float:
        nonlocal turns
        turns += 1
        return 0.001

    async def ended() -> bool:
        return bool(codes)

    async def often() -> bool:
        return turns > 200

    loop = asyncio.create_task(turning(pulses.of("drawer"), turn, stopped))
    with watched(pulses, ticks=20, tick_s=0.01, end=codes.append):
        await until(often)
        assert codes == []
        pulses.of("engine")
        await until(ended)
    assert codes == [DEAD_CODE] == [3]
    assert "watchdog" not in {thread.name for thread in threading.enumerate()}
    stopped.set()
    await loop
