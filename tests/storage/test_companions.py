"""Kept copies of companions: whole or not at all, found at once, sharing pieces, gone when their time is over."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.domain.companions.kinds import COMPANIONS, ORGANISATION, Attestation, CompanionCopy, Failure, KeptFile
from bot.domain.errors import BadInput, Damaged, NoRoom
from bot.domain.groups.groups import Ref
from storage import keys
from storage.companions import KEPT_S, NEWEST_KEPT, Companions
from storage.vault.cutting import PIECE_BYTES
from storage.vault.pieces import DAY_S, Pieces
from storage.vault.records import PieceRecords
from storage.vault.sealing import PLAIN, Keyring

A, B = "pool-a.contoso.com", "pool-b.contoso.com"
NOW = 1_795_000_000.0
SOUND = b"RIFF....WAVE" + bytes(range(256)) * 5000
FILES = {"Waiting Room.wma": b"\x30\x26music", "deep\\number.wav": SOUND}
KEY, OTHER = bytes(range(32)), bytes(reversed(range(32)))


def store(redis: Redis, keyring: Keyring = PLAIN, free: int | None = None) -> Companions:
    room = None if free is None else lambda: free
    return Companions(redis, Pieces(redis, keyring, lambda: NOW), room)


def copy(id: str, kind: str = "announcements", at: float = NOW, pool: str = A, **changes: object) -> CompanionCopy:
    files = tuple(KeptFile(name, len(data), hashlib.sha256(data).hexdigest()) for name, data in FILES.items())
    kept = CompanionCopy(id, pool, kind, A, at, "the schedule", "digest", files)
    return replace(kept, **changes)


async def pieces(redis: Redis) -> set[bytes]:
    return set(await redis.keys("piece:*"))


@pytest.mark.parametrize("keyring", [PLAIN, Keyring((KEY,))], ids=["plain", "sealed"])
async def test_a_copy_comes_back_byte_for_byte(redis: Redis, keyring: Keyring) -> None:
    kept = store(redis, keyring)
    assert len(SOUND) > PIECE_BYTES
    assert await kept.keep(copy("one"), FILES) == copy("one")

    again = store(redis, keyring)
    assert await again.get("one") == copy("one")
    for name, data in FILES.items():
        assert await again.load("one", name) == data
    stored = b"".join([await redis.get(key) for key in await redis.keys("*:*") if await redis.type(key) == b"string"])
    assert (b"RIFF....WAVE" in stored) is (keyring is PLAIN)
    assert (b"Waiting Room" in stored) is (keyring is PLAIN)


async def test_rows_and_attestations_are_kept_as_they_were(redis: Redis) -> None:
    rows = ({"Identity": "Site:Berlin", "Threshold": "00:02:00", "Of": Ref(A, ""), "Names": ("a", "b"), "On": True},)
    word = Attestation(NOW - 5 * DAY_S, "the tape library", "both databases")
    kept = copy("r", "call-park-settings", files=(), rows=rows), copy("w", "archiving", files=(), attestation=word)
    for one in kept:
        assert await store(redis).keep(one, {}) == one
    newest = (await store(redis).newest([A], NOW))[A]
    assert (newest["call-park-settings"], newest["archiving"]) == kept
    assert newest["archiving"].as_of == NOW - 5 * DAY_S


async def test_the_first_copy_of_an_id_stays(redis: Redis) -> None:
    companions = store(redis)
    await companions.keep(copy("one"), FILES)
    assert await companions.keep(copy("one", by="somebody else"), FILES) == copy("one")
    assert {await redis.hget(keys.NEEDED, name) for name in await companions.parts("one")} == {b"1"}


@pytest.mark.parametrize(
    "data", [{}, {**FILES, "deep\\number.wav": SOUND[:-1] + b"x"}, {**FILES, "deep\\number.wav": b""}]
)
async def test_bytes_that_are_not_what_was_said_keep_nothing(redis: Redis, data: dict[str, bytes]) -> None:
    with pytest.raises(Damaged, match="nothing of this copy was kept"):
        await store(redis).keep(copy("one"), data)
    assert await store(redis).find("one") is None and not await pieces(redis)


async def test_what_did_not_change_needs_no_bytes_and_shares_its_pieces(redis: Redis) -> None:
    companions = store(redis)
    await companions.keep(copy("one"), FILES)
    before = await pieces(redis)

    await companions.keep(copy("two", at=NOW + 1), {}, like="one")

    assert await pieces(redis) == before
    assert await companions.load("two", "deep\\number.wav") == SOUND
    assert {await redis.hget(keys.NEEDED, name) for name in await companions.parts("two")} == {b"2"}


async def test_of_pieces_that_are_gone_or_sealed_with_an_older_key_nothing_is_shared(redis: Redis) -> None:
    await store(redis, Keyring((KEY,))).keep(copy("one"), FILES)
    with pytest.raises(Damaged):
        await store(redis, Keyring((OTHER, KEY))).keep(copy("two"), {}, like="one")

    companions = store(redis, Keyring((KEY,)))
    await redis.delete(keys.piece((await companions.parts("one"))[0]))
    with pytest.raises(Damaged, match="read the files again"):
        await companions.keep(copy("two"), {}, like="one")
    assert await companions.find("two") is None


async def test_the_newest_of_every_pool_and_kind_comes_in_one_round_trip(redis: Redis) -> None:
    companions = store(redis)
    await companions.keep(copy("old", at=NOW - 9), FILES)
    await companions.keep(copy("new", at=NOW), FILES)
    await companions.keep(copy("lis", "lis", pool=ORGANISATION), FILES)
    await companions.newest([A], NOW)  # The script is known to the server from now on.
    before = (
        (await redis.info("stats"))["total_commands_processed"],
        (await redis.info("commandstats"))["cmdstat_evalsha"],
    )

    found = await companions.newest([A, B], NOW)

    after = (await redis.info("commandstats"))["cmdstat_evalsha"]
    assert after["calls"] - before[1]["calls"] == 1
    assert found[A]["announcements"] == copy("new") and found[B]["announcements"] is None
    assert found[A]["lis"] == found[B]["lis"] == copy("lis", "lis", pool=ORGANISATION)
    assert set(found[A]) == set(COMPANIONS)


async def test_an_attestation_of_an_older_backup_does_not_take_the_place_of_a_newer_one(redis: Redis) -> None:
    companions = store(redis)
    for id, days in (("fresh", 2), ("late", 30)):
        word = Attestation(NOW - days * DAY_S, "tape")
        await companions.keep(copy(id, "archiving", files=(), attestation=word), {})
    assert (await companions.newest([A], NOW))[A]["archiving"].id == "fresh"


@pytest.mark.parametrize("days", [1 / 24, 1, 400])
async def test_a_copy_that_is_dated_in_the_future_is_never_the_newest(redis: Redis, days: float) -> None:
    companions = store(redis)
    await companions.keep(copy("ahead", at=NOW + days * DAY_S), FILES)
    assert (await companions.newest([A], NOW))[A]["announcements"] is None
    await companions.keep(copy("right", at=NOW - 60), FILES)
    assert (await companions.newest([A], NOW))[A]["announcements"] == copy("right", at=NOW - 60)


async def test_what_is_old_and_not_among_the_newest_ten_goes_with_its_pieces(redis: Redis) -> None:
    companions = store(redis)
    for number in range(14):
        await companions.keep(copy(f"{number}", at=NOW - KEPT_S - number * DAY_S - 1, files=()), {})
    alone = b"only in the oldest"
    oldest = (KeptFile("a.wav", len(alone), hashlib.sha256(alone).hexdigest()),)
    await companions.keep(copy("oldest", at=1.0, files=oldest), {"a.wav": alone})
    (name,) = await companions.parts("oldest")

    assert await companions.prune(NOW) == 5
    assert await companions.prune(NOW) == 0

    assert [kept.id for kept in await companions.page(A, "announcements", 100)] == [f"{n}" for n in range(NEWEST_KEPT)]
    assert await redis.zscore(keys.LOOSE, name) is not None and not await redis.hexists(keys.NEEDED, name)


async def test_ninety_days_are_kept_however_many_they_are(redis: Redis) -> None:
    companions = store(redis)
    for number in range(NEWEST_KEPT + 3):
        await companions.keep(copy(f"{number}", at=NOW - number * DAY_S, files=()), {})
    assert await companions.prune(NOW) == 0


async def test_a_damaged_piece_or_record_is_never_handed_out(redis: Redis) -> None:
    companions = store(redis)
    await companions.keep(copy("one"), FILES)
    await redis.set(keys.piece((await companions.parts("one"))[-1]), os.urandom(100))
    with pytest.raises(Damaged, match="Copy one is damaged"):
        await companions.load("one", "deep\\number.wav")
    stored = await redis.get(keys.companion("one"))
    await redis.set(keys.companion("one"), stored[:-1] + bytes([stored[-1] ^ 1]))
    with pytest.raises(Damaged, match="its record"):
        await companions.get("one")


async def test_a_record_that_cannot_be_read_protects_nothing_and_keeps_nobody_from_the_others(redis: Redis) -> None:
    kept = store(redis)
    for days in range(NEWEST_KEPT + 3):
        await kept.keep(copy(f"old-{days}", at=NOW - KEPT_S - (days + 1) * DAY_S), FILES)
    await kept.keep(copy("hurt"), FILES)
    await kept.keep(copy("other", "call-park-music"), FILES)
    for id in ("hurt", f"old-{NEWEST_KEPT + 2}"):
        await redis.set(keys.companion(id), b"kept::rotten")
    newest = (await kept.newest([A], NOW))[A]
    assert newest["announcements"] is None and newest["call-park-music"] == copy("other", "call-park-music")
    assert [one.id for one in await kept.page(A, "announcements", 3)] == ["old-0", "old-1"]
    assert await kept.prune(NOW) == 3
    await redis.set(
        keys.companion("other"), PieceRecords(redis, Pieces(redis)).closed(keys.companion("other"), b"no", "")
    )
    assert (await kept.newest([A], NOW))[A]["call-park-music"] is None


async def test_without_room_nothing_is_kept_and_that_is_said(redis: Redis) -> None:
    with pytest.raises(NoRoom, match="Copy one was not kept"):
        await store(redis, free=1000).keep(copy("one"), FILES)
    assert await store(redis).find("one") is None and not await pieces(redis)


async def test_why_nothing_came_by_itself_is_known_until_something_does(redis: Redis) -> None:
    companions, failure = store(redis), Failure(NOW, "pool-a does not answer.")
    await companions.failed(A, "lis", failure)
    await companions.failed(B, "announcements", failure)
    await companions.failed(A, "lis", None)
    await companions.failed(A, "call-park-music", None)
    assert await store(redis).failures() == {(B, "announcements"): failure}


async def test_what_there_is_not_is_said(redis: Redis) -> None:
    companions = store(redis)
    await companions.keep(copy("one"), FILES)
    with pytest.raises(BadInput, match="no file “x”"):
        await companions.load("one", "x")
    with pytest.raises(BadInput, match="There is no copy two"):
        await companions.get("two")
