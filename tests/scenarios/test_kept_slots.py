"""A slot is known by its id alone: what another version has done is not done again, and no name is taken apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from bot.clock.timetable import Timetable
from bot.domain.backups.schedule import Schedule, Slot
from bot.domain.companions.coverage import Rule
from bot.domain.companions.kinds import COMPANIONS
from bot.domain.errors import BadInput
from bot.domain.model import SCHEDULE, PoolRecord
from bot.domain.runs.moves import close
from bot.domain.runs.opening import Stand, begin
from bot.domain.runs.run import Phase
from bot.engine import Engine
from bot.runbooks import RUNBOOKS
from bot.stores import stores_over
from storage.runs import Runs
from tests.scenarios.house import demo, house
from tests.scenarios.stage import ESTATE, A, Stage, stage_of

LOCAL = "2026-11-21T02:30"


async def done(redis: Redis, runbook: str, id: str) -> str:
    """A run of this id that came to its end, as an earlier process left it."""
    run = begin(id, RUNBOOKS[runbook], ESTATE.pools[A], ESTATE, {A: Stand(PoolRecord(A))}, SCHEDULE, 1_700_000_000.0)
    await Runs(redis).commit(close(run, Phase.DONE, "Kept.", 1_700_000_100.0), 1_700_000_100.0)
    return id


async def test_a_bot_on_a_kept_store_takes_no_second_copy_of_a_slot_that_is_done(redis: Redis) -> None:
    today = datetime.now(UTC)
    days = [f"{today + timedelta(days=offset):%Y-%m-%d}" for offset in (-1, 0, 1)]
    kept = {await done(redis, "backup", f"backup-{A}-{day}T0000") for day in days}
    kept |= {await done(redis, "companion", f"companion-lis-{A}-{day}T0000") for day in days}
    unused = {(pool.fqdn, kind): Rule(used=False) for pool in demo.POOLS for kind in COMPANIONS}
    rules = {**unused, (A, "lis"): Rule(at=("00:00",))}

    async with house(redis, schedules={A: ("00:00",)}, companions=rules) as home:
        assert {run.id for run in await home.bot.runs.page(count=50)} == kept
        # The same bot does take a slot that nobody has done yet.
        await home.bot.engine.start_slot(Slot(A, LOCAL))
        assert len(await home.bot.runs.page(count=50)) == len(kept) + 1


async def started(stage: Stage, engine: Engine, *schedules: Schedule) -> set[tuple[str, str, str]]:
    """What a look at these schedules begins: runbook, kind and id."""

    async def read() -> tuple[Schedule, ...]:
        return schedules

    async def start(slot: Slot) -> None:
        await engine.start_slot(slot)

    await Timetable(read, start, lambda: datetime(2026, 11, 21, 12, tzinfo=UTC)).wake()
    return {(run.runbook, run.fact("kind", ""), run.id) for run in await stage.runs.page(count=50)}


async def test_a_runbook_with_a_hyphen_in_its_name_is_the_one_that_starts(redis: Redis) -> None:
    stage = await stage_of(redis)
    books = {**RUNBOOKS, "clean-up": replace(RUNBOOKS["backup"], key="clean-up")}
    stage.kept = stores_over(redis, knows=lambda run: run.runbook in books)
    engine = stage.rebuilt(runbooks=books)
    zone = ESTATE.pools[A].time_zone
    whole = Schedule(A, zone, ("02:30",), "clean-up")
    deep = Schedule(A, zone, ("02:30",), "clean-up", "deep-one")

    assert await started(stage, engine, whole, deep) == {
        ("clean-up", "", f"clean-up-{A}-2026-11-21T0230"),
        ("clean-up", "deep-one", f"clean-up-deep-one-{A}-2026-11-21T0230"),
    }


async def test_a_slot_starts_copies_and_nothing_else_whatever_it_names(redis: Redis) -> None:
    stage = await stage_of(redis)
    named = [key for key in (*RUNBOOKS, "unheard-of") if key not in ("backup", "companion")]
    for key in named:
        with pytest.raises(BadInput, match=f"pool-a asks for “{key}”, which only people start. Nothing was started."):
            await stage.engine.start_slot(Slot(A, LOCAL, key))
    assert len(named) > 15 and await stage.runs.page(count=50) == ()
