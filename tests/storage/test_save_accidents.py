"""A save that is cancelled at any of its awaits leaves the backup or nothing; and no export is in memory twice."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import Awaitable, Generator
from dataclasses import dataclass
from typing import Any

import pytest
from redis.asyncio import Redis

from storage.backups.backups import Backups
from storage.vault.pieces import DAY_S
from storage.vault.sealing import Keyring
from tests.storage.test_backups import FINGERPRINTS, POOL, backup_of, export
from tests.storage.test_pieces import NOW, RINGS, is_right, stored

IDS = ["plain", "sealed"]
MIB = 1 << 20


@dataclass(slots=True)
class CutAt:
    """Awaits something, and cancels it where it waits for the `moment`th time; `waits` says how often it did."""

    work: Awaitable[Any]
    moment: int
    waits: int = 0

    def __await__(self) -> Generator[Any, Any, Any]:
        inner = self.work.__await__()
        step, given = inner.send, None
        while True:
            try:
                waited_for = step(given)
            except StopIteration as end:
                return end.value
            self.waits += 1
            try:
                cancelled = self.waits == self.moment
                # As with a task that is cancelled: what it waits for is cancelled, and that comes back to it, or else
                # it is told at its next step.
                late = cancelled and (waited_for is None or not waited_for.cancel())
                step, given = inner.send, (yield waited_for)
                if late:
                    step, given = inner.throw, asyncio.CancelledError()
            except BaseException as error:
                step, given = inner.throw, error


async def cut_at(work: Awaitable[Any], moment: int) -> bool:
    """Whether it was over before that moment."""
    cut = CutAt(work, moment)
    try:
        await cut
    except asyncio.CancelledError:
        return False
    assert cut.waits < moment
    return True


@pytest.mark.parametrize("ring", RINGS, ids=IDS)
async def test_a_save_that_is_cancelled_wherever_it_waits_leaves_the_backup_or_nothing(
    redis: Redis, ring: Keyring
) -> None:
    backups = Backups(redis, ring, clock=lambda: NOW)
    old, new = export(day=1, members=3), export(day=2, members=3, size=700_000, changed=3)
    older, newer = backup_of(old, "old", taken_at=1.0), backup_of(new, "new", taken_at=2.0)
    await backups.save(older, old, FINGERPRINTS)
    before, moment, over, cuts = await stored(redis), 0, False, 0
    while not over:
        moment += 1
        over = await cut_at(backups.save(newer, new, {}), moment)
        kept = await backups.find("new") is not None
        assert await backups.newest(POOL, 1e12) == (newer if kept else older)
        await is_right(redis, backups, ["old", "new"] if kept else ["old"])
        assert await backups.load("old") == old and (not kept or await backups.load("new") == new)
        cuts += not kept
        if not kept and moment % 3:
            await backups.save(newer, new, {})
        assert await backups.remove("new") is (kept or bool(moment % 3))
        await backups.pieces.sweep(NOW + DAY_S)
        assert await stored(redis) == before, "what was left behind is swept, and nothing else"
    assert cuts >= 6


async def test_a_listing_that_is_cancelled_wherever_it_waits_is_done_or_not(redis: Redis) -> None:
    backups, data = Backups(redis), export(members=3)
    moment, over = 0, False
    while not over:
        moment += 1
        await backups.save(backup_of(data, "b1"), data, {}, listed=False)
        over = await cut_at(backups.enlist("b1", ("A warning.",)), moment)
        listed, unlisted = await backups.count(POOL), len(await backups.unlisted(1e12))
        assert (listed, unlisted) in ((0, 1), (1, 0)) and (await backups.get("b1")).warnings == ("A warning.",) * listed
        await cut_at(backups.remove("b1"), moment)
        await backups.remove("b1")
        await is_right(redis, backups, [])
    assert moment >= 3


@pytest.mark.parametrize("ring", RINGS, ids=IDS)
async def test_no_export_is_in_memory_twice(redis: Redis, ring: Keyring) -> None:
    """Saving 48 MiB takes a few more; loading them takes them once."""
    backups, data = Backups(redis, ring), export(members=48, size=MIB)
    kept = backup_of(data, "b1")
    await backups.save(backup_of(b"x", "warm"), b"x", {})
    saving, _ = await peak(backups.save(kept, data, FINGERPRINTS))
    loading, loaded = await peak(backups.load("b1"))
    assert loaded == data and len(data) > 48 * MIB
    assert saving < 12 * MIB and len(data) <= loading < len(data) + 8 * MIB


async def peak(work: Awaitable[Any]) -> tuple[int, Any]:
    """How many bytes it held at most beyond what there was, and what it gave."""
    gc.collect()
    tracemalloc.start()
    try:
        result = await work
        return tracemalloc.get_traced_memory()[1], result
    finally:
        tracemalloc.stop()
