"""A Redis that was wiped comes back from the off-site copy alone: byte for byte, whole or named, and never half."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.commands.restore import Restoring
from bot.domain.backups.offsite import OffSite
from bot.domain.errors import BadInput, MirrorAway, NoRoom
from bot.domain.model import PoolRecord, PoolState
from storage.backups.off_site import OffSiteCopies
from storage.vault.mirror import manifest_path, piece_path
from storage.vault.sealing import PLAIN, Keyring, fingerprint
from tests.patience import PATIENCE_S
from tests.peers import S3, relay
from tests.scenarios.house import house as at_home
from tests.scenarios.offsite import DAY_S, START, A, B, House
from tests.storage.test_backups import FINGERPRINTS
from tests.storage.test_companions import FILES, copy

ROOT = Path(__file__).parents[2]
NOW = START + 10 * DAY_S
KEY, OTHER = b"k" * 32, b"o" * 32
FAILED_OVER = PoolRecord(A, PoolState.FAILED_OVER, START, "run-7", "", {"backup": f"backup-{A}-2"})


async def filled(redis: Redis, place: OffSite, keyring: Keyring = PLAIN, days: int = 3) -> Mapping[str, bytes]:
    """Backups that were copied off-site; one is pinned, one shrank, and a pool is failed over. Then Redis is wiped."""
    house = House(redis, place, keyring)
    kept = await house.keep(days=days)
    await house.keepings.pin(f"backup-{A}-2", "run-7", "it was imported")
    await house.keepings.shrunk(f"backup-{B}-1", "It holds half of what it held.")
    await house.runs.put_back(FAILED_OVER)
    await house.mirroring().work(NOW)
    assert await house.mirroring().lag(NOW) is None
    await redis.flushall()
    return kept


async def restored(house: House) -> tuple[bool, list[str]]:
    """Whether everything came back, and what was said."""
    said: list[str] = []
    restoring = Restoring(house.kept, house.mirror, said.append, NOW + 100)
    return await restoring.restore(), said


async def all_is_back(house: House, kept: Mapping[str, bytes]) -> None:
    for id, data in kept.items():
        assert await house.backups.load(id) == data
        assert await house.backups.fingerprints(id) == FINGERPRINTS
    assert await house.backups.pools() == (A, B)
    newest = [(await house.backups.newest(pool, 1e12)).id for pool in (A, B)]
    assert newest == [f"backup-{pool}-{len(kept) // 2}" for pool in (A, B)]


@pytest.mark.parametrize("keyring", [PLAIN, Keyring((KEY,))], ids=["plain", "sealed"])
async def test_everything_comes_back_byte_for_byte(redis: Redis, place: OffSite, keyring: Keyring) -> None:
    kept = await filled(redis, place, keyring)
    house = House(redis, place, keyring)
    well, said = await restored(house)

    assert well
    await all_is_back(house, kept)
    pinned, shrunk = await house.keepings.read([f"backup-{A}-2", f"backup-{B}-1"])
    assert pinned.pins == {"run-7": "it was imported"} and shrunk.shrunk == "It holds half of what it held."
    assert {keeping.mirrored_at for keeping in await house.keepings.read(kept)} == {NOW + 100}
    assert await house.runs.records([A, B]) == {A: FAILED_OVER, B: PoolRecord(B)}
    assert said[0].startswith(f"1 of 6: {A}: backup of ") and said[1].startswith(f"2 of 6: {B}: backup of ")
    assert f"{A}         3             0  failed over" in said
    # What came from there has its copy there, and the next turn has nothing to do.
    await house.mirroring().work(NOW + 200)
    assert await house.mirroring().lag(NOW) is None and await house.said() == {}
    assert {keeping.mirrored_at for keeping in await house.keepings.read(kept)} == {NOW + 100}


@pytest.mark.parametrize("keyring", [PLAIN, Keyring((KEY,))], ids=["plain", "sealed"])
async def test_the_newest_copies_of_companions_come_back_too(redis: Redis, place: OffSite, keyring: Keyring) -> None:
    house = House(redis, place, keyring)
    for id, at in (("older", START), ("newer", START + DAY_S)):
        await house.companions.keep(copy(id, at=at), FILES)
    await house.mirroring().work(NOW)
    await house.mirroring().work(NOW + 30)
    await redis.flushall()

    house = House(redis, place, keyring)
    assert (await restored(house))[0]
    assert await house.companions.page(A, "announcements") == (copy("newer", at=START + DAY_S),)
    for name, data in FILES.items():
        assert await house.companions.load("newer", name) == data


@pytest.mark.parametrize("what", ["backups", "companions"])
async def test_onto_a_full_disk_nothing_is_restored_and_one_sentence_says_so(
    redis: Redis, tmp_path: Path, what: str
) -> None:
    place = OffSite(folder=str(tmp_path))
    house = House(redis, place)
    if what == "backups":
        await house.keep(days=1)
    else:
        await house.companions.keep(copy("one"), FILES)
    for seconds in (0, 30):
        await house.mirroring().work(NOW + seconds)
    await redis.flushall()

    full = House(redis, place, room=lambda: 0)
    with pytest.raises(NoRoom, match="The disk of Redis is full"):
        await restored(full)
    assert await full.backups.pools() == () and await full.companions.find("one") is None

    assert (await restored(House(redis, place)))[0], "with room it goes on"


async def test_a_damaged_copy_of_a_companion_is_not_restored_from_and_named(redis: Redis, tmp_path: Path) -> None:
    place = OffSite(folder=str(tmp_path))
    house = House(redis, place)
    await house.companions.keep(copy("one"), FILES)
    await house.mirroring().work(NOW)
    (tmp_path / piece_path((await house.companions.parts("one"))[0])).write_bytes(b"rotten")
    await redis.flushall()
    well, said = await restored(House(redis, place))
    assert not well and any(line.startswith("Not restored: Copy one cannot be brought back") for line in said)
    assert await House(redis, place).companions.find("one") is None


async def test_a_redis_in_use_is_refused_and_left_as_it_is(redis: Redis, tmp_path: Path) -> None:
    place = OffSite(folder=str(tmp_path))
    await filled(redis, place)
    house = House(redis, place)
    await house.keep(days=1, pools=("pool-c.contoso.com",))
    before = {key: await redis.dump(key) for key in await redis.keys("*")}
    with pytest.raises(BadInput, match="only an empty one is filled"):
        await restored(house)
    assert {key: await redis.dump(key) for key in await redis.keys("*")} == before


async def test_after_a_whole_restore_the_next_one_is_refused(redis: Redis, tmp_path: Path) -> None:
    place = OffSite(folder=str(tmp_path))
    await filled(redis, place)
    assert (await restored(House(redis, place)))[0]
    with pytest.raises(BadInput, match="only an empty one is filled"):
        await restored(House(redis, place))


async def test_a_place_that_nothing_was_copied_to_is_refused(redis: Redis, place: OffSite) -> None:
    with pytest.raises(BadInput, match="Nothing was ever copied to"):
        await restored(House(redis, place))
    assert await redis.keys("*") == []


@pytest.mark.parametrize("keyring", [PLAIN, Keyring((OTHER,))], ids=["no key", "another key"])
async def test_without_the_key_it_is_refused_with_its_fingerprint(
    redis: Redis, tmp_path: Path, keyring: Keyring
) -> None:
    place = OffSite(folder=str(tmp_path))
    await filled(redis, place, Keyring((KEY,)))
    with pytest.raises(BadInput, match=fingerprint(KEY)):
        await restored(House(redis, place, keyring))
    assert await redis.keys("*") == []


async def test_backups_under_a_key_that_is_gone_are_named_and_the_others_come_back(
    redis: Redis, tmp_path: Path
) -> None:
    place = OffSite(folder=str(tmp_path))
    await House(redis, place, Keyring((KEY,))).keep(days=1)
    await House(redis, place, Keyring((OTHER, KEY))).keep(days=2)
    await House(redis, place, Keyring((OTHER, KEY))).mirroring().work(NOW)
    await redis.flushall()
    house = House(redis, place, Keyring((OTHER,)))
    well, said = await restored(house)
    assert not well
    assert [len(await house.backups.page(pool)) for pool in (A, B)] == [1, 1]
    assert sum(fingerprint(KEY) in line for line in said if line.startswith("Not restored")) == 2


@pytest.mark.parametrize("harm", ["a piece is gone", "a piece is damaged", "the manifest is damaged"])
async def test_what_is_damaged_off_site_is_not_restored_from_and_named(redis: Redis, tmp_path: Path, harm: str) -> None:
    place = OffSite(folder=str(tmp_path))
    before = House(redis, place)
    kept = await before.keep(days=2, pools=(A,))
    hurt = f"backup-{A}-1"
    own = set(await before.backups.parts(hurt)) - {
        name for id in kept if id != hurt for name in await before.backups.parts(id)
    }
    await before.mirroring().work(NOW)
    await redis.flushall()
    path = manifest_path(A, START + DAY_S, hurt) if "manifest" in harm else piece_path(sorted(own)[0])
    if "gone" in harm:
        (tmp_path / path).unlink()
    else:
        raw = bytearray((tmp_path / path).read_bytes())
        raw[len(raw) // 2] ^= 1
        (tmp_path / path).write_bytes(raw)

    house = House(redis, place)
    well, said = await restored(house)
    assert not well and [line for line in said if line.startswith(f"Not restored: {A}: backup of ")]
    assert await house.backups.find(hurt) is None
    for id in set(kept) - {hurt}:
        assert await house.backups.load(id) == kept[id]


async def test_a_manifest_under_another_ones_name_is_not_restored_from(redis: Redis, tmp_path: Path) -> None:
    place = OffSite(folder=str(tmp_path))
    await filled(redis, place, days=2)
    old, new = (tmp_path / manifest_path(A, START + day * DAY_S, f"backup-{A}-{day}") for day in (1, 2))
    new.write_bytes(old.read_bytes())
    house = House(redis, place)
    assert not (await restored(house))[0]
    assert [backup.id for backup in await house.backups.page(A)] == [f"backup-{A}-1"]


async def test_the_newest_sound_memory_is_used_and_none_is_said(redis: Redis, tmp_path: Path) -> None:
    place = OffSite(folder=str(tmp_path))
    await filled(redis, place)
    (state,) = (tmp_path / "state").iterdir()
    newer = state.with_name(state.name.replace("1795", "1799", 1))
    newer.write_bytes(b"rotten")
    assert newer != state and (await restored(House(redis, place)))[0]
    assert (await House(redis, place).runs.records([A]))[A] == FAILED_OVER

    await redis.flushall()
    state.write_bytes(b"rotten")
    well, said = await restored(House(redis, place))
    assert well and any("nothing sound about them lies off-site" in line for line in said)


def everything_in(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


async def test_a_bot_on_an_empty_redis_does_not_spoil_the_place_that_it_is_to_be_restored_from(
    redis: Redis, tmp_path: Path
) -> None:
    place = OffSite(folder=str(tmp_path))
    await filled(redis, place)
    before = everything_in(tmp_path)
    house = House(redis, place)
    await house.keep(days=1)
    mirroring = house.mirroring()
    await mirroring.work(NOW + DAY_S)
    assert "holds backups that this Redis never had" in mirroring.fault
    assert everything_in(tmp_path) == before
    await redis.flushall()
    assert (await restored(House(redis, place)))[0]
    assert (await House(redis, place).runs.records([A]))[A] == FAILED_OVER


async def test_while_a_restore_has_not_ended_no_bot_starts_and_none_does_a_chore(redis: Redis, tmp_path: Path) -> None:
    place = OffSite(folder=str(tmp_path / "offsite"))
    await OffSiteCopies(redis).begin_restoring(place.where)
    with pytest.raises(BadInput, match="has not ended"):
        async with at_home(redis, mirror=place):
            pass
    assert await redis.keys("turn:*") == [] and await redis.exists("runs") == 0
    async with at_home(redis, mirror=None):
        pass


async def test_every_death_while_restoring_leaves_whole_backups_and_the_next_start_goes_on(
    redis: Redis, s3: S3
) -> None:
    place = s3.bucket()
    kept = await filled(redis, place, days=2)
    request, finished = 6, False
    while not finished:
        await redis.flushall()
        finished = await killed_at(redis, s3, place, request)
        house = House(redis, place)
        for pool in await house.backups.pools():
            for backup in await house.backups.page(pool):
                assert await house.backups.load(backup.id) == kept[backup.id]
        if not finished:
            assert (await restored(house))[0]
        await all_is_back(house, kept)
        request += 3
    assert request > 20


async def killed_at(redis: Redis, s3: S3, place: OffSite, number: int) -> bool:
    """A restore that dies at the request of that number; whether it was over before."""
    at, seen = asyncio.Event(), 0

    def fate(head: bytes) -> bool:
        nonlocal seen
        seen += 1
        if seen > number:
            at.set()
        return at.is_set()

    async with relay(s3.port, fate) as way:
        # The same place in words, however it is reached.
        house = House(redis, replace(way, bucket=place.bucket))
        mirror = house.mirror
        mirror.where = place.where
        restoring = Restoring(house.kept, mirror, lambda line: None, NOW)
        work, dying = asyncio.create_task(restoring.restore()), asyncio.create_task(at.wait())
        await asyncio.wait((work, dying), return_when=asyncio.FIRST_COMPLETED)
        over = work.done() and not at.is_set()
        for task in (work, dying):
            task.cancel()
            with suppress(asyncio.CancelledError, MirrorAway):
                await task
    return over


async def test_a_mirror_that_goes_away_is_no_loss_and_the_next_start_goes_on(redis: Redis, s3: S3) -> None:
    place = s3.bucket()
    kept = await filled(redis, place, days=2)
    seen = 0

    def fate(head: bytes) -> bool:
        nonlocal seen
        seen += b"/pieces/" in head
        return b"/pieces/" in head and seen > 5

    async with relay(s3.port, fate) as way:
        house = House(redis, replace(way, bucket=place.bucket))
        mirror = house.mirror
        mirror.where = place.where
        with pytest.raises(MirrorAway):
            await Restoring(house.kept, mirror, lambda line: None, NOW).restore()
    assert (await house.runs.records([A]))[A] == FAILED_OVER, "where pools stand comes back first"
    well, said = await restored(House(redis, place))
    assert well and said[0] == "A restore from here was under way; it goes on."
    await all_is_back(House(redis, place), kept)


def command(tmp_path: Path, place: Path) -> subprocess.CompletedProcess[str]:
    """`python -m bot restore-from-mirror` with a server of its own in a new folder."""
    configuration = tmp_path / "switchback.toml"
    configuration.write_text(f'[mirror]\nfolder = "{place}"\n')
    environ = {"SWITCHBACK_CONFIG": str(configuration), "SWITCHBACK_DATA": str(tmp_path / "data")}
    argv = [sys.executable, "-m", "bot", "restore-from-mirror"]
    return subprocess.run(
        argv, cwd=ROOT, env={**os.environ, **environ}, capture_output=True, text=True, timeout=4 * PATIENCE_S
    )


async def test_the_command_fills_a_new_folder_and_tells_what_it_could_not_restore(redis: Redis, tmp_path: Path) -> None:
    place = tmp_path / "mirror"
    place.mkdir()
    await filled(redis, OffSite(folder=str(place)), days=2)
    hurt = place / manifest_path(B, START + DAY_S, f"backup-{B}-1")
    hurt.write_bytes(b"rotten")

    done = await asyncio.to_thread(command, tmp_path, place)
    assert done.returncode == 1 and done.stderr == ""
    assert (
        f"Not restored: {B}: backup of " in done.stdout and f"{A}         2             0  failed over" in done.stdout
    )
    again = await asyncio.to_thread(command, tmp_path, place)
    assert again.returncode == 2 and "only an empty one is filled" in again.stderr
    nothing = await asyncio.to_thread(command, tmp_path, tmp_path / "data")
    assert nothing.returncode == 2 and "Nothing was ever copied to" in nothing.stderr
