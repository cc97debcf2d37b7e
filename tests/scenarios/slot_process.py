"""A bot without Slack in a process of its own, for the schedule: it starts slots by a clock that others move.

`python -m tests.scenarios.slot_process REDIS_URL CLOCK KIND`; it begins with the first line of its input.
"""

from __future__ import annotations

import asyncio
import os
import struct
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import storage
from bot.app import build
from bot.clock.timetable import Timetable
from bot.domain.backups.schedule import Schedule, Slot, every
from bot.domain.model import Mark, Pool, Verdict
from bot.domain.runs.acts import Acts, Records, Seen
from bot.domain.runs.opening import Estate
from bot.domain.runs.run import Run
from bot.domain.runs.runbook import Runbook, Step
from bot.drivers.simulated import SimulatedDriver
from bot.runbooks import RUNBOOKS
from bot.stores import stores_over
from storage.connect import Client, Script, connect
from storage.runs import Runs
from storage.worlds.worlds import RedisWorlds
from tests.scenarios.stage import CARE, ESTATE, NoFiles

LEASE_S, POLL_S, GLANCE_S, LOOK_S = 0.4, 0.1, 0.005, 0.5
EVERY_H = 2
ZONES = ("Europe/Paris", "America/Havana", "Australia/Lord_Howe", "Africa/Cairo")


@dataclass(frozen=True, slots=True)
class Cast:
    """What a process works with: the pools, their schedules, and how a backup is made."""

    estate: Estate
    schedules: tuple[Schedule, ...]
    runbooks: Mapping[str, Runbook]
    runs: type[Runs] = Runs


class Unfenced(Runs):
    """Runs whose commits have forgotten to look at the version: the test has to notice."""

    def __init__(self, client: Client) -> None:
        super().__init__(client)
        text = (Path(storage.__file__).with_name("lua") / "commit.lua").read_text("utf-8")
        assert "return {'STALE'}" in text
        self._commit = Script(client, text.replace("return {'STALE'}", "", 1))


class MovedClock:
    """The time of day, and what somebody else moved it by: eight bytes of a file."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_RDONLY)

    def __call__(self) -> float:
        return time.time() + struct.unpack("d", os.pread(self._file, 8, 0))[0]


def _reads(run: Run) -> Acts:
    return {"records": Records((run.primary.fqdn,))}


def _judge(run: Run, seen: Seen) -> Verdict:
    return Verdict(Mark.PASS, "Exported.")


LIGHT = {
    "backup": Runbook(
        "backup",
        "Backup",
        (Step(key="export", stretch="export", title="Export", reads=_reads, judge=_judge),),
        quiet=True,
        scheduled=True,
    )
}
"""A backup that only asks the store: the fence is the same, and thousands take seconds."""

MANY = {f"pool-{number}.contoso.com": ZONES[number % len(ZONES)] for number in range(32)}


def _pools(zones: Mapping[str, str]) -> Estate:
    return Estate({fqdn: Pool(fqdn, time_zone=zone) for fqdn, zone in zones.items()}, {}, {})


def _hourly(zones: Mapping[str, str], at: Sequence[str]) -> tuple[Schedule, ...]:
    return tuple(Schedule(fqdn, zone, tuple(at)) for fqdn, zone in zones.items())


_TIMES = every(EVERY_H * 60, ("00:30",))
CASTS = {
    "light": Cast(_pools(MANY), _hourly(MANY, _TIMES), LIGHT),
    "unfenced": Cast(_pools(MANY), _hourly(MANY, _TIMES), LIGHT, Unfenced),
    "whole": Cast(ESTATE, _hourly(dict(zip(ESTATE.pools, ZONES, strict=False)), _TIMES), RUNBOOKS),
}


async def work(url: str, clock: MovedClock, cast: Cast) -> None:
    """From the first line of its input on, until it is killed or whoever started it is gone."""
    stopped = asyncio.Event()
    async with connect(url) as client:
        runs = cast.runs(client)
        driver = SimulatedDriver(RedisWorlds(client), clock=clock)
        kept = replace(stores_over(client), runs=runs)
        parts = {"runbooks": cast.runbooks, "lease_s": LEASE_S, "poll_s": POLL_S}
        engine = build(kept, driver, cast.estate, CARE, NoFiles(), clock, **parts).engine

        async def read() -> tuple[Schedule, ...]:
            return cast.schedules

        async def start(slot: Slot) -> None:
            await engine.start_slot(slot)

        timetable = Timetable(read, start, lambda: datetime.fromtimestamp(clock(), UTC))
        await asyncio.to_thread(sys.stdin.readline)
        asyncio.get_running_loop().add_reader(sys.stdin, stopped.set)
        await asyncio.gather(engine.run_forever(stopped), look(timetable, clock, stopped))


async def look(timetable: Timetable, clock: MovedClock, stopped: asyncio.Event) -> None:
    """The looks of the timetable, at speed: soon after the clock was moved, and now and then."""
    moved = waited = 0.0
    while not stopped.is_set():
        now = clock() - time.monotonic()
        if abs(now - moved) > 1.0 or waited > LOOK_S:
            moved, waited = now, 0.0
            await timetable.wake()
        await asyncio.sleep(GLANCE_S)
        waited += GLANCE_S


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1], MovedClock(sys.argv[2]), CASTS[sys.argv[3]]))
