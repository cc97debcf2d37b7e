"""What is known of a backup beside what it holds: read in one round trip, gone with the backup, never without one."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bot.domain.backups.backup import Keeping, Stamp
from bot.domain.errors import BadInput
from storage.backups.backups import Backups
from storage.backups.keepings import Keepings
from tests.storage.test_backups import backup_of
from tests.storage.wire import Send, wired

STAMP = Stamp(5.0, True, "pool-b.contoso.com", "digest", ("One queue is renamed.",))


@pytest.fixture
async def keepings(redis: Redis) -> Keepings:
    for id in ("b1", "b2"):
        await Backups(redis).save(backup_of(b"x", id), b"x", {})
    return Keepings(redis)


async def test_everything_that_is_noted_comes_back(keepings: Keepings) -> None:
    await keepings.stamp("b1", STAMP)
    await keepings.pin("b1", "T1:U1", "the last one before the move")
    await keepings.pin("b1", "failover-1", "used: by a run")
    await keepings.mirrored("b1", 7.25)
    await keepings.damage("b1", "A piece is missing.")
    await keepings.shrunk("b1", "It holds 3 of 90 objects.")
    pins = {"T1:U1": "the last one before the move", "failover-1": "used: by a run"}
    full = Keeping(STAMP, pins, 7.25, "A piece is missing.", "It holds 3 of 90 objects.")
    assert await keepings.read(["b2", "b1", "nowhere"]) == (Keeping(), full, Keeping())


async def test_what_is_over_is_taken_back(keepings: Keepings) -> None:
    await keepings.damage("b1", "A piece is missing.")
    await keepings.shrunk("b1", "It holds 3 of 90 objects.")
    for by in ("anna", "boris"):
        await keepings.pin("b1", by, "")
    await keepings.damage("b1", "")
    await keepings.shrunk("b1", "")
    await keepings.unpin("b1", "anna")
    (kept,) = await keepings.read(["b1"])
    assert (kept.damage, kept.shrunk, list(kept.pins)) == ("", "", ["boris"])


async def test_nothing_is_noted_of_a_backup_that_is_not_there(redis: Redis, keepings: Keepings) -> None:
    assert await Backups(redis).remove("b2")
    for note in (keepings.stamp("b2", STAMP), keepings.pin("b2", "anna", "why"), keepings.mirrored("b2", 1.0)):
        with pytest.raises(BadInput, match="There is no backup b2"):
            await note
    assert not await redis.exists("keeping:b2")


async def test_what_is_known_of_a_backup_goes_when_the_backup_goes(redis: Redis, keepings: Keepings) -> None:
    await keepings.stamp("b1", STAMP)
    assert await Backups(redis).remove("b1")
    assert await keepings.read(["b1"]) == (Keeping(),) and not await redis.exists("keeping:b1")


async def test_a_whole_page_is_read_in_one_round_trip(redis_url: str, keepings: Keepings) -> None:
    sendings = 0

    async def hook(packed: bytes, send: Send) -> None:
        nonlocal sendings
        sendings += 1
        await send(packed)

    async with wired(redis_url, hook) as client:
        assert await Keepings(client).read([]) == ()
        await client.ping()
        before = sendings
        assert len(await Keepings(client).read(["b1", "b2"] * 50)) == 100
        assert sendings == before + 1


async def test_the_newest_reading_of_a_pool_stays(keepings: Keepings) -> None:
    assert await keepings.basis(["pool-a", "pool-b"]) == {"pool-a": "", "pool-b": ""}
    await keepings.set_basis("pool-a", "second", 2.0)
    await keepings.set_basis("pool-a", "first, and late", 1.0)
    assert await keepings.basis(["pool-a", "pool-b"]) == {"pool-a": "second", "pool-b": ""}
    await keepings.set_basis("pool-a", "third", 3.5)
    assert await keepings.basis(["pool-a"]) == {"pool-a": "third"} and await keepings.basis([]) == {}
