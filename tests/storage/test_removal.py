"""Backups go one by one, and only wholly; earlier versions' are counted first; others come back from elsewhere."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.domain.backups.backup import Backup
from bot.domain.errors import BadInput, Damaged
from storage.backups.backups import Backups
from storage.backups.codec import encoded, parcel_of
from storage.backups.keepings import Keepings
from storage.vault.sealing import PLAIN, Keyring
from tests.storage.test_backups import FINGERPRINTS, POOL, backup_of, export
from tests.storage.test_pieces import RINGS, is_right, refs, stored
from tests.storage.wire import Send, wired

OTHER_POOL = "pool-b.contoso.com"
IDS = ["plain", "sealed"]


async def as_before(redis: Redis, backup: Backup, data: bytes, *, listed: bool = True) -> None:
    """Stored as by the version that counted nothing: no envelope, no counts."""
    parcel = parcel_of(PLAIN, backup, data, FINGERPRINTS)
    for name, view in parcel.views.items():
        await redis.set(f"piece:{name}", bytes(view))
    body = encoded(parcel.record)
    await redis.set(f"backup:{backup.id}", hashlib.sha256(body).digest() + body)
    if listed:
        await redis.zadd(f"backups:{backup.pool}", {backup.id: backup.taken_at})
        await redis.zadd("backups", {backup.pool: 0})


async def test_backups_of_the_earlier_version_load_and_are_counted_once(redis: Redis) -> None:
    days = {f"b{day}": export(day=day, changed=2) for day in (1, 2)}
    kept = {id: backup_of(data, id, taken_at=float(at)) for at, (id, data) in enumerate(days.items())}
    for id, data in days.items():
        await as_before(redis, kept[id], data)
    unlisted = export(day=9, changed=1)
    await as_before(redis, backup_of(unlisted, "b9"), unlisted, listed=False)
    await redis.set("piece:" + "0" * 64, b"an orphan")
    backups = Backups(redis)
    assert await backups.load("b1") == days["b1"] and await refs(redis) == {}
    assert not await Backups(redis).pieces.sweep(1e12)
    await asyncio.gather(*(Backups(redis).account() for _ in range(4)))
    await backups.account()
    await is_right(redis, backups, ["b1", "b2", "b9"])
    assert await backups.page(POOL) == (kept["b2"], kept["b1"]) and len(await backups.unlisted(1e12)) == 1
    assert await backups.pieces.sweep(1e12) == 1, "the orphan"
    for id, data in (*days.items(), ("b9", unlisted)):
        assert await backups.load(id) == data and await backups.fingerprints(id) == FINGERPRINTS
    assert await backups.remove("b1") and await backups.pieces.sweep(1e12)
    assert await backups.load("b2") == days["b2"]
    await is_right(redis, backups, ["b2", "b9"])


async def test_the_first_save_counts_what_the_earlier_version_stored(redis: Redis) -> None:
    old, new = export(day=1), export(day=2, changed=1)
    await as_before(redis, backup_of(old, "old", taken_at=1.0), old)
    backups = Backups(redis)
    await backups.save(backup_of(new, "new", taken_at=2.0), new, {})
    await is_right(redis, backups, ["old", "new"])
    assert await backups.remove("new") and await backups.pieces.sweep(1e12)
    assert await backups.load("old") == old


async def test_one_of_the_earlier_version_whose_pieces_are_gone_stops_nothing(redis: Redis) -> None:
    hurt, whole = export(day=1, changed=12), export(day=2)
    await as_before(redis, backup_of(hurt, "hurt"), hurt)
    for key in await redis.keys("piece:*"):
        await redis.delete(key)
    await as_before(redis, backup_of(whole, "whole"), whole)
    await redis.set("backup:broken", b"?" * 99)
    backups = Backups(redis)
    await backups.account()
    assert await backups.pieces.sweep(1e12) == 0 and await backups.load("whole") == whole
    with pytest.raises(Damaged, match="Backup hurt is damaged"):
        await backups.load("hurt")


async def test_a_pinned_backup_cannot_be_removed(redis: Redis) -> None:
    backups, keepings, data = Backups(redis), Keepings(redis), export()
    await backups.save(backup_of(data, "b1"), data, {})
    await keepings.pin("b1", "failover-1", "a run used it")
    assert not await backups.remove("b1") and await backups.load("b1") == data
    await is_right(redis, backups, ["b1"])
    await keepings.unpin("b1", "failover-1")
    assert await backups.remove("b1") and not await backups.remove("b1")
    assert await backups.find("b1") is None and await backups.page(POOL) == ()


async def test_one_that_is_enlisted_while_it_is_removed_goes_all_the_same(redis: Redis, redis_url: str) -> None:
    backups, data = Backups(redis), export()
    await backups.save(backup_of(data, "b1"), data, {}, listed=False)
    enlisted: list[Backup] = []

    async def hook(packed: bytes, send: Send) -> None:
        if b"keeping:b1" in packed and not enlisted:
            enlisted.append(await backups.enlist("b1", ("A warning.",)))
        await send(packed)

    async with wired(redis_url, hook) as client:
        assert await Backups(client).remove("b1")
    assert enlisted and await backups.page(POOL) == () == await backups.unlisted(1e12)
    await is_right(redis, backups, [])


async def test_one_that_is_removed_while_it_is_enlisted_does_not_come_back(redis: Redis, redis_url: str) -> None:
    backups, data = Backups(redis), export()
    await backups.save(backup_of(data, "b1"), data, {}, listed=False)

    async def hook(packed: bytes, send: Send) -> None:
        if b"kept:" in packed:
            await backups.remove("b1")
        await send(packed)

    async with wired(redis_url, hook) as client:
        with pytest.raises(BadInput, match="There is no backup b1"):
            await Backups(client).enlist("b1")
    assert await backups.page(POOL) == () and await backups.find("b1") is None


async def test_one_whose_layout_is_lost_is_not_removed_since_nobody_knows_what_it_needs(redis: Redis) -> None:
    backups, data = Backups(redis), export()
    await backups.save(backup_of(data, "b1"), data, {})
    before = await refs(redis)
    for name in await stored(redis):
        await redis.delete(f"piece:{name}")
    with pytest.raises(Damaged, match="of its layout"):
        await backups.remove("b1")
    assert await refs(redis) == before and await backups.count(POOL) == 1


async def test_those_that_were_never_listed_are_found_by_their_time(redis: Redis) -> None:
    backups, data = Backups(redis), b"x"
    kept = [backup_of(data, f"b{n}", taken_at=float(n)) for n in range(4)]
    for one in kept:
        await backups.save(one, data, {}, listed=one.id == "b0")
    assert await backups.unlisted(3.0) == (kept[1], kept[2]) and await backups.unlisted(9.0, 1) == (kept[1],)
    await backups.enlist("b1")
    assert await backups.remove("b2")
    assert await backups.unlisted(9.0) == (kept[3],)
    assert await backups.count(POOL) == 2 and await backups.ids(POOL) == ("b1", "b0")


@pytest.mark.parametrize("ring", RINGS, ids=IDS)
async def test_it_is_told_which_backups_need_a_piece(redis: Redis, ring: Keyring) -> None:
    backups = Backups(redis, ring)
    first, second = export(day=1), export(day=2, changed=1)
    await backups.save(backup_of(first, "b1", taken_at=1.0), first, {})
    await backups.save(backup_of(second, "b2", taken_at=2.0), second, {})
    await backups.save(backup_of(first, "b3", pool=OTHER_POOL), first, {})
    one, two = set(await backups.parts("b1")), set(await backups.parts("b2"))
    needing = await backups.needing([*sorted(one | two), "nothing"], [POOL, OTHER_POOL])
    for name in one | two:
        assert needing[name] == (*(["b2"] if name in two else []), *(["b1", "b3"] if name in one else []))
    assert needing["nothing"] == () and len(one & two) == 12
    assert await backups.needing(one & two, [OTHER_POOL]) == dict.fromkeys(one & two, ("b3",))


@pytest.mark.parametrize("ring", RINGS, ids=IDS)
async def test_a_backup_comes_back_from_what_was_stored_of_it_elsewhere(redis: Redis, ring: Keyring) -> None:
    backups, data = Backups(redis, ring), export()
    kept = replace(backup_of(data, "b1"), warnings=("One queue has no group.",))
    await backups.save(kept, data, FINGERPRINTS)
    record, names = await backups.record("b1"), await backups.parts("b1")
    raw = dict(zip(names, await backups.pieces.raw(names), strict=True))
    assert backups.readable("b1", record) and not backups.readable("b1", record[:-1])
    assert not backups.readable("b2", record)
    for missing in (names[0], names[-1], names[3]):
        await redis.flushall()
        for wrong in ({**raw, missing: b"?"}, {name: one for name, one in raw.items() if name != missing}):
            with pytest.raises(Damaged, match="Backup b1 cannot be brought back: piece"):
                await backups.adopt("b1", record, wrong)
            assert await backups.find("b1") is None and await backups.page(POOL) == ()
    there, asked = await stored(redis), list[str]()

    async def fetch(name: str) -> bytes:
        asked.append(name)
        return raw[name]

    await backups.adopt("b1", record, fetch)
    assert there and sorted(asked) == sorted(set(names) - there), "what is there is not asked for"
    await backups.adopt("b1", record, {})
    assert await backups.page(POOL) == (kept,) and await backups.load("b1") == data
    assert await backups.record("b1") == record
    await is_right(redis, backups, ["b1"])


@pytest.mark.parametrize("ring", RINGS, ids=IDS)
async def test_a_piece_that_went_bad_and_that_no_check_found_yet_is_mended_by_the_next_backup(
    redis: Redis, ring: Keyring
) -> None:
    backups, data = Backups(redis, ring), export()
    await backups.save(backup_of(data, "b1", taken_at=1.0), data, FINGERPRINTS)
    for name in await backups.parts("b1"):
        whole = bytearray(await redis.get(f"piece:{name}"))
        whole[-1] ^= 1
        await redis.set(f"piece:{name}", bytes(whole))
    await backups.save(backup_of(data, "b2", taken_at=2.0), data, FINGERPRINTS)
    assert await backups.load("b1") == await backups.load("b2") == data
    assert await backups.pieces.damaged() == ()


async def test_what_an_earlier_version_keeps_beside_a_newer_one_is_counted_as_soon_as_it_is_asked_for(
    redis: Redis,
) -> None:
    backups, data = Backups(redis, clock=lambda: 0.0), export()
    await backups.account()
    await as_before(redis, backup_of(data, "b1"), data)
    assert await backups.parts("b1")
    await backups.save(backup_of(data, "b2"), data, {})
    assert await backups.remove("b2")
    await backups.pieces.sweep(2 * 86_400.0)
    assert await backups.load("b1") == data
    await is_right(redis, backups, ["b1"])


async def test_a_backup_of_the_earlier_version_comes_back_too(redis: Redis) -> None:
    data = export()
    await as_before(redis, backup_of(data, "b1"), data)
    backups = Backups(redis)
    record, names = await backups.record("b1"), await backups.parts("b1")
    raw = dict(zip(names, await backups.pieces.raw(names), strict=True))
    await redis.flushall()
    await backups.adopt("b1", record, raw)
    assert await backups.load("b1") == data
    await is_right(redis, backups, ["b1"])
