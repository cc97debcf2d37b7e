"""Old backups go as the windows say, and nothing else does: on a real server, with real pieces."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import pytest
from redis.asyncio import Redis

from bot.chores.pruning import AT_ONCE, Pruning
from bot.domain.backups.backup import Backup, Stamp
from bot.domain.backups.retention import Windows
from bot.domain.model import Pool, Who
from bot.domain.runs.run import Change, Phase, Run
from storage import keys
from storage.backups.backups import Backups
from storage.backups.keepings import Keepings
from storage.runs import Runs

A, B = "pool-a.contoso.com", "pool-b.contoso.com"
POOLS = {A: Pool(A, backup_pool=B, time_zone="Europe/Berlin"), B: Pool(B, backup_pool=A)}
DAY, NOW = 86_400.0, 1_795_000_000.0


@dataclass(slots=True)
class Stock:
    """Backups of pool-a, and what lets them go."""

    backups: Backups
    keepings: Keepings
    pruning: Pruning

    async def keep(self, id: str, days_ago: float, *, listed: bool = True, run: str = "gone") -> None:
        data = id.encode() * 100
        sha256 = hashlib.sha256(data).hexdigest()
        backup = Backup(id, A, A, NOW - days_ago * DAY, sha256, len(data), {}, "", run)
        await self.backups.save(backup, data, {}, listed=listed)

    async def left(self) -> set[str]:
        return set(await self.backups.ids(A, 0, 10_000))


@pytest.fixture
async def stock(redis: Redis) -> Stock:
    backups, keepings = Backups(redis, clock=lambda: NOW), Keepings(redis)
    return Stock(backups, keepings, Pruning(backups, keepings, Runs(redis), POOLS, {A: B, B: A}, Windows()))


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


async def test_a_clock_that_is_wrong_for_an_hour_costs_a_few_of_the_oldest(stock: Stock) -> None:
    for number in range(60):
        await stock.keep(f"b{number:02}", number / 10)
    await stock.pruning.work(NOW + 3650 * DAY)
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
