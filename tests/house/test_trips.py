"""The trips that ARCHITECTURE tells are the ones that are made: the same calls in order, and no other rooms."""

from __future__ import annotations

import asyncio
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.clock import timetable
from bot.domain.backups.schedule import Override
from bot.domain.model import SCHEDULE
from bot.domain.runs.run import Phase, Run
from storage import keys
from storage.schedules import Schedules
from tests.sandbox.parts import ANNA as PRESSES
from tests.sandbox.parts import BACKUPS
from tests.scenarios.front import Front, click, opened
from tests.scenarios.house import house, until
from tests.scenarios.stage import ANNA, FAILOVER, A

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
FLOORS, ELSEWHERE = ("bot", "handlers", "storage"), "bot/sandbox"
"""The stand-in for Slack is Slack here."""


@dataclass(slots=True)
class Trip:
    """The calls of our own code while it is `on`, each once, in the order in which they were first made."""

    on: bool = False
    calls: dict[CodeType, None] = field(default_factory=dict)

    def watch(self, frame: FrameType, event: str, arg: Any) -> None:
        if self.on and event == "call":
            self.calls.setdefault(frame.f_code)

    @property
    def made(self) -> tuple[str, ...]:
        """`bot.engine.Engine.press`, without what Python itself calls: `<lambda>`, `<listcomp>` and their like."""
        named = ((_module(code), code.co_qualname) for code in self.calls)
        return tuple(f"{module}.{name}".replace("/", ".") for module, name in named if module and "<" not in name)

    @property
    def rooms(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_room(module) for module in map(_module, self.calls) if module))


def _module(code: CodeType) -> str:
    """`bot/domain/runs/press`, or "" for what is not ours."""
    file = Path(code.co_filename)
    if not file.is_relative_to(ROOT):
        return ""
    name = file.relative_to(ROOT).with_suffix("").as_posix().removesuffix("/__init__")
    return name if name.startswith(FLOORS) and not name.startswith(ELSEWHERE) else ""


def _room(module: str) -> str:
    """The folder on its floor, or a module that stands there by itself."""
    return "/".join(module.split("/")[:2])


@contextmanager
def recorded() -> Iterator[Trip]:
    """Everything that this thread, and threads that are begun meanwhile, do while the trip is on."""
    trip = Trip()
    threading.setprofile(trip.watch)
    sys.setprofile(trip.watch)
    try:
        yield trip
    finally:
        trip.on = False
        sys.setprofile(None)
        threading.setprofile(None)


@dataclass(frozen=True, slots=True)
class Told:
    """What the page says of a trip: its calls in order, and its rooms."""

    calls: tuple[str, ...]
    rooms: frozenset[str]


def told(title: str) -> Told:
    text = PAGE.partition(f"\n### {title}\n")[2].partition("\n#")[0]
    way, _, rooms = text.partition("```\n")
    assert way and rooms, f"the page does not tell of {title}"
    calls = re.findall(r"`((?:\w+\.)+\w+)`", " ".join(part for part in way.split("\n\n") if " → " in part))
    return Told(tuple(calls), frozenset(line.split()[0] for line in rooms.partition("```")[0].splitlines()))


def compare(told: Told, trip: Trip) -> None:
    made = trip.made
    assert [call for call in told.calls if call not in made] == [], "told, and never called"
    assert sorted(told.calls, key=made.index) == list(told.calls), "called in another order"
    entered = set(trip.rooms)
    assert (sorted(entered - told.rooms), sorted(told.rooms - entered)) == ([], []), "not told, and not entered"


async def waiting_for_approval(front: Front) -> Run:
    stage = front.stage
    await stage.settle((await stage.engine.start("backup", A, ANNA)).id)
    await stage.take_down(A)
    run = await stage.settle((await stage.engine.start("failover", A, ANNA)).id)
    while run.phase is not Phase.WAITING:
        ((choice, who), *_) = FAILOVER[run.step]
        run = await stage.press(run, choice, who)
    return run


async def test_an_approval_goes_from_the_door_to_the_commit_and_nowhere_else(redis: Redis) -> None:
    async with opened(redis) as front:
        run = await waiting_for_approval(front)
        body = click(run, "approve", PRESSES, asks=False)
        with recorded() as trip:
            trip.on = True
            assert await front.signed(body, FORM) == (200, "")
        approved = await front.stage.runs.load(run.id)

    assert (approved.version, len(approved.approvals)) == (run.version + 1, 1)
    compare(told("An approval"), trip)


_ASIDE = {"Chores._keep", "Forgetting.run_forever"}
"""They have their own times, and no part in an export."""


async def _alone() -> None:
    each = [task for task in asyncio.all_tasks() if task.get_coro().__qualname__ in _ASIDE]
    for task in each:
        task.cancel()
    # Each by itself: what gathers them ends with the first.
    await asyncio.gather(*each, return_exceptions=True)


async def test_a_nightly_export_goes_from_the_timetable_to_the_drawer(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timetable, "LOOK_S", 0.1)
    with recorded() as trip:
        async with house(redis) as home:
            await _alone()

            async def is_over() -> bool:
                newest = await home.bot.runs.page()
                return bool(newest) and not newest[0].is_open and not await redis.zcard(keys.OUTBOX)

            trip.on = True
            await Schedules(redis).put_back(Override(A, SCHEDULE, 0.0, ("02:30",)))
            await until(is_over, patience_s=60.0)
            trip.on = False
            (run,) = await home.bot.runs.page()
            (said,) = home.slack.messages(BACKUPS)

    assert (run.runbook, run.phase) == ("backup", Phase.DONE) and "pool-a" in said.text
    compare(told("A nightly export"), trip)
