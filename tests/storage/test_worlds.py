"""The simulated deployment in a real Redis: exactly as it went in, and never overwritten by an older one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from bot.domain.deployment.world import Effect, Fault, FaultKind, LivePool, ServerFile, World, world_of
from bot.domain.errors import Damaged, Stale, StoreAway
from bot.domain.groups.groups import Audio, Inventory, Kind, Ref, RgsObject, ServiceSettings
from bot.domain.model import Edition
from storage.connect import connect
from storage.worlds.codec import decoded, encoded
from storage.worlds.worlds import CHUNK_BYTES, RedisWorlds

A, B = "pool-a.contoso.com", "pool-b.contoso.com"
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.builds(Ref, st.text(), st.text())
    | st.builds(Audio, st.text(), st.text())
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4).map(tuple) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def item(kind: Kind, number: int, **properties: object) -> RgsObject:
    guid = f"00000000-0000-0000-0000-{number:012d}"
    return RgsObject(kind, Ref(A, guid), f"Name {number}", B, MappingProxyType(properties))


def everything() -> World:
    """A world in which every field has a value that is not its default."""
    music = Audio("unique", "waltz & co.wav")
    objects = (
        item(Kind.WORKFLOW, 1, PrimaryUri="sip:a@contoso.com", Active=True, DefaultAction={"QueueID": Ref(A, "2")}),
        item(Kind.HOLIDAY_SET, 2, HolidayList=({"Name": "Neujahr"},), Nothing=None, Empty=(), Number=7, Part=0.5),
        *(item(kind, 3, Sound=music) for kind in Kind),
    )
    held = Inventory(objects, ServiceSettings(45, music, True), MappingProxyType({"unique": "ab"}), ("readme.txt",))
    pool = LivePool(
        A, Edition.STANDARD, "2019", "Berlin", ("fe1.contoso.com", "fe2.contoso.com"), up=False, registrar="FailingOver"
    ).holding(objects, held.settings, held.audio)
    files = {
        "C:\\a.zip": ServerFile(held, 12.5),
        "C:\\b.zip": ServerFile(None, 3.0, "ff", 9),
        "C:\\c.zip": ServerFile(Inventory()),
        "C:\\d.zip": ServerFile(None, 4.0, "aa", 3, locations=b"PK\1"),
    }
    for path, file in files.items():
        pool = pool.with_file(path, file)
    pool = replace(pool, call_park={"Identity": "Site:Berlin", "EnableMusicOnHold": False}, build="7.0.2046.820")
    pool = replace(
        pool,
        back_end=False,
        sql="sql.contoso.com",
        replica_behind=True,
        stopped={"fe1.contoso.com": ("RTCSRV", "FTA")},
        modules={"ConfServices.DataConf": ("NonSteadyState", "NormalState")},
        principals={"User": "Mirror"},
    )
    world = replace(
        world_of([pool, LivePool(B)], [(A, B)]),
        locations=b"PK\0",
        published=b"PK\2",
        store=A,
        edges={"edge.contoso.com": A},
    ).with_told("CsUser", ({"Identity": "anna", "Numbers": (1, 2)},))
    world = replace(world, also_active=B, replicates=True).with_effect(
        Effect(A, "Import-CsRgsConfiguration", "line", 1.5)
    )
    return world.with_fault(Fault(FaultKind.SLOW, B, "Get-CsRgsQueue", 2.5, 3))


def test_a_world_comes_back_exactly() -> None:
    assert decoded(encoded(everything())) == everything()


def test_a_world_from_before_servers_were_asked_what_they_can_do_is_read() -> None:
    world = world_of([LivePool(A)], [(A, B)])
    parts = msgspec.msgpack.decode(encoded(world)[2:])
    del parts["store"], parts["edges"], parts["pools"][0]["build"]
    assert decoded(b"p" + msgspec.msgpack.encode(parts)) == world


@pytest.mark.parametrize(("failed_over", "state"), [(True, "FailedOver"), (False, "Active")])
def test_a_world_from_before_a_pool_could_stop_half_way_is_read(failed_over: bool, state: str) -> None:
    world = world_of([LivePool(A, registrar=state)], [(A, B)])
    parts = msgspec.msgpack.decode(encoded(world)[2:])
    (pool,) = parts["pools"]
    for key in ("registrar", "back_end", "sql", "replica_behind", "stopped", "modules", "principals"):
        del pool[key]
    del parts["also_active"], parts["replicates"], parts["told"]
    pool["failed_over"] = failed_over
    assert decoded(b"p" + msgspec.msgpack.encode(parts)) == world


@pytest.mark.parametrize("length", [4, 5])
def test_a_file_of_a_version_before_is_read(length: int) -> None:
    """The name came later than the rest, and the locations later still."""
    pool = LivePool(A).with_file("C:\\a.zip", ServerFile(None, 3.0, "ff", 9))
    parts = msgspec.msgpack.decode(encoded(world_of([pool]))[2:])
    (file,) = parts["pools"][0]["files"].values()
    del file[length:], parts["published"]
    path = "C:\\a.zip" if length == 5 else ""
    found = decoded(b"p" + msgspec.msgpack.encode(parts))
    assert found.pools[A].file("C:\\a.zip") == ServerFile(None, 3.0, "ff", 9, path) and found.published == b""


def test_a_large_world_comes_back_exactly_and_is_small_in_the_store() -> None:
    objects = [item(Kind.QUEUE, number, Description="the same words again") for number in range(2000)]
    world = world_of([LivePool(A).holding(objects)])
    assert decoded(encoded(world)) == world
    assert len(encoded(world)) < 100_000


def typed(value: object) -> object:
    """The value with the type of every part of it: 1, True and 1.0 are told apart."""
    match value:
        case tuple() | list():
            return type(value), [typed(part) for part in value]
        case Mapping():
            return "mapping", {key: typed(part) for key, part in value.items()}
    return type(value), value


@settings(max_examples=60)
@given(st.dictionaries(st.text(), VALUES, max_size=5))
def test_every_kind_of_value_comes_back_with_its_type(properties: dict[str, object]) -> None:
    kept = replace(item(Kind.QUEUE, 1), properties=MappingProxyType(properties))
    world = world_of([LivePool(A).holding([kept])])
    (back,) = decoded(encoded(world)).pools[A].objects.values()
    assert back == kept
    assert typed(back.properties) == typed(kept.properties)


async def test_an_empty_store_holds_an_empty_world(redis: Redis) -> None:
    assert await RedisWorlds(redis).load() == (World(), 0)


async def test_what_was_saved_is_loaded_by_another_process(redis: Redis) -> None:
    assert await RedisWorlds(redis).save(everything(), 0) == 1
    assert await RedisWorlds(redis).load() == (everything(), 1)


async def test_one_of_two_who_read_the_same_version_loses(redis: Redis) -> None:
    first, second = RedisWorlds(redis), RedisWorlds(redis)
    _, version = await first.load()
    await second.load()
    assert await first.save(everything(), version) == 1
    with pytest.raises(Stale):
        await second.save(World(), version)
    assert await second.load() == (everything(), 1)
    assert await second.save(World(), 1) == 2
    assert await first.load() == (World(), 2)


async def test_bytes_are_kept_under_their_digest_whatever_their_size(redis: Redis) -> None:
    worlds = RedisWorlds(redis)
    for data in (b"", b"RIFF", bytes(range(256)) * (CHUNK_BYTES // 256) + b"end"):
        sha256 = await worlds.keep(data)
        assert sha256 == hashlib.sha256(data).hexdigest()
        assert await worlds.keep(data) == sha256
        assert await worlds.blob(sha256) == data


async def test_no_value_of_a_blob_is_longer_than_a_chunk(redis: Redis) -> None:
    sha256 = await RedisWorlds(redis).keep(b"x" * (3 * CHUNK_BYTES + 1))
    (key,) = [key async for key in redis.scan_iter("world:*")]
    assert sha256.encode() in key
    assert max(len(value) for value in (await redis.hgetall(key)).values()) == CHUNK_BYTES


async def test_damaged_or_missing_bytes_are_never_handed_out(redis: Redis) -> None:
    worlds = RedisWorlds(redis)
    sha256 = await worlds.keep(b"music")
    (key,) = [key async for key in redis.scan_iter("world:*")]
    await redis.hset(key, "0", b"noise")
    for broken in (sha256, "00" * 32):
        with pytest.raises(Damaged):
            await worlds.blob(broken)


async def test_a_store_that_does_not_answer_is_said_to_be_away(tmp_path: Path) -> None:
    client = connect(f"unix://{tmp_path}/nobody.sock")
    worlds = RedisWorlds(client)
    for attempt in (worlds.load(), worlds.save(World(), 0), worlds.keep(b"x"), worlds.blob("00" * 32)):
        with pytest.raises(StoreAway):
            await attempt
    await client.aclose()
