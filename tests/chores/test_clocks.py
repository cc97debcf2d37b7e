"""Each machine tells of its own clock: what one says, no other ends, and it stands for as long as it is so."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.chores.chores import Chore
from bot.chores.clocks import EVERY_S
from storage.notices import Notices
from tests.scenarios.stage import ANNA, Clock, Stage, pruning_of, stage_of

HOUR, DAY = 3600.0, 86_400.0


class Machine:
    """A process on a machine whose clock is so far ahead of Redis'."""

    def __init__(self, redis: Redis, name: str, now: float, ahead_s: float) -> None:
        self.stage = Stage(redis, Clock(now + ahead_s))
        self.stage.rebuilt(machine=name)
        self.pruning = pruning_of(self.stage)

    @property
    def chore(self) -> Chore:
        (chore,) = [chore for chore in self.stage.works.chores if chore.key.startswith("clock:")]
        return chore

    async def turn(self, now: float) -> None:
        """What it does again and again and that rests on clocks."""
        await self.chore.work(now)
        await self.pruning.work(now)


@pytest.fixture
async def now(redis: Redis) -> float:
    return await (await stage_of(redis)).kept.time.ask()


async def stands(redis: Redis) -> list[tuple[str, int]]:
    """What stands, and how often it was said since it began to."""
    return sorted((notice.sentence, notice.count) for notice in await Notices(redis).standing())


async def test_what_one_machine_says_of_its_clock_no_other_ends(redis: Redis, now: float) -> None:
    wrong, right, late = (
        Machine(redis, name, now, ahead) for name, ahead in (("east", HOUR), ("west", 0.0), ("north", -DAY))
    )
    for turn in range(12):
        for machine in (wrong, right, late):
            await machine.turn(now + turn * EVERY_S)
    assert await stands(redis) == [
        ("The clock of east is 1 h ahead of the clock of Redis.", 12),
        ("The clock of north is 24 h behind the clock of Redis.", 12),
    ]

    wrong.stage.clock.now = now
    await wrong.turn(now + 12 * EVERY_S)
    assert await stands(redis) == [("The clock of north is 24 h behind the clock of Redis.", 12)]


async def test_a_machine_that_runs_no_switchback_any_more_is_not_spoken_of_for_ever(redis: Redis, now: float) -> None:
    await Machine(redis, "east", now, HOUR).turn(now)
    await Notices(redis).say("disk", "The disk is full.", now)
    west = Machine(redis, "west", now, 0.0)
    await west.turn(now + HOUR)
    assert len(await stands(redis)) == 2, "it may only be slow"
    await west.turn(now + HOUR + 1)
    assert await stands(redis) == [("The disk is full.", 1)]


async def test_what_was_found_in_redis_is_neither_said_nor_ended_by_a_machine_whose_clock_is_apart(
    redis: Redis, now: float
) -> None:
    west, east = Machine(redis, "west", now, 0.0), Machine(redis, "east", now, DAY)
    run = await west.stage.settle((await west.stage.engine.start("backup", "pool-a.contoso.com", ANNA)).id)
    backup = await west.stage.backups.get(str(run.fact("backup")))
    await west.stage.backups.save(
        replace(backup, id="ahead", taken_at=now + 400 * DAY), await west.stage.backups.load(backup.id), {}
    )
    for turn in range(6):
        await west.turn(now + turn * HOUR)
        await east.turn(now + turn * HOUR)
    assert await stands(redis) == [
        ("Old backups are not cleaned up: 1 backup is dated in the future, so a clock is or was wrong.", 6),
        ("The clock of east is 24 h ahead of the clock of Redis.", 6),
    ]


async def test_every_machine_has_turns_of_its_own(redis: Redis, now: float) -> None:
    keys = {Machine(redis, name, now, 0.0).chore.key for name in ("east", "west")}
    assert keys == {"clock:east", "clock:west"}
