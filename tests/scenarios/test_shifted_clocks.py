"""Two processes on one Redis, one of them on a wrong clock: nothing goes, nothing is taken for what it is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from redis.asyncio import Redis

from bot.chores.rows import dating_of
from bot.clock.wall_clock import latest_due
from bot.domain.backups.backup import Backup
from bot.domain.backups.schedule import Override, Slot, schedule_of
from bot.domain.model import Who
from bot.domain.runs.run import Change, Phase
from bot.sandbox import SOCKET
from storage.redis_time import RedisTime
from tests.sandbox.parts import ANNA as SEEN_BY
from tests.scenarios.house import house
from tests.scenarios.stage import ANNA, CARE, POOLS, A, C, Clock, Stage, pruning_of, stage_of

HOUR, DAY = 3600.0, 86_400.0
SHIFTS = {"+1 h": HOUR, "-1 h": -HOUR, "+1 day": DAY, "-1 day": -DAY, "+400 days": 400 * DAY}
shifted = pytest.mark.parametrize("shift", SHIFTS.values(), ids=SHIFTS)


async def two(redis: Redis, shift: float) -> tuple[Stage, Stage]:
    """A process on the clock of Redis, and another one so far away from it."""
    right = await stage_of(redis)
    right.clock.now = await right.kept.time.ask()
    return right, Stage(redis, Clock(right.clock.now + shift))


async def back_up(stage: Stage) -> Backup:
    run = await stage.settle((await stage.engine.start("backup", A, ANNA)).id)
    assert run.phase is Phase.DONE, run.sentence
    return await stage.backups.get(str(run.fact("backup")))


async def old_ones(stage: Stage, like: Backup) -> set[str]:
    """Twenty that every window keeps by the right clock."""
    data, ids = await stage.backups.load(like.id), set()
    for days in range(1, 21):
        old = replace(like, id=f"old{days}", taken_at=stage.clock() - days * DAY, before="")
        await stage.backups.save(old, data, {"Queue/other": "another"})
        ids.add(old.id)
    return ids


async def every_chore(stage: Stage) -> None:
    for chore in stage.works.chores:
        await chore.work(stage.clock())


@shifted
async def test_whatever_both_do_every_backup_stays_and_each_follows_the_one_before(redis: Redis, shift: float) -> None:
    right, wrong = await two(redis, shift)
    first = await back_up(right)
    old = await old_ones(right, first)
    theirs = await back_up(wrong)
    for _ in range(8):
        await every_chore(wrong)
        await every_chore(right)
    right.clock.now += 60.0
    last = await back_up(right)
    await every_chore(wrong)

    kept = set(await right.backups.ids(A, 0, 100))
    assert kept == {first.id, theirs.id, last.id, *old}
    assert (last.before, last.changed) == (first.id, 0)
    newest = await right.backups.newest(A, right.clock())
    assert newest is not None and newest.id == last.id
    for id in kept:
        assert await right.backups.load(id)


@shifted
async def test_who_is_apart_lets_nothing_go_and_says_so_and_the_other_says_what_is_dated_wrongly(
    redis: Redis, shift: float
) -> None:
    right, wrong = await two(redis, shift)
    await old_ones(right, await back_up(right))
    assert not (await dating_of(CARE, wrong.kept).ages(wrong.clock())).believed
    assert (await dating_of(CARE, right.kept).ages(right.clock())).believed

    await back_up(wrong)
    ages = await dating_of(CARE, right.kept).ages(right.clock())
    assert ages.believed is (shift < 0), "one in the past is only old"


@shifted
async def test_what_should_go_goes_once_the_clock_is_right_again(redis: Redis, shift: float) -> None:
    right, wrong = await two(redis, shift)
    old = replace(await back_up(right), id="ancient", taken_at=right.clock() - 1000 * DAY, before="")
    await right.backups.save(old, await right.backups.load(str((await right.backups.ids(A))[0])), {})
    await pruning_of(wrong).work(wrong.clock())
    assert await right.backups.find("ancient")
    await pruning_of(right).work(right.clock())
    assert await right.backups.find("ancient") is None


@shifted
async def test_times_that_the_wrong_clock_took_down_hold_by_the_right_one(redis: Redis, shift: float) -> None:
    right, wrong = await two(redis, shift)
    said = Override(A, Who.person(ANNA), wrong.clock(), at=("02:30",), since=wrong.clock())
    schedule = schedule_of(POOLS[A], CARE.timings[A], said)
    tomorrow = datetime.fromtimestamp(right.clock() + 2 * DAY, UTC)
    slot = latest_due(schedule, tomorrow)
    assert slot is not None and tomorrow.timestamp() - datetime.fromisoformat(f"{slot.local}Z").timestamp() < 2 * DAY


@shifted
async def test_a_bot_with_a_wrong_clock_draws_its_cards_and_starts_the_slots_that_are_due_by_the_clock_of_redis(
    redis: Redis, shift: float
) -> None:
    def due() -> str:
        now = datetime.now(ZoneInfo(POOLS[C].time_zone))
        return Slot(C, f"{now:%Y-%m-%d}T{12 * (now.hour >= 12):02}:00").id

    before = due()
    async with house(redis, SOCKET, ahead_s=(shift,), schedules={C: ("00:00", "12:00")}) as rooms:
        run = await rooms.started(SEEN_BY, "/rgs backup pool-a")
        await rooms.card(run, "✅ *Done.*")
        slots = {run.id for run in await rooms.bot.runs.page(count=50) if run.primary.fqdn == C}
    assert slots and slots <= {before, due()}


async def test_the_time_of_redis_is_asked_for_before_each_look(redis: Redis) -> None:
    """A machine that slept: its own seconds stood still meanwhile."""
    counted = Clock(0.0)
    by_redis = RedisTime(redis, counted=counted)
    stage = await stage_of(redis)
    stage.rebuilt(synced=by_redis.ask)
    counted.now += 400 * DAY
    await stage.engine.tick()
    assert abs(by_redis() - await stage.kept.time.ask()) < HOUR


@pytest.mark.parametrize("ahead", [60.0, HOUR, DAY, 400 * DAY])
async def test_a_lease_is_believed_for_as_long_as_leases_are_and_not_when_it_lies_further_ahead(
    redis: Redis, ahead: float
) -> None:
    stage = await stage_of(redis)
    run = await stage.engine.start("backup", A, ANNA)
    held = await stage.runs.commit(Change(replace(run, due=stage.clock() + ahead)), stage.clock())
    for _ in range(50):
        await stage.engine.tick()
    now = await stage.runs.load(run.id)
    assert now == held if ahead == 60.0 else now.phase is Phase.DONE
