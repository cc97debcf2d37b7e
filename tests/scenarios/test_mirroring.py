"""Backups go off-site whatever the mirror does, the oldest first, manifest last, and nothing ever waits for it."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.chores.mirroring import LATE_S, backoff
from bot.chores.rows import off_site
from bot.domain.backups.offsite import NONE, OffSite
from bot.domain.errors import Damaged
from storage.vault.mirror import manifest_path, piece_path
from storage.vault.sealing import Keyring
from tests.patience import PATIENCE_S
from tests.peers import S3, bucket_at, lock_door, mute, peer, relay, says
from tests.scenarios.offsite import DAY_S, START, A, B, House
from tests.storage.test_backups import backup_of, export
from tests.storage.test_companions import FILES, copy

NOW = START + 10 * DAY_S
KEY = Keyring((b"k" * 32,))

FAULTS = ("is not there: create it, or mount it.", "correct the url under [mirror].", "yet.")


async def whole_off_site(house: House, id: str) -> bool:
    """Whether everything of this backup lies there and is sound."""
    backup = await house.backups.get(id)
    record = await house.mirror.get(manifest_path(backup.pool, backup.taken_at, id), lambda raw: True)
    pieces = [await house.mirror.fetch(name) for name in await house.backups.parts(id)]
    return record == await house.backups.record(id) and None not in pieces


async def everything(house: House) -> set[str]:
    return {path for under in ("pieces", "backups", "state") for path in await house.off_site(under)}


async def test_everything_that_is_listed_gets_a_copy_and_each_piece_once(redis: Redis, place: OffSite) -> None:
    house = House(redis, place)
    kept = await house.keep(days=3)
    assert await house.mirroring().lag(NOW) == 9 * DAY_S
    await house.mirroring().work(NOW)

    assert all([await whole_off_site(house, id) for id in kept])
    assert len(await house.off_site("backups")) == len(kept) == 6
    names = {name for id in kept for name in await house.backups.parts(id)}
    assert await house.off_site("pieces") == {piece_path(name) for name in names}
    assert {keeping.mirrored_at for keeping in await house.keepings.read(kept)} == {NOW}
    assert await house.mirroring().lag(NOW) is None and await house.said() == {}


@pytest.mark.parametrize("key", ["notice:mirror:none", "keeping:{}", "companions"])
async def test_what_cannot_be_read_beside_it_keeps_no_backup_from_its_copy(
    redis: Redis, tmp_path: Path, key: str
) -> None:
    house = House(redis, OffSite(folder=str(tmp_path)))
    kept = await house.keep(days=2)
    garbage = key.format(next(iter(kept)))
    await redis.delete(garbage)
    await redis.set(garbage, b"\xff\xfe{")
    with suppress(Damaged):
        await house.mirroring().work(NOW)
    assert all([await whole_off_site(house, id) for id in kept])
    assert await redis.get(garbage) == b"\xff\xfe{"


async def test_what_is_not_listed_is_not_copied_and_what_is_listed_later_is(redis: Redis, tmp_path: Path) -> None:
    house, data = House(redis, OffSite(folder=str(tmp_path))), export()
    mirroring = house.mirroring()
    await house.backups.save(backup_of(data, "b1"), data, {}, listed=False)
    await mirroring.work(NOW)
    assert await house.off_site("backups") == set() and await mirroring.lag(NOW) is None

    await house.backups.enlist("b1", ("One queue has no group.",))
    await mirroring.work(NOW + 30)
    assert await whole_off_site(house, "b1")


async def test_a_removed_backup_is_waited_for_no_longer(redis: Redis, tmp_path: Path) -> None:
    house = House(redis, OffSite(folder=str(tmp_path)))
    kept = await house.keep(days=2, pools=(A,))
    for id in kept:
        assert await house.backups.remove(id)
    assert await house.mirroring().lag(NOW) is None


async def test_sealed_pieces_and_records_go_as_they_are_stored(redis: Redis, tmp_path: Path) -> None:
    house, data = House(redis, OffSite(folder=str(tmp_path)), KEY), export(members=2, size=400)
    kept = replace(backup_of(data, "b1"), warnings=("Anna's queue is empty.",))
    await house.backups.save(kept, data, {})
    await house.keepings.pin("b1", "anna", "Anna wants it")
    await house.mirroring().work(NOW)

    assert await whole_off_site(house, "b1")
    written = b"".join([await house.mirror.get(path, lambda raw: True) or b"" for path in await everything(house)])
    assert len(written) > len(data) and b"Anna" not in written and data[100:140] not in written
    assert hashlib.sha256(data).hexdigest().encode() not in written


async def test_every_death_at_a_put_leaves_whole_copies_or_none_and_the_next_start_goes_on(
    redis: Redis, s3: S3
) -> None:
    """Each death is a cancelled process whose request may have arrived or not."""
    house = House(redis, None)
    kept = await house.keep(days=1, pools=(A,), members=1)
    put, finished = 0, False
    while not finished:
        await redis.delete("mirror", *(f"keeping:{id}" for id in kept))
        await house.copied.add({id: START for id in kept})
        house.place = s3.bucket()
        finished = await killed_at(house, s3, put)
        there = {path.rpartition("-backup")[2] for path in await house.off_site("backups")}
        for id in kept:
            assert (id.removeprefix("backup") not in there) or await whole_off_site(house, id)
        await house.mirroring().work(NOW + 60)
        assert all([await whole_off_site(house, id) for id in kept]) and await house.mirroring().lag(NOW) is None
        put += 1
    assert put >= 6


async def killed_at(house: House, s3: S3, number: int) -> bool:
    """A turn that dies at the put of that number; whether it was over before."""
    at, seen = asyncio.Event(), 0

    def fate(head: bytes) -> bool:
        nonlocal seen
        seen += head.startswith(b"PUT")
        if head.startswith(b"PUT") and seen > number:
            at.set()
        return at.is_set() and number % 2 == 0

    straight = house.place
    assert straight is not None
    async with relay(s3.port, fate) as place:
        house.place = replace(place, bucket=straight.bucket)
        turn = asyncio.create_task(house.mirroring().work(NOW))
        dying = asyncio.create_task(at.wait())
        await asyncio.wait((turn, dying), return_when=asyncio.FIRST_COMPLETED)
        over = turn.done()
        for task in (turn, dying):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
    house.place = straight
    return over and not at.is_set()


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (mute, "does not answer in time"),
        (says("200 OK", b"wrong"), "no longer holds what was put there"),
        (says("500 Oh"), "answers with an error (500)"),
        (says("403 Forbidden"), "does not allow this (403)"),
        (
            says("403 Forbidden", b"<Error><Code>RequestTimeTooSkewed</Code></Error>"),
            "refuses this machine's clock",
        ),
    ],
)
async def test_a_bad_mirror_is_told_and_the_copy_catches_up(redis: Redis, s3: S3, answer, sentence: str) -> None:
    good = s3.bucket()
    house = House(redis, good)
    await house.mirroring().work(NOW)
    async with peer(answer) as bad:
        # Whoever answers may take his time on a bad day.
        turned = replace(house, place=bad, patience_s=0.3 if answer is mute else house.patience_s)
        mirroring = turned.mirroring()
        # The same place in words, so that it is the same mirror that turned bad.
        mirroring._mirror.where = good.where
        await house.keep(days=1)
        await mirroring.work(NOW)
        for failure in range(4):
            await mirroring.work(NOW + 900 * (failure + 1))
        assert sentence in mirroring.fault
        assert await mirroring.lag(NOW) == 9 * DAY_S
        said = (await house.said())["mirror"]
        assert said.startswith("The off-site copy lags 9 days: ") and sentence in said

    await house.mirroring().work(NOW + 4_000)
    assert await house.mirroring().lag(NOW) is None and await house.said() == {}


async def test_a_mirror_that_hangs_holds_up_no_backup(redis: Redis) -> None:
    asked = asyncio.Event()

    async def hangs(head: bytes, taken: bytes, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await mute(head, taken, writer)

    async with peer(hangs) as bad:
        house = House(redis, bad, patience_s=10 * PATIENCE_S)
        turn = asyncio.create_task(house.mirroring().work(NOW))
        async with asyncio.timeout(PATIENCE_S):
            await asked.wait()
            kept = await house.keep(days=1)
        assert not turn.done() and [await house.backups.load(id) for id in kept] == list(kept.values())
        turn.cancel()
        await asyncio.wait((turn,))


async def test_a_place_that_cannot_be_found_is_never_called_complete(redis: Redis, tmp_path: Path, s3: S3) -> None:
    for number, place in enumerate((OffSite("/nowhere"), bucket_at(s3.port, "never-made"), OffSite(str(tmp_path)))):
        said = await off_site(place, House(redis, place).kept, NOW)
        assert "complete" not in said and said.endswith(FAULTS[number]), said

    house = House(redis, OffSite(str(tmp_path / "disk")))
    (tmp_path / "disk").mkdir()
    await house.keep(days=1)
    await house.mirroring().work(NOW)
    assert await off_site(house.place, house.kept, NOW) == f"Off-site copy: complete, at {tmp_path}/disk."
    (tmp_path / "disk").rename(tmp_path / "away")
    assert (await off_site(house.place, house.kept, NOW)).endswith("is not there: create it, or mount it.")
    (tmp_path / "disk").mkdir()
    assert "no longer holds what was put there: mount it" in await off_site(house.place, house.kept, NOW)


async def test_a_bucket_with_object_lock_takes_every_backup(redis: Redis, s3: S3) -> None:
    kept = s3.locked()
    async with lock_door(s3.port) as way:
        house = House(redis, replace(way, bucket=kept.bucket))
        backups = await house.keep(days=2)
        await house.mirroring().work(NOW)
        assert all([await whole_off_site(house, id) for id in backups]) and await house.said() == {}


async def test_a_missing_bucket_or_folder_is_told_after_a_few_tries(redis: Redis, s3: S3) -> None:
    for place, sentence in (
        (bucket_at(s3.port, "never-made"), "no such bucket"),
        (OffSite("/nowhere"), "is not there"),
    ):
        mirroring = House(redis, place).mirroring()
        for turn in range(3):
            await mirroring.work(NOW + turn * 900)
        (said,) = (await House(redis, None).said()).values()
        assert said.startswith("The off-site copy cannot be used: ") and sentence in said


async def test_while_it_waits_a_mirror_that_failed_is_left_alone(redis: Redis) -> None:
    asked = 0

    async def count(head: bytes, taken: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        writer.write(b"HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n")

    async with peer(count) as place:
        mirroring = House(redis, place).mirroring()
        for seconds in range(0, 120, 5):
            await mirroring.work(NOW + seconds)
    assert asked == 3  # at 0, 30 and 90 seconds


def test_the_wait_doubles_up_to_fifteen_minutes_and_jitter_takes_off_up_to_half() -> None:
    assert [backoff(n, 0.0) for n in range(1, 8)] == [30, 60, 120, 240, 480, 900, 900]
    assert backoff(1, 1.0) == 15 and backoff(10_000, 0.5) == 675


async def test_damage_on_the_mirror_is_mended_beside_it_and_told(redis: Redis, tmp_path: Path) -> None:
    house = House(redis, OffSite(folder=str(tmp_path)))
    await house.keep(days=1, pools=(A,))
    await house.mirroring().work(NOW)
    names = await house.backups.parts(f"backup-{A}-1")
    for name in names[:2]:
        (tmp_path / piece_path(name)).write_bytes(b"rotten")
    assert await house.mirror.fetch(names[0]) is None

    mirroring = house.mirroring()
    await house.keep(days=1, pools=(B,))
    await mirroring.work(NOW + 30)
    assert (await house.said())["mirror:damaged"].startswith("The off-site copy was damaged in 2 places")
    assert (tmp_path / piece_path(names[0])).read_bytes() == b"rotten"
    assert await house.mirror.fetch(names[0]) is not None
    assert await whole_off_site(house, f"backup-{A}-1") and await whole_off_site(house, f"backup-{B}-1")
    await mirroring.work(NOW + 60)
    assert "mirror:damaged" not in await house.said()


async def test_a_backup_that_is_damaged_here_stops_no_other_and_gets_no_manifest(redis: Redis, tmp_path: Path) -> None:
    house = House(redis, OffSite(folder=str(tmp_path)))
    await house.keep(days=3, pools=(A,))
    first, second = [set(await house.backups.parts(f"backup-{A}-{day}")) for day in (1, 2)]
    (own,) = [name for name in first - second if await redis.strlen(f"piece:{name}") == 3_000]
    await redis.set(f"piece:{own}", b"rotten")
    mirroring = house.mirroring()
    await mirroring.work(NOW)
    assert {path.rpartition("-")[2] for path in await house.off_site("backups")} == {"2", "3"}
    assert await mirroring.lag(NOW) == 9 * DAY_S and mirroring.fault == ""
    assert "damaged here" in (await house.said())["mirror"]


async def test_an_emptied_or_unmounted_place_is_noticed_instead_of_trusted(redis: Redis, tmp_path: Path) -> None:
    there, gone = tmp_path / "there", tmp_path / "gone"
    there.mkdir()
    house = House(redis, OffSite(folder=str(there)))
    await house.mirroring().work(NOW)
    there.rename(gone)
    there.mkdir()
    await house.keep(days=1)
    mirroring = house.mirroring()
    await mirroring.work(NOW + 30)
    assert "no longer holds what was put there" in mirroring.fault and list(there.iterdir()) == []
    assert await mirroring.lag(NOW) == 9 * DAY_S


async def test_a_new_place_gets_every_backup_again(redis: Redis, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.mkdir(), new.mkdir()
    house = House(redis, OffSite(folder=str(old)))
    kept = await house.keep(days=2)
    await house.mirroring().work(NOW)
    house.place = OffSite(folder=str(new))
    await house.mirroring().work(NOW + LATE_S)
    assert all([await whole_off_site(house, id) for id in kept])
    assert {keeping.mirrored_at for keeping in await house.keepings.read(kept)} == {NOW + LATE_S}


async def test_without_a_mirror_one_warning_stands_until_there_is_one(redis: Redis, tmp_path: Path) -> None:
    house = House(redis, None)
    for key in ("mirror", "mirror:damaged"):
        await house.notices.say(key, "The off-site copy that there was is in a bad way.", NOW - 60)
    for turn in range(3):
        await house.mirroring().work(NOW + 30 * turn)
    assert await house.said() == {"mirror:none": NONE}
    assert [notice.count for notice in await house.notices.standing()] == [1], "a state is nothing to be counted"
    house.place = OffSite(folder=str(tmp_path))
    await house.mirroring().work(NOW + 90)
    assert await house.said() == {}


async def test_what_is_remembered_is_written_when_it_changes_and_only_then(redis: Redis, tmp_path: Path) -> None:
    house = House(redis, OffSite(folder=str(tmp_path)))
    await house.keep(days=1)
    mirroring = house.mirroring()
    for turn in range(3):
        await mirroring.work(NOW + 30 * turn)
    assert len(await house.off_site("state")) == 1
    await house.keepings.pin(f"backup-{A}-1", "anna", "for ever")
    await mirroring.work(NOW + 1_000)
    await mirroring.work(NOW + 1_030)
    assert len(await house.off_site("state")) == 2


async def test_a_copy_of_a_companion_that_cannot_be_read_stops_no_backup(redis: Redis, tmp_path: Path) -> None:
    house = House(redis, OffSite(folder=str(tmp_path)))
    await house.companions.keep(copy("one"), FILES)
    kept = await house.keep(days=1)
    for name in await house.companions.parts("one"):
        await redis.set(f"piece:{name}", b"rotten")
    await house.mirroring().work(NOW)
    assert all([await whole_off_site(house, id) for id in kept])
    assert await house.off_site("companions") == set()
    assert await house.mirroring().lag(NOW) is None
