"""Old backups go as the windows say, and nothing else does: on a real server, with real pieces."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest
from redis.asyncio import Redis

from bot.chores.accompanying import Accompanying
from bot.chores.dating import Dating
from bot.chores.pruning import AT_ONCE, Pruning
from bot.chores.rows import dating_of
from bot.domain.backups.backup import Backup, Stamp
from bot.domain.backups.retention import Windows
from bot.domain.companions.kinds import CompanionCopy
from bot.domain.model import Pool, Who
from bot.domain.runs.run import Change, Phase, Run
from bot.stores import stores_over
from storage import keys
from storage.backups.backups import Backups
from storage.backups.keepings import Keepings
from storage.notices import Notices
from storage.runs import Runs
from tests.scenarios.stage import CARE, pruning_of, stage_of
from tests.scenarios.stage import POOLS as STAGED

A, B = "pool-a.contoso.com", "pool-b.contoso.com"
POOLS = {A: Pool(A, backup_pool=B, time_zone="Europe/Berlin"), B: Pool(B, backup_pool=A)}
HOUR, DAY, NOW = 3600.0, 86_400.0, 1_795_000_000.0


@dataclass(slots=True)
class Stock:
    """Backups of pool-a, and what lets them go."""

    backups: Backups
    keepings: Keepings
    pruning: Pruning
    notices: Notices
    ahead_s: list[float]
    """How far this machine's clock is ahead of Redis'."""

    async def stands(self) -> list[str]:
        """What people read."""
        return [notice.sentence for notice in await self.notices.standing()]

    async def keep(self, id: str, days_ago: float, *, listed: bool = True, run: str = "gone") -> None:
        await _keep(self.backups, id, NOW - days_ago * DAY, listed=listed, run=run)

    async def left(self) -> set[str]:
        return set(await self.backups.ids(A, 0, 10_000))


async def _keep(backups: Backups, id: str, at: float, pool: str = A, *, listed: bool = True, run: str = "gone") -> None:
    data = id.encode() * 100
    sha256 = hashlib.sha256(data).hexdigest()
    await backups.save(Backup(id, pool, pool, at, sha256, len(data), {}, "", run), data, {}, listed=listed)


@pytest.fixture
async def stock(redis: Redis) -> Stock:
    ahead_s = [0.0]
    kept = stores_over(redis, clock=lambda: NOW)

    async def apart() -> float:
        return ahead_s[0]

    async def objectives() -> Mapping[str, float]:
        return dict.fromkeys(POOLS, 26.0)

    backups, keepings = kept.backups, kept.keepings
    dating = Dating(apart, backups, keepings, kept.companions, kept.notices, kept.dates, objectives)
    pruning = Pruning(backups, keepings, Runs(redis), POOLS, {A: B, B: A}, Windows(), dating)
    return Stock(backups, keepings, pruning, kept.notices, ahead_s)


async def test_what_the_plan_lets_go_goes_and_what_it_keeps_can_be_loaded(stock: Stock) -> None:
    for days in (0, 6, 10, 10.1, 40, 1000):
        await stock.keep(f"b{days}", days)
    plan = await stock.pruning.plan(A, NOW)
    assert await stock.left() == {one.backup.id for one in plan}, "to look changes nothing"

    await stock.pruning.work(NOW)
    assert await stock.left() == {one.backup.id for one in plan if one.stays} == {"b0", "b6", "b10", "b40"}
    for id in await stock.left():
        assert await stock.backups.load(id) == id.encode() * 100
    await stock.pruning.work(NOW)
    assert len(await stock.left()) == 4


async def test_what_is_pinned_or_can_be_restored_outlives_every_window(stock: Stock) -> None:
    for days in (1000, 1100, 1200, 0):
        await stock.keep(f"b{days}", days)
    await stock.keepings.pin("b1200", "failover-1", "failover-1 used it")
    await stock.keepings.set_basis(B, "today", NOW)
    await stock.keepings.stamp("b1100", Stamp(NOW, True, B, "today"))
    await stock.pruning.work(NOW)
    assert await stock.left() == {"b0", "b1100", "b1200"}
    because = {one.backup.id: one.because for one in await stock.pruning.plan(A, NOW)}
    assert because["b1100"] == "The newest one that can be restored today."


async def test_a_pin_that_was_set_after_the_plan_was_made_holds(stock: Stock) -> None:
    for days in (0, 1000):
        await stock.keep(f"b{days}", days)
    (old, _) = await stock.pruning.plan(A, NOW)
    await stock.keepings.pin("b1000", "failover-1", "failover-1 uses it")
    await stock.pruning._remove(old.backup, old.because)
    assert await stock.left() == {"b0", "b1000"}


async def test_in_one_turn_only_a_few_of_the_oldest_go(stock: Stock) -> None:
    await stock.keep("b00", 0)
    for number in range(1, 60):
        await stock.keep(f"b{number:02}", 1000 + number)
    await stock.pruning.work(NOW)
    assert len(await stock.left()) == 60 - AT_ONCE
    assert {f"b{number:02}" for number in range(30)} <= await stock.left()


async def test_an_export_that_became_no_backup_goes_a_week_after_unless_it_is_pinned(stock: Stock) -> None:
    await stock.keep("young", 6, listed=False)
    await stock.keep("old", 8, listed=False)
    await stock.keep("pinned", 8, listed=False)
    await stock.keepings.pin("pinned", "failback-1", "failback-1 used it")
    await stock.pruning.work(NOW)
    found = {id: await stock.backups.find(id) is not None for id in ("young", "old", "pinned")}
    assert found == {"young": True, "old": False, "pinned": True}


async def test_pieces_that_nothing_needs_are_swept_a_day_later(stock: Stock, redis: Redis) -> None:
    for days in (0, 1000):
        await stock.keep(f"b{days}", days)
    before = len(await redis.keys(keys.piece("*")))
    await stock.pruning.work(NOW)
    await stock.pruning.work(NOW + 1.1 * DAY)
    assert 0 < len(await redis.keys(keys.piece("*"))) < before
    assert await stock.backups.load("b0") == b"b0" * 100


async def test_an_export_whose_run_is_still_open_is_left_to_it(stock: Stock, redis: Redis) -> None:
    run = Run("backup-1", "backup", POOLS[A], POOLS[B], Who("x", "x"), NOW, "fetch")
    await Runs(redis).commit(Change(run), NOW)
    await stock.keep("old", 8, listed=False, run="backup-1")
    await stock.pruning.work(NOW)
    assert await stock.backups.find("old")

    await Runs(redis).commit(Change(replace(await Runs(redis).load("backup-1"), phase=Phase.ABANDONED)), NOW)
    await stock.pruning.work(NOW)
    assert await stock.backups.find("old") is None


async def test_one_whose_pieces_cannot_be_told_stays_and_holds_nothing_up(stock: Stock, redis: Redis) -> None:
    for days in (0, 999, 1000):
        await stock.keep(f"b{days}", days)
    for name in await stock.backups.parts("b1000"):
        await redis.delete(keys.piece(name))
    await stock.pruning.work(NOW)
    assert await stock.left() == {"b0", "b1000"}


async def test_any_number_of_those_that_cannot_go_keep_no_other_from_going(stock: Stock, redis: Redis) -> None:
    hurt = [f"hurt{number}" for number in range(AT_ONCE + 1)]
    for number, id in enumerate(hurt):
        await stock.keep(id, 1000 + number)
    for days in (0, 999):
        await stock.keep(f"b{days}", days)
    for id in hurt:
        for name in await stock.backups.parts(id):
            await redis.delete(keys.piece(name))
    await stock.pruning.work(NOW)
    assert await stock.left() == {*hurt, "b0"}


async def test_a_record_that_cannot_be_read_stays_and_holds_nothing_up(stock: Stock, redis: Redis) -> None:
    for days in (0, 999, 1000):
        await stock.keep(f"b{days}", days)
    await redis.setrange(keys.backup("b999"), 40, b"????")
    await stock.pruning.work(NOW)
    assert await stock.left() == {"b0", "b999"}


SHIFTS = {"an hour": HOUR, "a day": DAY, "60 days": 60 * DAY, "400 days": 400 * DAY}


@pytest.mark.parametrize("shift", SHIFTS.values(), ids=SHIFTS)
@pytest.mark.parametrize("side", [1, -1], ids=["ahead", "behind"])
@pytest.mark.parametrize("wrong", ["process", "redis"])
async def test_nothing_goes_while_the_process_and_redis_are_apart(
    stock: Stock, shift: float, side: int, wrong: str
) -> None:
    stock.ahead_s[0] = side * shift
    for days in (0, 10, 10.1, 40, 1000):
        await stock.keep(f"b{days}", days - 500)
        await stock.keep(f"unlisted{days}", 1000, listed=False)
    for _ in range(8):
        await stock.pruning.work(NOW if wrong == "process" else NOW - side * shift)
    assert len(await stock.left()) == 5 and len(await stock.backups.unlisted(NOW)) == 5
    assert await stock.stands() == [], "each machine says of itself that its clock is apart"


async def test_eight_turns_of_a_process_60_days_ahead_of_the_real_clock_of_redis_leave_all_20(redis: Redis) -> None:
    stage = await stage_of(redis)
    now = await stage.kept.time.ask()
    stage.clock.now = now + 60 * DAY
    for days in range(20):
        await _keep(stage.backups, f"b{days}", now - 3 * days * DAY)
    pruning = pruning_of(stage)
    for _ in range(8):
        await pruning.work(stage.clock())
    assert await stage.backups.count(A) == 20
    stage.clock.now = now
    await pruning.work(now)
    assert await stage.backups.count(A) < 20


@pytest.mark.parametrize("shift", SHIFTS.values(), ids=SHIFTS)
async def test_nothing_goes_while_a_record_is_dated_in_the_future(stock: Stock, shift: float) -> None:
    for days in (0, 999, 1000):
        await stock.keep(f"b{days}", days)
    await stock.keep("ahead", -shift / DAY)
    for _ in range(2):
        await stock.pruning.work(NOW)
    assert await stock.left() == {"b0", "b999", "b1000", "ahead"}
    said = "1 backup is dated in the future, so a clock is or was wrong."
    assert await stock.stands() == [f"Old backups are not cleaned up: {said}"]


@pytest.mark.parametrize("shift", [60 * DAY, 400 * DAY], ids=["60 days", "400 days"])
async def test_nothing_goes_when_redis_has_the_same_wrong_clock(stock: Stock, redis: Redis, shift: float) -> None:
    """The embedded server: it and the bot agree, and every backup looks old to both."""
    for days in range(20):
        await stock.keep(f"b{days}", days)
        await stock.keep(f"unlisted{days}", days, listed=False)
    await stock.keep("removed", 21)
    pieces = await redis.keys(keys.piece("*"))
    assert await stock.backups.remove("removed")
    for _ in range(8):
        await stock.pruning.work(NOW + shift)
    assert len(await stock.left()) == 20 and len(await stock.backups.unlisted(NOW + 1)) == 20
    assert len(await redis.keys(keys.piece("*"))) == len(pieces)
    said = "the newest sound backup of pool-a is more than twice as old as it may get."
    assert await stock.stands() == [f"Old backups are not cleaned up: {said}"]


LEAPT = "nobody looked for more than 2 days: either Switchback did not run, or the clocks were set."


@pytest.mark.parametrize("shift", [60 * DAY, 400 * DAY], ids=["60 days", "400 days"])
async def test_a_backup_that_the_wrong_clock_dated_as_well_vouches_for_nothing_until_people_had_a_week(
    stock: Stock, shift: float
) -> None:
    """The embedded server on the same wrong clock, and what is due at its start: then the newest backup is fresh."""
    for days in range(20):
        await stock.keep(f"b{days}", days)
    await stock.pruning.work(NOW)
    there = await stock.left()
    for hour in range(150):
        if hour % 24 == 0:
            await stock.keep(f"later{hour}", -(shift + hour * HOUR) / DAY)
            there.add(f"later{hour}")
        await stock.pruning.work(NOW + shift + hour * HOUR)
    assert await stock.left() == there
    (sentence,) = await stock.stands()
    assert sentence.startswith("Old backups are not cleaned up: until ") and sentence.endswith(LEAPT)

    await stock.keep("last", -(shift + 7.1 * DAY) / DAY)
    await stock.pruning.work(NOW + shift + 7.1 * DAY)
    assert len(await stock.left()) < len(there) and await stock.stands() == []


async def test_a_wrong_clock_that_was_set_right_again_holds_nothing_up(stock: Stock) -> None:
    for days in (0, 999, 1000):
        await stock.keep(f"b{days}", days)
    for now in (NOW - HOUR, NOW + 60 * DAY, NOW):
        await stock.pruning.work(now)
    assert await stock.left() == {"b0"} and await stock.stands() == []


async def test_a_pool_that_is_stale_keeps_no_other_from_being_cleaned_up(stock: Stock) -> None:
    for pool, first in ((A, 3), (B, 0)):
        for days in (first, 999, 1000):
            await _keep(stock.backups, f"{pool}-{days}", NOW - days * DAY, pool)
    await stock.pruning.work(NOW)
    assert len(await stock.left()) == 3 and await stock.backups.ids(B) == (f"{B}-0",)


async def test_copies_of_companions_stay_while_ages_are_in_doubt(redis: Redis) -> None:
    stage = await stage_of(redis)
    now = await stage.kept.time.ask()
    stage.clock.now = now + 60 * DAY
    for number in range(12):
        at = now - 50 * DAY - number
        await stage.companions.keep(CompanionCopy(f"c{number}", A, "call-park-music", A, at, "Anna", "same"), {})
    watching = Accompanying(
        stage.companions, stage.runs, stage.kept.notices, STAGED.values(), {}, dating_of(CARE, stage.kept)
    )
    await watching.prune(stage.clock())
    assert len(await redis.zrange(keys.companions(A, "call-park-music"), 0, -1)) == 12
