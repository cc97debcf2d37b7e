"""A backup run cut off wherever it waits for Redis: no half backup, no older one lost, and the next life ends it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pytest
from redis.asyncio import Redis

from bot.domain.backups.schedule import Slot
from bot.domain.errors import Stale
from bot.domain.groups.compare import compare
from bot.domain.runs.run import Phase
from bot.exports.export_zip import read_inventory
from storage import keys
from tests.scenarios.stage import A, Clock, Stage, stage_of
from tests.storage.wire import Send, wired

LOCAL = "2026-11-21T02:30"
SHARES = 4
LEASE_S = 61.0


class Died(BaseException):
    """The process is gone; no handler may catch this."""


@dataclass(slots=True)
class Life:
    """A process that dies when it sends for the `ends`th time: before that is sent, or before any answer comes."""

    ends: int
    sent: bool
    count: int = 0

    async def hook(self, packed: bytes, send: Send) -> None:
        self.count += 1
        if self.count < self.ends:
            return await send(packed)
        if self.count == self.ends and self.sent:
            await send(packed)
        raise Died


Snapshot = dict[bytes, bytes]


async def snapshot(redis: Redis) -> Snapshot:
    return {key: await redis.dump(key) for key in await redis.keys()}


async def restored(redis: Redis, kept: Snapshot) -> None:
    await redis.flushall()
    pipe = redis.pipeline(transaction=False)
    for key, value in kept.items():
        pipe.restore(key, 0, value)
    await pipe.execute()


async def prepared(redis: Redis) -> Snapshot:
    """A pool with one backup, and edits since."""
    stage = await stage_of(redis)
    run = await stage.settle((await stage.engine.start_slot(Slot(A, "2026-11-20T02:30"))).id)
    assert run.phase is Phase.DONE
    await stage.edit(A, A, TimeoutThreshold=77)
    return await snapshot(redis)


async def lived(url: str, clock: Clock, life: Life) -> bool:
    """Whether the run came to its end within this life."""
    client = wired(url, life.hook)
    stage = Stage(client, clock)
    try:
        run = await stage.settle((await stage.engine.start_slot(Slot(A, LOCAL))).id)
        return run.phase is Phase.DONE
    except (Died, Stale):
        return False
    finally:
        await client.aclose()


async def sound(stage: Stage) -> list[str]:
    """Every listed backup can be read as a whole, and every piece knows how many records need it."""
    ids = await stage.backups.ids(A)
    needed: Counter[str] = Counter()
    for id in (*ids, *(backup.id for backup in await stage.backups.unlisted(1e12))):
        assert read_inventory(await stage.backups.load(id)).objects
        needed.update(await stage.backups.parts(id))
    counted = await stage.redis.hgetall(keys.NEEDED)
    assert {name.decode(): int(count) for name, count in counted.items()} == needed
    return list(ids)


async def sends_of(url: str, kept: Snapshot, redis: Redis) -> int:
    await restored(redis, kept)
    life = Life(10**9, sent=False)
    assert await lived(url, Clock(), life)
    return life.count


@pytest.mark.parametrize("share", range(SHARES))
async def test_a_backup_that_is_cut_off_anywhere_leaves_no_half_one_and_is_ended_by_the_next_life(
    redis: Redis, redis_url: str, share: int
) -> None:
    kept = await prepared(redis)
    (older,) = await Stage(redis).backups.ids(A)
    ends = range(1 + share, await sends_of(redis_url, kept, redis) + 1, SHARES)
    assert len(ends) > 10
    for number, end in enumerate(ends):
        await restored(redis, kept)
        clock = Clock()
        assert not await lived(redis_url, clock, Life(end, sent=number % 2 == 0)), end

        after = Stage(redis, clock)
        for id in set(await sound(after)) - {older}:
            assert (await after.backups.get(id)).before == older, f"{end}: listed before it was read and compared"
        assert older in await after.backups.ids(A), end
        clock.now += LEASE_S
        run = await after.settle((await after.engine.start_slot(Slot(A, LOCAL))).id)

        assert run.phase is Phase.DONE, (end, run.sentence)
        newest, *others = await sound(after)
        assert others == [older], end
        live = (await after.worlds.load())[0].pools[A].inventory()
        assert compare(live, read_inventory(await after.backups.load(newest))).is_clean
