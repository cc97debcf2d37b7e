"""Four processes, frozen and killed in the middle, by a clock that is stepped: every slot is exported exactly once."""

from __future__ import annotations

import asyncio
import random
import signal
import struct
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from redis.asyncio import Redis

from bot.domain.runs.run import Phase, Run
from storage import keys
from storage.backups.backups import Backups
from storage.runs import Runs
from tests.patience import PATIENCE_S, until
from tests.scenarios.slot_process import CASTS, EVERY_H, Cast
from tests.scenarios.stage import stage_of

ROOT = Path(__file__).parents[2]
PROCESSES, REST_S = 4, 10 * PATIENCE_S
MINUTE = timedelta(minutes=1)

HAVANA_ON, PARIS_ON, LORD_HOWE_BACK = "2027-03-14T05:45", "2027-03-28T01:45", "2027-04-03T15:45"
CAIRO_ON, PARIS_BACK, HAVANA_BACK = "2027-04-29T22:45", "2027-10-31T01:45", "2027-11-07T05:45"
MOVES = (HAVANA_ON, PARIS_ON, LORD_HOWE_BACK, CAIRO_ON, PARIS_BACK, HAVANA_BACK)
"""UTC, soon after a zone moved its clocks; Lord Howe by half an hour, Cairo and Havana at midnight."""


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@cache
def watched(zone: str, at: tuple[str, ...], start: datetime, end: datetime) -> dict[datetime, str]:
    """Slots by the instant when they are due, by watching a wall clock, and its ghost that nobody moves forward."""
    found, seen, here = {}, set(), ZoneInfo(zone)
    now, ghost, ghost_until, before = start, timedelta(0), start, start.astimezone(here).utcoffset()
    while now < end:
        wall = now.astimezone(here)
        offset = wall.utcoffset()
        assert offset is not None and before is not None
        if offset > before:
            ghost, ghost_until = before, now + (offset - before)
        before = offset
        walls = [wall.replace(tzinfo=None), *([(now + ghost).replace(tzinfo=None)] if now < ghost_until else [])]
        for one in sorted(walls):
            if f"{one:%H:%M}" in at and one not in seen:
                seen.add(one)
                found[now] = f"{one:%Y-%m-%dT%H%M}"
        now += MINUTE
    return found


def latest(cast: Cast, position: datetime) -> Iterator[str]:
    """The ids of the runs that a look at this clock has to lead to."""
    midnight = position.replace(hour=0, minute=0)
    for schedule in cast.schedules:
        slots = watched(schedule.time_zone, schedule.at, midnight - timedelta(hours=24), midnight + timedelta(hours=24))
        yield f"backup-{schedule.pool}-{slots[max(due for due in slots if due <= position)]}"


