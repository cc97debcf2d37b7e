"""What is kept is read again in turns: damage is named with the backups that need it, mended where it can be, told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest
from redis.asyncio import Redis

from bot.chores.checking import CHECK_AFTER_S, TURN_S, Checking, Fetch, FetchRecord, no_copy
from bot.domain.errors import BadInput, Damaged
from storage import keys
from storage.backups.backups import Backups
from storage.backups.keepings import Keepings
from storage.companions import Companions
from storage.notices import Notices
from storage.vault.pieces import Pieces
from storage.vault.sealing import Keyring
from tests.storage.test_backups import FINGERPRINTS, POOL, backup_of, export
from tests.storage.test_companions import FILES, copy

NOW = 1_795_000_000.0
LATER = NOW + CHECK_AFTER_S + 3600
OTHER = "pool-b.contoso.com"
RECORDING = 3_000
"""The bytes of one recording of these exports."""


@dataclass(slots=True)
class House:
    """Two days of one pool that share most pieces, and one of another pool; `copies` is what lies off-site."""

    redis: Redis
    copies: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def backups(self) -> Backups:
        return Backups(self.redis, clock=lambda: NOW)

    def checking(self, fetch: Fetch = no_copy, record: FetchRecord = no_copy) -> Checking:
        stores = (self.backups, self.companions, Keepings(self.redis), Notices(self.redis))
        return Checking(*stores, (POOL, OTHER), fetch, record)

    @property
    def companions(self) -> Companions:
        return Companions(self.redis, self.backups.pieces)

    async def fetch(self, name: str) -> bytes | None:
        return self.copies.get(name)

    async def own(self, id: str, *others: str) -> str:
        """The name of a piece that only this one of these backups needs."""
        shared = {name for other in others for name in await self.backups.parts(other)}
        return sorted(set(await self.backups.parts(id)) - shared)[0]

    async def contents(self, id: str, other: str) -> str:
        """The name of a piece of its contents that the other one does not need."""
        own = set(await self.backups.parts(id)) - set(await self.backups.parts(other))
        sizes = {name: await self.redis.strlen(keys.piece(name)) for name in own}
        return next(name for name, size in sizes.items() if size == RECORDING)

    async def spoil(self, name: str) -> None:
        data = bytearray(await self.redis.get(keys.piece(name)))
        data[0] ^= 1
        await self.redis.set(keys.piece(name), bytes(data))

    async def damage(self, *ids: str) -> list[bool]:
        return [bool(keeping.damage) for keeping in await Keepings(self.redis).read(ids)]

    async def said(self) -> Mapping[str, str]:
        return {notice.key: notice.sentence for notice in await Notices(self.redis).standing()}


async def house(redis: Redis) -> House:
    one = House(redis)
    for id, day, pool in (("b1", 1, POOL), ("b2", 2, POOL), ("c1", 3, OTHER)):
        data = export(day=day, members=6, changed=2)
        await one.backups.save(backup_of(data, id, taken_at=NOW - 90_000 + day, pool=pool), data, FINGERPRINTS)
    names = [name for id in ("b1", "b2", "c1") for name in await one.backups.parts(id)]
    return House(redis, dict(zip(names, await one.backups.pieces.raw(names), strict=True)))


async def test_a_damaged_piece_is_found_when_its_turn_comes_and_named_with_the_backups_that_need_it(
    redis: Redis,
) -> None:
    kept = await house(redis)
    await kept.spoil(await kept.own("b1", "b2", "c1"))

    await kept.checking().work(NOW + 3600)
    assert await kept.damage("b1") == [False], "nothing is due yet: it was stored an hour ago"
    await kept.checking().work(LATER)

    assert await kept.damage("b1", "b2", "c1") == [True, False, False]
    said = await kept.said()
    assert list(said) == [f"damage:{POOL}"]
    assert said[f"damage:{POOL}"].startswith("1 backup of pool-a cannot be restored: b1. The others are not touched")


async def test_a_turn_reads_every_piece_that_is_due_and_none_twice(redis: Redis) -> None:
    kept = await house(redis)
    await kept.checking().work(LATER)
    checked = [at for _, at in await kept.backups.pieces.oldest(1000)]
    assert checked and set(checked) == {LATER}
    await kept.spoil(await kept.own("b1", "b2", "c1"))
    await kept.checking().work(LATER + 60)
    assert await kept.damage("b1") == [False], "what was read a minute ago is not due again"


async def test_a_shared_piece_takes_every_backup_that_needs_it_along(redis: Redis) -> None:
    kept = await house(redis)
    shared = sorted(set(await kept.backups.parts("b1")) & set(await kept.backups.parts("c1")))[0]
    await kept.spoil(shared)
    await kept.checking().work(LATER)
    assert await kept.damage("b1", "b2", "c1") == [True, True, True]
    assert set(await kept.said()) == {f"damage:{POOL}", f"damage:{OTHER}"}


async def test_a_damaged_piece_is_fetched_again_from_the_off_site_copy(redis: Redis) -> None:
    kept = await house(redis)
    await kept.spoil(await kept.own("b2", "b1", "c1"))
    await kept.checking(kept.fetch).work(LATER)
    assert await kept.damage("b2") == [False] and not await kept.said()
    assert await kept.backups.load("b2")


async def test_a_copy_that_is_damaged_itself_mends_nothing(redis: Redis) -> None:
    kept = await house(redis)
    name = await kept.own("b2", "b1", "c1")
    await kept.spoil(name)
    spoilt = House(redis, {**kept.copies, name: kept.copies[name][:-1]})
    before = await kept.backups.pieces.raw([name])
    await kept.checking(spoilt.fetch).work(LATER)
    assert await kept.damage("b2") == [True] and await kept.backups.pieces.raw([name]) == before


async def test_when_the_copy_is_back_the_next_turn_mends_and_says_so(redis: Redis) -> None:
    kept = await house(redis)
    await kept.spoil(await kept.own("b2", "b1", "c1"))
    await kept.checking().work(LATER)
    assert await kept.damage("b2") == [True] and await kept.said()
    await kept.checking(kept.fetch).work(LATER + 600)
    assert await kept.damage("b2") == [False]
    assert not await kept.said()


async def test_a_check_on_demand_reads_every_byte_of_one_pool_and_says_what_it_came_to(redis: Redis) -> None:
    kept = await house(redis)
    sound = await kept.checking().pool(POOL, NOW)
    pieces = {name for id in ("b1", "b2") for name in await kept.backups.parts(id)}
    assert (sound.backups, sound.pieces, sound.faults) == (2, len(pieces), {})
    assert sound.sentence == f"2 backups, {len(pieces)} pieces, every byte: all sound."

    await kept.spoil(await kept.own("b1", "b2", "c1"))
    hurt = await kept.checking().pool(POOL, NOW)
    assert list(hurt.faults or ()) == ["b1"]
    assert hurt.sentence.startswith("1 of 2 backups cannot be restored any more; the other 1 can.")
    assert await kept.damage("b1", "b2") == [True, False]

    mended = await kept.checking(kept.fetch).pool(POOL, NOW)
    assert mended.sentence.startswith("1 damaged piece fetched again from the off-site copy. Now 2 backups")
    assert await kept.damage("b1") == [False]


@pytest.mark.parametrize("kind", ["its own kind", "another kind"])
async def test_a_record_that_cannot_be_read_is_found_by_the_daily_check(redis: Redis, kind: str) -> None:
    kept = await house(redis)
    await redis.delete(keys.backup("b1"))
    garbage = b"nothing like it"
    await (redis.set(keys.backup("b1"), garbage) if "its" in kind else redis.rpush(keys.backup("b1"), garbage))
    await kept.checking().records(NOW)
    assert await kept.damage("b1", "b2") == [True, False]
    assert f"damage:{POOL}" in await kept.said()


async def test_the_newest_backup_is_read_as_a_whole_every_day(redis: Redis) -> None:
    kept = await house(redis)
    older, newest = await kept.contents("b1", "b2"), await kept.contents("b2", "b1")
    await kept.spoil(older)
    await kept.spoil(newest)
    await kept.checking().records(NOW)
    assert await kept.damage("b1", "b2") == [False, True], "older ones wait for the turn of their pieces"
    with pytest.raises(Damaged, match=r"Backup b2 is damaged: piece \d of \d of its contents"):
        await kept.backups.load("b2")


async def test_a_backup_whose_list_of_pieces_is_damaged_too_is_mended_in_one_go(redis: Redis) -> None:
    kept = await house(redis)
    for name in await kept.backups.parts("c1"):
        await kept.spoil(name)
    checkup = await kept.checking(kept.fetch).pool(OTHER, NOW)
    assert not checkup.faults and len(checkup.mended) == checkup.pieces
    assert await kept.backups.load("c1")


async def test_a_backup_that_was_mended_by_storing_the_same_bytes_again_is_whole_again_next_day(redis: Redis) -> None:
    kept = await house(redis)
    name = await kept.contents("b2", "b1")
    await kept.spoil(name)
    await kept.checking().work(LATER)
    assert await kept.damage("b2") == [True]

    data = export(day=2, members=6, changed=2)
    await kept.backups.save(backup_of(data, "b3", taken_at=NOW), data, FINGERPRINTS)
    await kept.checking().records(LATER + 60)

    assert await kept.damage("b2", "b3") == [False, False]
    assert not await kept.said()


async def test_what_was_found_by_a_process_that_then_died_is_named_by_the_next_one(redis: Redis) -> None:
    kept = await house(redis)
    name = await kept.own("b1", "b2", "c1")
    await kept.spoil(name)
    assert await kept.backups.pieces.check([name], LATER) == (name,)
    await kept.checking().work(LATER)
    assert await kept.damage("b1", "b2", "c1") == [True, False, False]
    assert list(await kept.said()) == [f"damage:{POOL}"]


async def test_what_somebody_else_mended_is_whole_again_by_the_next_turn(redis: Redis) -> None:
    kept = await house(redis)
    name = await kept.own("b2", "b1", "c1")
    checking = kept.checking()
    await kept.spoil(name)
    await checking.work(LATER)
    assert await kept.damage("b2") == [True]
    assert await kept.backups.pieces.mend(name, kept.copies[name])
    await checking.work(LATER + 600)
    assert await kept.damage("b2") == [False] and not await kept.said()


async def test_a_copy_that_is_slow_to_answer_is_asked_for_no_longer_than_a_turn_goes_on(redis: Redis) -> None:
    kept, asked = await house(redis), []
    for name in await kept.backups.parts("b1"):
        await kept.spoil(name)
    await kept.checking().work(LATER)

    async def slow(name: str) -> None:
        asked.append(name)

    checking = kept.checking(slow)
    checking._stopwatch = lambda: len(asked) * TURN_S
    checking._judged = frozenset(await kept.backups.pieces.damaged())
    await checking.work(LATER + 600)
    assert len(asked) == 1


async def test_a_backup_that_is_removed_while_it_is_read_is_not_called_damaged(redis: Redis) -> None:
    kept = await house(redis)
    await kept.spoil(await kept.contents("b1", "b2"))

    async def meanwhile(name: str) -> None:
        await kept.backups.remove("b1")

    checkup = await kept.checking(meanwhile).pool(POOL, NOW)
    assert not checkup.faults and not await kept.said()
    assert [one.id for one in await kept.backups.page(POOL)] == ["b2"]


async def test_what_was_sealed_with_a_key_that_is_not_here_yet_is_not_called_damaged(redis: Redis) -> None:
    kept, newer = await house(redis), Backups(redis, Keyring((b"k" * 32,)), clock=lambda: NOW)
    data = export(day=4, members=6, changed=2)
    await newer.save(backup_of(data, "sealed", taken_at=NOW), data, FINGERPRINTS)
    checking = kept.checking()
    for check in (checking.work(LATER), checking.records(LATER), checking.pool(POOL, LATER)):
        with pytest.raises(BadInput, match="does not hold"):
            await check
    assert await kept.damage("sealed") == [False] and not await kept.backups.pieces.damaged()


async def test_a_damaged_copy_of_a_companion_is_named_until_it_is_whole_again(redis: Redis) -> None:
    kept = await house(redis)
    await kept.companions.keep(copy("music-1", "call-park-music"), FILES)
    piece = (await kept.companions.parts("music-1"))[0]
    raw = (await kept.backups.pieces.raw([piece]))[0]
    await kept.spoil(piece)
    await kept.checking().work(LATER)
    assert "music-1" in (await kept.said())["damage:companions"]
    assert raw and await kept.backups.pieces.mend(piece, raw)
    await kept.checking().records(LATER + 60)
    assert not await kept.said()


async def test_a_record_that_cannot_be_read_is_fetched_again_from_the_off_site_copy(redis: Redis) -> None:
    kept = await house(redis)
    whole = await kept.backups.record("b1")
    asked: list[tuple[str, float, str]] = []

    async def record(pool: str, taken_at: float, id: str, sound: Callable[[bytes], bool]) -> bytes | None:
        asked.append((pool, taken_at, id))
        return next(raw for raw in (b"nothing like it", whole) if sound(raw))

    await redis.set(keys.backup("b1"), b"not what was stored")
    assert not await kept.backups.mend("b1", await kept.backups.record("b2")), "it is that of another one"
    await kept.checking().records(NOW)
    assert await kept.damage("b1") == [True]
    await kept.checking(kept.fetch, record).records(NOW)

    assert await kept.damage("b1") == [False] and not await kept.said()
    assert asked == [(POOL, NOW - 89_999, "b1")]
    assert await kept.backups.record("b1") == whole
    assert not await kept.backups.mend("b1", whole), "a sound one stays"


async def test_the_daily_check_takes_no_mark_off_an_older_backup_that_is_still_damaged(redis: Redis) -> None:
    kept = await house(redis)
    await kept.spoil(await kept.contents("b1", "b2"))
    await kept.checking().work(LATER)
    await kept.checking().records(LATER + 60)
    assert await kept.damage("b1", "b2") == [True, False] and f"damage:{POOL}" in await kept.said()


async def test_a_store_that_spoils_what_it_is_given_is_not_mended_for_ever(redis: Redis) -> None:
    kept = await house(redis)
    name = await kept.contents("b2", "b1")
    asked: list[str] = []

    class Spoiling(Pieces):
        async def mend(self, name: str, raw: bytes) -> bool:
            mended = await super().mend(name, raw)
            await kept.spoil(name)
            return mended

    async def fetch(name: str) -> bytes | None:
        asked.append(name)
        return kept.copies[name]

    await kept.spoil(name)
    backups = kept.backups
    backups.pieces = Spoiling(redis, clock=lambda: NOW)
    stores = (backups, kept.companions, Keepings(redis), Notices(redis))
    checkup = await Checking(*stores, (POOL, OTHER), fetch).pool(POOL, NOW)
    assert list(checkup.faults or ()) == ["b2"] and asked == [name]
