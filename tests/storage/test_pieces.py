"""Pieces: counted by what needs them, swept a day after nothing does, checked in turn, mended with what is sound."""

from __future__ import annotations

import asyncio
import contextlib
import io
import zipfile

import pytest
from redis.asyncio import Redis

from bot.domain.errors import Damaged, StoreAway
from storage.backups.backups import Backups
from storage.vault.pieces import DAY_S, Pieces, piece_of
from storage.vault.sealing import PLAIN, Keyring
from tests.storage.test_backups import POOL, backup_of, export
from tests.storage.wire import Send, wired

NOW = 1_795_000_000.0
RINGS = (PLAIN, Keyring((b"k" * 32,)))


class Clock:
    """Seconds that only move when a test says so."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


async def stored(redis: Redis) -> set[str]:
    return {key.decode().partition(":")[2] for key in await redis.keys("piece:*")}


async def refs(redis: Redis) -> dict[str, int]:
    return {name.decode(): int(count) for name, count in (await redis.hgetall("pieces:refs")).items()}


async def is_right(redis: Redis, backups: Backups, ids: list[str]) -> None:
    """Every piece is counted as often as backups need it, and none is both needed and loose."""
    needed = [name for id in ids for name in await backups.parts(id)]
    assert await refs(redis) == {name: needed.count(name) for name in needed}
    assert {name.decode() for name in await redis.zrange("pieces", 0, -1)} == set(needed)
    loose = {name.decode() for name in await redis.zrange("pieces:loose", 0, -1)}
    assert not loose & set(needed) and await stored(redis) <= loose | set(needed)
    assert set(needed) <= await stored(redis)


@pytest.mark.parametrize("ring", RINGS, ids=["plain", "sealed"])
async def test_pieces_are_counted_and_swept_a_day_after_nothing_needs_them(redis: Redis, ring: Keyring) -> None:
    clock = Clock()
    backups = Backups(redis, ring, clock=clock)
    days = {f"b{day}": export(day=day, changed=2) for day in (1, 2, 3)}
    for at, (id, data) in enumerate(days.items()):
        await backups.save(backup_of(data, id, taken_at=float(at)), data, {"a": id})
        await is_right(redis, backups, list(days)[: at + 1])
    assert await backups.remove("b2") and not await backups.remove("b2")
    await is_right(redis, backups, ["b1", "b3"])
    everything = await stored(redis)
    assert await backups.pieces.sweep(NOW + DAY_S - 1) == 0 and await stored(redis) == everything
    assert await backups.pieces.sweep(NOW + DAY_S) == 5, "two recordings, headers, layout, fingerprints"
    await is_right(redis, backups, ["b1", "b3"])
    assert len(await stored(redis)) == len(everything) - 5 and not await redis.zcard("pieces:loose")
    for id, left in (("b1", ["b3"]), ("b3", [])):
        assert await backups.load(id) == days[id]
        assert await backups.remove(id)
        await is_right(redis, backups, left)
    assert await backups.pieces.sweep(NOW + DAY_S) == len(everything) - 5
    assert await stored(redis) == set() and await backups.pools() == () and await backups.count(POOL) == 0
    assert set(await redis.keys("*")) == {b"pieces:counted", b"backups"}


async def test_a_sweep_takes_nothing_before_older_backups_are_counted(redis: Redis) -> None:
    pieces = Pieces(redis, clock=lambda: NOW)
    name = piece_of(b"x").sha256.hex()
    await pieces.claim({name: 1})
    await pieces.send({name: memoryview(b"x")}, [name])
    assert await pieces.sweep(NOW + 2 * DAY_S) == 0 and await stored(redis) == {name}
    await Backups(redis, clock=lambda: NOW).account()
    assert await pieces.sweep(NOW + 2 * DAY_S) == 1 and await stored(redis) == set()


async def test_a_piece_that_is_needed_is_never_swept_whatever_was_said_of_it(redis: Redis) -> None:
    backups, data = Backups(redis), export()
    await backups.save(backup_of(data, "b1"), data, {})
    await redis.zadd("pieces:loose", dict.fromkeys(await backups.parts("b1"), 1.0))
    assert await backups.pieces.sweep(1e12) == 0 and await backups.load("b1") == data
    await is_right(redis, backups, ["b1"])


async def test_what_a_save_that_died_left_behind_is_swept(redis: Redis, redis_url: str) -> None:
    old, new = export(day=1), export(day=2, changed=3)
    backups = Backups(redis, clock=lambda: NOW)
    await backups.save(backup_of(old, "old"), old, {})
    sent = await stored(redis)

    async def hook(packed: bytes, send: Send) -> None:
        if b"kept:" in packed:
            raise ConnectionRefusedError
        await send(packed)

    async with wired(redis_url, hook) as client:
        with pytest.raises(StoreAway):
            await Backups(client, clock=lambda: NOW).save(backup_of(new, "new"), new, {})
    assert len(await stored(redis) - sent) == 5
    assert await backups.pieces.sweep(NOW + DAY_S) == 5
    assert await stored(redis) == sent and await backups.load("old") == old


async def test_a_piece_that_is_swept_while_a_save_relies_on_it_is_written_again(redis: Redis, redis_url: str) -> None:
    """The save finds all pieces there; before it commits, the only other backup goes, and the sweep comes."""
    data = export()
    backups = Backups(redis, clock=lambda: NOW)
    await backups.save(backup_of(data, "b1"), data, {})
    swept = 0

    async def hook(packed: bytes, send: Send) -> None:
        nonlocal swept
        if b"kept:" in packed and not swept:
            assert await backups.remove("b1")
            swept = await backups.pieces.sweep(NOW + 30 * DAY_S)
        await send(packed)

    async with wired(redis_url, hook) as client:
        await Backups(client, clock=lambda: NOW).save(backup_of(data, "b2"), data, {})
    assert swept == 15 and await backups.load("b2") == data
    await is_right(redis, backups, ["b2"])


async def test_a_save_touches_what_it_finds_before_it_relies_on_it(redis: Redis, redis_url: str) -> None:
    """Pieces loose for a month are found by a save; the sweep that comes before its commit leaves them alone."""
    data, later = export(), NOW + 30 * DAY_S
    backups = Backups(redis, clock=lambda: NOW)
    await backups.save(backup_of(data, "b1"), data, {})
    assert await backups.remove("b1")
    swept: list[int] = []

    async def hook(packed: bytes, send: Send) -> None:
        if b"kept:" in packed:
            swept.append(await backups.pieces.sweep(later))
        await send(packed)

    async with wired(redis_url, hook) as client:
        await Backups(client, clock=lambda: later).save(backup_of(data, "b2"), data, {})
    assert swept == [0] and await backups.load("b2") == data


async def test_two_savers_and_a_sweeper_at_once_lose_nothing(redis: Redis) -> None:
    """Days of the same pool are saved and removed by two, while a third sweeps without any grace."""
    backups = Backups(redis)
    days = {n: export(day=n % 28 + 1, members=6, changed=2) for n in range(16)}
    done = asyncio.Event()

    async def saver(start: int) -> list[str]:
        for n in range(start, len(days), 2):
            while await backups.find(f"b{n}") is None:
                # Swept five times in a row: such a save says that nothing was kept, and is made again.
                with contextlib.suppress(StoreAway):
                    await backups.save(backup_of(days[n], f"b{n}", taken_at=float(n)), days[n], {"n": str(n)})
            if n % 4 < 2:
                assert await backups.remove(f"b{n}")
        return [f"b{n}" for n in range(start, len(days), 2) if n % 4 >= 2]

    async def sweeper() -> int:
        gone = 0
        while not done.is_set():
            gone += await backups.pieces.sweep(1e12, 0.0)
            await asyncio.sleep(0.002)
        return gone

    sweeping = asyncio.create_task(sweeper())
    kept = [id for ids in await asyncio.gather(saver(0), saver(1)) for id in ids]
    done.set()
    assert await sweeping > 8
    await backups.pieces.sweep(1e12, 0.0)
    await is_right(redis, backups, kept)
    for id in kept:
        assert await backups.load(id) == days[int(id[1:])]


@pytest.mark.parametrize("ring", RINGS, ids=["plain", "sealed"])
async def test_a_check_goes_from_the_oldest_on_and_names_what_is_missing_or_damaged(
    redis: Redis, ring: Keyring
) -> None:
    clock = Clock()
    backups, data = Backups(redis, ring, clock=clock), export(members=20)
    pieces = backups.pieces
    await backups.save(backup_of(data, "b1"), data, {})
    names = [name for name, _ in await pieces.oldest(100)]
    assert sorted(names) == sorted(await backups.parts("b1")) and len(names) == 23
    assert await pieces.check([], 1.0) == () == await pieces.check(names, NOW + 1)
    assert await pieces.oldest(1) == ((names[0], NOW + 1),)
    lost, hurt, cut, swapped, other = names[:5]
    await redis.delete(f"piece:{lost}")
    await redis.setrange(f"piece:{hurt}", 7, b"!")
    await redis.set(f"piece:{cut}", (await redis.get(f"piece:{cut}"))[:-1])
    await redis.set(f"piece:{swapped}", await redis.get(f"piece:{other}"))
    bad = (lost, hurt, cut, swapped)
    assert await pieces.check(names[:10], NOW + 2) == bad
    assert await pieces.damaged() == tuple(sorted(bad))
    assert {at for _, at in await pieces.oldest(13)} == {NOW + 1}, "those that were checked have had their turn"


@pytest.mark.parametrize("ring", RINGS, ids=["plain", "sealed"])
async def test_damage_is_mended_with_what_is_sound_and_with_nothing_else(redis: Redis, ring: Keyring) -> None:
    backups, data = Backups(redis, ring), export(members=4)
    pieces = backups.pieces
    await backups.save(backup_of(data, "b1"), data, {})
    names = await backups.parts("b1")
    whole = dict(zip(names, await pieces.raw(names), strict=True))
    assert all(pieces.sound(name, raw) for name, raw in whole.items())
    await redis.delete(*(f"piece:{name}" for name in names))
    assert await pieces.check(names, NOW) == names
    for name, other in zip(names, (*names[1:], names[0]), strict=True):
        assert not await pieces.mend(name, whole[other]) and not await pieces.mend(name, whole[name][:-1])
        assert await pieces.raw([name]) == [None]
        assert await pieces.mend(name, whole[name])
    assert await pieces.damaged() == () == await pieces.check(names, NOW)
    assert await backups.load("b1") == data and not await redis.zcard("pieces:loose")


async def test_who_stores_the_same_bytes_again_mends_what_was_found_damaged(redis: Redis) -> None:
    backups, data = Backups(redis), export()
    await backups.save(backup_of(data, "b1"), data, {})
    names = await backups.parts("b1")
    for name in names:
        await redis.setrange(f"piece:{name}", 0, b"?")
    with pytest.raises(Damaged):
        await backups.load("b1")
    assert set(await backups.pieces.check(names, NOW)) == set(names)
    await backups.save(backup_of(data, "b2"), data, {})
    assert await backups.load("b1") == data and await backups.pieces.damaged() == ()


async def test_a_piece_that_went_between_being_listed_and_being_read_is_no_damage(redis: Redis) -> None:
    backups, data = Backups(redis), export()
    await backups.save(backup_of(data, "b1"), data, {})
    names = await backups.parts("b1")
    assert await backups.remove("b1") and await backups.pieces.sweep(1e12)
    assert await backups.pieces.check(names, NOW) == () == await backups.pieces.damaged()
    assert await backups.pieces.oldest(9) == ()


async def test_a_check_reads_a_mebibyte_at_a_time(redis: Redis, redis_url: str) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for n in range(40):
            archive.writestr(f"{n}.wav", bytes([n]) * 400_000)
    data, asked = file.getvalue(), []
    await Backups(redis).save(backup_of(data, "b1"), data, {})

    async def hook(packed: bytes, send: Send) -> None:
        if b"MGET" in packed:
            asked.append(packed.count(b"piece:"))
        await send(packed)

    async with wired(redis_url, hook) as client:
        assert await Pieces(client).check(await Backups(redis).parts("b1"), NOW) == ()
    assert sum(asked) == 43 and max(asked[1:]) <= 3