@dataclass(slots=True)
class Hall:
    """The processes and the clock that all of them read; `due` are the runs that there have to be by now."""

    redis: Redis
    url: str
    kind: str
    clock: Path
    spare: asyncio.subprocess.Process | None = None
    dice: random.Random = field(default_factory=lambda: random.Random(20131))
    alive: list[asyncio.subprocess.Process] = field(default_factory=list)
    due: set[str] = field(default_factory=set)
    frozen: asyncio.subprocess.Process | None = None
    freezes: int = 0
    kills: int = 0

    async def born(self) -> asyncio.subprocess.Process:
        """It waits for a line, so that nobody waits for it to start."""
        program = (sys.executable, "-m", "tests.scenarios.slot_process", self.url, str(self.clock), self.kind)
        return await asyncio.create_subprocess_exec(*program, stdin=asyncio.subprocess.PIPE, cwd=ROOT)

    def begin(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin
        process.stdin.write(b"go\n")
        self.alive.append(process)

    def show(self, now: datetime) -> None:
        """Every process sees this time from now on, and what is due by it is due."""
        self.due.update(latest(CASTS[self.kind], now))
        with self.clock.open("r+b", buffering=0) as file:
            file.write(struct.pack("d", now.timestamp() - time.time()))

    def freeze(self) -> None:
        """One stands still in the middle of whatever it does; whoever stood still before goes on from there."""
        self.thaw()
        self.frozen = self.dice.choice(self.alive)
        self.frozen.send_signal(signal.SIGSTOP)
        self.freezes += 1

    def thaw(self) -> None:
        if self.frozen and self.frozen.returncode is None:
            self.frozen.send_signal(signal.SIGCONT)
        self.frozen = None

    async def kill(self) -> None:
        """One that is not frozen dies, and another one takes its place."""
        victim = self.dice.choice([one for one in self.alive if one is not self.frozen])
        self.alive.remove(victim)
        victim.kill()
        await victim.wait()
        assert self.spare
        self.begin(self.spare)
        self.spare = await self.born()
        self.kills += 1

    async def moment(self) -> None:
        await asyncio.sleep(self.dice.uniform(0.0, 0.06))

    async def rests(self) -> bool:
        """Every run that has to be there is there, and has ended."""
        assert all(one.returncode is None for one in self.alive), "a process ended by itself"
        return await self.redis.zcard(keys.RUNS) >= len(self.due) and not await self.redis.zcard(keys.OPEN)


@asynccontextmanager
async def opened(redis: Redis, url: str, kind: str, folder: Path) -> AsyncIterator[Hall]:
    (folder / "clock").write_bytes(bytes(8))
    hall = Hall(redis, url, kind, folder / "clock")
    born = await asyncio.gather(*(hall.born() for _ in range(PROCESSES + 1)))
    hall.spare, *others = born
    try:
        hall.show(instant("2027-01-01T00:45"))
        for process in others:
            hall.begin(process)
        await until(hall.rests, "the first slots are missed", kind, patience_s=REST_S)
        yield hall
    finally:
        hall.thaw()
        for process in {*born, *hall.alive, hall.spare}:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def lived(hall: Hall, moves: Sequence[str], turns: int) -> None:
    """Around every move of some clock, so many turns of every schedule, in which everything goes wrong that can."""
    for move in moves:
        shown: list[datetime] = []
        for turn in range(turns):
            now = instant(move) + timedelta(hours=EVERY_H * (turn - turns // 2))
            hall.show(now)
            await hall.moment()
            hall.freeze()
            if turn % 3 == 1:
                await hall.moment()
                hall.show(hall.dice.choice(shown))
                await hall.moment()
                hall.show(now)
            if turn == 2:
                await hall.moment()
                await hall.kill()
            shown.append(now)
            await until(hall.rests, f"a slot of {now} is missed", hall.kind, patience_s=REST_S)


async def runs_of(hall: Hall) -> tuple[Run, ...]:
    return await Runs(hall.redis).page(count=100_000)


async def doubled(hall: Hall) -> list[str]:
    """The runs that were opened, or have ended, more than once: the log of a run has each commit."""
    runs = Runs(hall.redis)
    found = []
    for run in await runs_of(hall):
        whats = Counter(entry.what for entry in await runs.audit(run.id, 1000))
        if whats["opened"] != 1 or whats["done"] != 1:
            found.append(run.id)
    return found


async def test_thousands_of_slots_are_committed_once_each_whatever_clocks_and_processes_do(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    async with opened(redis, redis_url, "light", tmp_path) as hall:
        await lived(hall, MOVES, turns=11)
        assert hall.freezes >= 60 and hall.kills == 6
        runs = await runs_of(hall)
        assert len(runs) > 2000
        assert {run.id for run in runs} == hall.due
        assert {run.phase for run in runs} == {Phase.DONE}
        assert await doubled(hall) == []


async def test_without_the_fence_the_same_test_fails(redis: Redis, redis_url: str, tmp_path: Path) -> None:
    async with opened(redis, redis_url, "unfenced", tmp_path) as hall:
        found: list[str] = []
        for move in MOVES:
            if len(found) <= 10:  # How many fall together in one turn is up to the machine: a busy one has more turns.
                await lived(hall, (move,), turns=2)
                found = await doubled(hall)
        assert len(found) > 10


async def test_whole_backups_are_kept_once_each(redis: Redis, redis_url: str, tmp_path: Path) -> None:
    await stage_of(redis)
    async with opened(redis, redis_url, "whole", tmp_path) as hall:
        await lived(hall, (PARIS_ON,), turns=5)
        runs = await runs_of(hall)
        assert {run.id for run in runs} == hall.due and await doubled(hall) == []
        backups = Backups(redis)
        listed = [one for fqdn in CASTS["whole"].estate.pools for one in await backups.page(fqdn, count=1000)]
        assert sorted(one.run for one in listed) == sorted(hall.due)
        for one in listed[::5]:
            assert len(await backups.load(one.id)) == one.size
