"""Backups on a real server: byte-exact, wholly there or not at all, cheap from day to day, damage always found."""

from __future__ import annotations

import asyncio
import hashlib
import io
import random
import zipfile
from collections.abc import Mapping
from dataclasses import replace

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from redis.asyncio import Redis
from redis.exceptions import ConnectionError

from bot.domain.backups.backup import Backup
from bot.domain.errors import BadInput, BotError, Damaged, StoreAway
from bot.domain.groups.groups import Audio, Kind, Ref
from storage.backups.backups import Backups
from storage.backups.codec import BackupRecord
from storage.strides import STRIDE_BYTES
from storage.vault.cutting import PIECE_BYTES
from tests.storage.test_cutting import files
from tests.storage.wire import Send, wired

POOL = "pool-a.contoso.com"
FINGERPRINTS = {f"Queue/q{n}": hashlib.sha256(bytes([n])).hexdigest() for n in range(50)}


def backup_of(data: bytes, id: str, *, taken_at: float = 1_795_000_000.25, pool: str = POOL) -> Backup:
    sha256 = hashlib.sha256(data).hexdigest()
    return Backup(id, pool, pool, taken_at, sha256, len(data), {Kind.QUEUE: 3}, "contents", "run-1")


def export(*, day: int = 1, members: int = 12, size: int = 3_000, changed: int = 0) -> bytes:
    """A zip of `members` recordings of `size` bytes stamped with the day, `changed` of which are that day's own."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for n in range(members):
            seed = n + 1000 * day if n < changed else n
            archive.writestr(zipfile.ZipInfo(f"{n}.wav", (2026, 11, day, 3, 0, 0)), random.Random(seed).randbytes(size))
    return file.getvalue()


async def pieces(redis: Redis) -> Mapping[bytes, int]:
    return {key: await redis.strlen(key) for key in await redis.keys("piece:*")}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(data=files)
async def test_whatever_was_kept_comes_back_byte_for_byte(redis: Redis, data: bytes) -> None:
    backups = Backups(redis)
    kept = backup_of(data, hashlib.sha256(data).hexdigest())
    await backups.save(kept, data, {"a": "b"})
    assert await backups.load(kept.id) == data
    assert await backups.get(kept.id) == kept
    assert await backups.fingerprints(kept.id) == {"a": "b"}
    assert max((await pieces(redis)).values()) <= PIECE_BYTES


async def test_everything_that_is_known_about_a_backup_comes_back(redis: Redis) -> None:
    row = {"Grace": 60, "Music": Audio("u.wav", "größe.wav"), "Off": False, "Of": (Ref(POOL, "1-2"), None, {"x": 1.5})}
    data = export()
    kept = replace(backup_of(data, "b1"), settings=row, warnings=("One queue has no group.",), source="pool-b.x.com")
    await Backups(redis).save(kept, data, FINGERPRINTS)
    found = await Backups(redis).get("b1")
    assert found == kept and isinstance(found.settings["Of"], tuple)
    assert await Backups(redis).fingerprints("b1") == FINGERPRINTS


async def before(packed: bytes, send: Send) -> None:
    raise ConnectionError("lost before it was sent")


async def halfway(packed: bytes, send: Send) -> None:
    await send(packed[: len(packed) // 2])
    raise ConnectionError("lost in the middle")


async def after(packed: bytes, send: Send) -> None:
    await send(packed)
    raise ConnectionError("lost after it was sent")


async def cancelled(packed: bytes, send: Send) -> None:
    raise asyncio.CancelledError


@pytest.mark.parametrize("accident", [before, halfway, after, cancelled])
async def test_an_accident_at_any_moment_leaves_the_backup_or_nothing(redis: Redis, redis_url: str, accident) -> None:
    backups, old, new = Backups(redis), export(day=1), export(day=2, members=2, size=600_000, changed=2)
    older, newer = backup_of(old, "old", taken_at=1.0), backup_of(new, "new", taken_at=2.0)
    survived, moment, finished = 0, 0, False
    while not finished:
        await redis.flushall()
        await redis.script_flush()
        await backups.save(older, old, FINGERPRINTS)
        finished = await interrupted(redis_url, newer, new, accident, moment)
        newest = await backups.newest(POOL, 1e12)
        survived += newest == newer
        assert newest in (older, newer) and (newest == newer or not await redis.exists("backup:new"))
        assert await backups.load(newest.id) == (new if newest == newer else old)
        await backups.save(newer, new, FINGERPRINTS)
        assert await backups.newest(POOL, 1e12) == newer and await backups.load("new") == new
        moment += 1
    assert moment >= 8 and survived == (2 if accident is after else 1)


async def interrupted(url: str, backup: Backup, data: bytes, accident, moment: int) -> bool:
    """Saves with an accident at the given sending; whether it was over before that."""
    sent = 0

    async def hook(packed: bytes, send: Send) -> None:
        nonlocal sent
        sent += 1
        await (accident(packed, send) if sent == moment + 1 else send(packed))

    async with wired(url, hook) as client:
        try:
            await Backups(client).save(backup, data, FINGERPRINTS)
        except (StoreAway, asyncio.CancelledError):
            return False
    assert sent <= moment
    return True


async def test_of_two_who_save_the_same_id_the_first_to_finish_stays(redis: Redis, redis_url: str) -> None:
    first, second = export(day=1), export(day=2, changed=2)
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def hook(packed: bytes, send: Send) -> None:
        if b"EVALSHA" in packed:
            reached.set()
            await go_on.wait()
        await send(packed)

    async with wired(redis_url, hook) as slow:
        late = asyncio.create_task(Backups(slow).save(backup_of(second, "b1", taken_at=2.0), second, {}))
        await reached.wait()
        await Backups(redis).save(backup_of(first, "b1", taken_at=1.0), first, FINGERPRINTS)
        go_on.set()
        await late
    assert await Backups(redis).page(POOL) == (backup_of(first, "b1", taken_at=1.0),)
    assert await Backups(redis).load("b1") == first and await Backups(redis).fingerprints("b1") == FINGERPRINTS


async def read_all(backups: Backups) -> None:
    await backups.load("b1")
    await backups.fingerprints("b1")


async def test_every_piece_that_is_missing_changed_or_swapped_is_found_and_named(redis: Redis) -> None:
    backups, data = Backups(redis), export(members=6, size=400)
    await backups.save(backup_of(data, "b1"), data, FINGERPRINTS)
    await read_all(backups)
    stored = {key: await redis.get(key) for key in await pieces(redis)}
    assert len(stored) == 9
    for key, other in zip(stored, [*list(stored)[1:], next(iter(stored))], strict=True):
        whole = stored[key]
        at = len(whole) // 2
        flipped = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
        for wrong in (None, flipped, whole[:-1], whole + b"\0", b"", stored[other]):
            await (redis.delete(key) if wrong is None else redis.set(key, wrong))
            with pytest.raises(Damaged, match=rf"piece \d of \d of its \w+ \({key[6:18].decode()}\) is (missing|not)"):
                await read_all(backups)
        await redis.set(key, whole)
    await read_all(backups)


async def test_a_record_that_was_changed_anywhere_is_found(redis: Redis) -> None:
    backups, data = Backups(redis), export(members=2)
    await backups.save(backup_of(data, "b1"), data, {})
    whole = await redis.get("backup:b1")
    for at in range(len(whole)):
        await redis.set("backup:b1", whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(Damaged, match="its record is not what was stored"):
            await backups.get("b1")


async def test_sound_pieces_that_make_another_file_are_found(redis: Redis) -> None:
    backups, data = Backups(redis), export(members=2)
    await backups.save(backup_of(data, "b1"), data, {})
    record = msgspec.msgpack.decode((await redis.get("backup:b1"))[len(b"kept::") + 32 :], type=BackupRecord)
    body = msgspec.msgpack.encode(msgspec.structs.replace(record, backup=replace(record.backup, sha256="0" * 64)))
    await redis.set("backup:b1", b"kept::" + hashlib.sha256(body).digest() + body)
    with pytest.raises(Damaged, match="do not make the file that was stored"):
        await backups.load("b1")


async def test_a_piece_that_was_cut_short_is_sent_again_by_the_next_backup(redis: Redis) -> None:
    backups, data = Backups(redis), export()
    await backups.save(backup_of(data, "b1"), data, {})
    for key in await pieces(redis):
        await redis.set(key, b"short")
    await backups.save(backup_of(data, "b2"), data, {})
    assert await backups.load("b2") == data


async def test_a_day_on_which_one_recording_in_a_hundred_changed_costs_little(redis: Redis) -> None:
    backups = Backups(redis)
    first, second = export(day=1, members=100, size=20_000), export(day=2, members=100, size=20_000, changed=1)
    await backups.save(backup_of(first, "b1", taken_at=1.0), first, FINGERPRINTS)
    stored = sum((await pieces(redis)).values())
    await redis.config_resetstat()
    await backups.save(backup_of(second, "b2", taken_at=2.0), second, FINGERPRINTS)
    grown = sum((await pieces(redis)).values()) - stored
    assert stored < 1.01 * len(first) and grown < 0.02 * len(second)
    # One recording, the headers, the layout; the record is set by the script.
    assert (await redis.info("commandstats"))["cmdstat_set"]["calls"] == 4
    assert await backups.load("b1") == first and await backups.load("b2") == second


async def test_no_single_sending_is_longer_than_a_stride(redis: Redis, redis_url: str) -> None:
    largest = 0

    async def hook(packed: bytes, send: Send) -> None:
        nonlocal largest
        largest = max(largest, len(packed))
        await send(packed)

    data = export(members=40, size=400_000)
    async with wired(redis_url, hook) as client:
        await Backups(client).save(backup_of(data, "b1"), data, {})
    assert largest == STRIDE_BYTES


async def test_fingerprints_of_any_number_are_kept_in_pieces_too(redis: Redis) -> None:
    many = {f"Queue/q{n}": hashlib.sha256(b"%d" % n).hexdigest() for n in range(40_000)}
    await Backups(redis).save(backup_of(b"x", "b1"), b"x", many)
    assert await Backups(redis).fingerprints("b1") == many
    assert max((await pieces(redis)).values()) == PIECE_BYTES


async def test_an_export_that_changed_on_the_way_is_not_kept(redis: Redis) -> None:
    data = export()
    with pytest.raises(Damaged, match="changed while it was carried"):
        await Backups(redis).save(backup_of(data, "b1"), data[:-1] + b"x", {})
    assert await redis.keys("*") == [b"pieces:counted"]


async def test_backups_are_paged_from_the_newest_even_when_taken_in_the_same_second(redis: Redis) -> None:
    backups, data = Backups(redis), b"x"
    kept = [backup_of(data, f"b{n:02}", taken_at=float(n // 3)) for n in range(12)]
    for backup in random.Random(1).sample(kept, 12):
        await backups.save(backup, data, {})
    await backups.save(backup_of(data, "other", pool="pool-b.contoso.com", taken_at=99.0), data, {})
    newest_first = kept[::-1]
    pages = [await backups.page(POOL, count=5)]
    while pages[-1] and len(pages) < 5:
        pages.append(await backups.page(POOL, before=pages[-1][-1].id, count=5))
    assert [list(page) for page in pages] == [newest_first[:5], newest_first[5:10], newest_first[10:], []]
    assert await backups.newest(POOL, 1e12) == newest_first[0]
    assert await backups.pools() == ("pool-a.contoso.com", "pool-b.contoso.com")


async def test_a_backup_that_is_not_listed_is_none_of_the_pool_s_until_it_is_enlisted(redis: Redis) -> None:
    backups, data = Backups(redis), export()
    kept = replace(backup_of(data, "b1"), settings={"Music": Audio("u", "o")})
    assert await backups.find("b1") is None
    await backups.save(kept, data, FINGERPRINTS, listed=False)
    assert await backups.newest(POOL, 1e12) is None and await backups.pools() == ()
    assert await backups.find("b1") == kept and await backups.load("b1") == data
    told = replace(kept, warnings=("One queue has no group.",))
    assert await backups.enlist("b1", told.warnings) == told == await backups.enlist("b1", told.warnings)
    assert await backups.page(POOL) == (told,) and await backups.pools() == (POOL,)
    assert await backups.load("b1") == data and await backups.fingerprints("b1") == FINGERPRINTS


async def test_a_pool_without_backups_has_no_newest_and_an_empty_page(redis: Redis) -> None:
    assert await Backups(redis).newest(POOL, 1e12) is None
    assert await Backups(redis).page(POOL) == () == await Backups(redis).pools()


@pytest.mark.parametrize("ask", [Backups.get, Backups.load, Backups.fingerprints])
async def test_an_unknown_backup_is_said_to_be_unknown(redis: Redis, ask) -> None:
    with pytest.raises(BadInput, match="There is no backup nowhere"):
        await ask(Backups(redis), "nowhere")
    with pytest.raises(BotError, match="There is no backup nowhere of pool-a"):
        await Backups(redis).page(POOL, before="nowhere")


async def test_a_part_whose_pieces_are_equal_to_each_other_keeps_every_one_of_them(redis: Redis) -> None:
    """What stands before the first member counts as header: here three pieces of it are one and the same."""
    data = bytes(3 * PIECE_BYTES) + export()
    await Backups(redis).save(backup_of(data, "b1"), data, {})
    assert await Backups(redis).load("b1") == data
