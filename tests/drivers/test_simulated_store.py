"""What the simulated driver says when the store under it is away or has lost something."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.world import World
from bot.domain.errors import CmdletFailed, NeverSent, OutcomeUnknown, StoreAway
from bot.domain.groups.groups import service
from bot.drivers.simulated import SimulatedDriver
from bot.sandbox.pools.contents import world
from bot.sandbox.pools.sites import POOL_A
from storage.connect import connect
from storage.worlds.worlds import RedisWorlds

FILE = "C:\\Switchback\\a.zip"
NOON = datetime(2027, 3, 4, 12, 0, tzinfo=UTC).timestamp()
EXPORT = cmdlet("Export-CsRgsConfiguration", Source=service(POOL_A), FileName=FILE)


class CutOff(RedisWorlds):
    """Answers reads, and loses its server whenever something is written."""

    async def save(self, world: World, version: int) -> int:
        raise StoreAway("Redis did not answer in time.")


def driver(store: RedisWorlds) -> SimulatedDriver:
    return SimulatedDriver(store, clock=lambda: NOON)


async def test_a_store_that_is_away_means_nothing_was_sent(tmp_path: Path) -> None:
    client = connect(f"unix://{tmp_path}/nobody.sock")
    with pytest.raises(NeverSent):
        await driver(RedisWorlds(client)).invoke(POOL_A, EXPORT)
    await client.aclose()


async def test_a_store_that_goes_away_while_it_is_written_leaves_nobody_knowing(redis: Redis) -> None:
    await RedisWorlds(redis).save(world()[0], 0)
    cut_off = driver(CutOff(redis))
    for attempt in (cut_off.invoke(POOL_A, EXPORT), cut_off.put(POOL_A, FILE, b""), cut_off.delete(POOL_A, FILE)):
        with pytest.raises(OutcomeUnknown):
            await attempt


async def test_a_file_whose_recordings_are_lost_cannot_be_fetched(redis: Redis) -> None:
    store = RedisWorlds(redis)
    await store.save(world()[0], 0)
    await driver(store).invoke(POOL_A, EXPORT)
    with pytest.raises(CmdletFailed, match="cannot be read"):
        await driver(store).fetch(POOL_A, FILE)


async def test_an_export_is_dated_when_it_was_made(redis: Redis) -> None:
    store = RedisWorlds(redis)
    start, blobs = world()
    await store.save(start, 0)
    for data in blobs.values():
        await store.keep(data)
    await driver(store).invoke(POOL_A, EXPORT)
    with zipfile.ZipFile(BytesIO(await driver(store).fetch(POOL_A, FILE))) as archive:
        assert {member.date_time[:4] for member in archive.infolist()} == {(2027, 3, 4, 12)}
