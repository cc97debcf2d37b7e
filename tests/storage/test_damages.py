"""Whatever happens to what is stored, nothing is restored from it: ten thousand damages, and a reader that fails."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from redis.asyncio import Redis

from bot.domain.errors import Damaged
from storage import keys
from storage.backups.backups import Backups
from storage.vault.pieces import Pieces
from storage.vault.records import PieceRecords
from storage.vault.sealing import PLAIN, Keyring
from tests.storage.damages import HARMS, Read, StoredBackup, blind, injected, stored
from tests.storage.test_backups import FINGERPRINTS, POOL, backup_of, export

RINGS = {"plain": PLAIN, "sealed": Keyring((bytes(range(32)),))}
SHARES = range(4)
EACH = 1_300
"""So many damages in each of eight shares: more than ten thousand in all."""


async def kept(redis: Redis, ring: Keyring) -> Sequence[StoredBackup]:
    """Three days of one pool: they share most of their pieces."""
    backups, pieces = Backups(redis, ring), Pieces(redis, ring)
    for day in (1, 2, 3):
        data = export(day=day, members=5, size=400, changed=2)
        await backups.save(backup_of(data, f"b{day}", taken_at=1_795_000_000.0 + day), data, FINGERPRINTS)
    everything, records = await stored(redis), PieceRecords(redis, pieces)
    return [StoredBackup(f"b{day}", everything, await backups.parts(f"b{day}"), records) for day in (1, 2, 3)]


def reader(backups: Backups) -> Read:
    """Reads all that there is of a backup: the export, and what its objects are recognised by."""

    async def read(id: str) -> bytes:
        await backups.fingerprints(id)
        return await backups.load(id)

    return read


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("ring", RINGS.values(), ids=RINGS.keys())
async def test_no_damage_is_ever_restored_from(redis: Redis, ring: Keyring, share: int) -> None:
    backups, all_kept = Backups(redis, ring), await kept(redis, ring)
    outcome = await injected(redis, all_kept, reader(backups), EACH, share)
    assert sum(outcome.done.values()) == EACH and len(outcome.done) == len(HARMS)
    assert not outcome.missed
    assert [len(await backups.load(one.id)) for one in all_kept], "what was undone left nothing behind"


async def test_a_reader_that_believes_everything_misses_damages_of_every_kind_it_can_decode(redis: Redis) -> None:
    """So the harness does see what is missed: it is the reader above that misses nothing."""
    outcome = await injected(redis, await kept(redis, PLAIN), blind(redis), 400, 1)
    assert {"shortened", "swapped", "duplicated", "a wrong manifest", "dropped"} <= set(outcome.missed)


@pytest.mark.parametrize("ring", RINGS.values(), ids=RINGS.keys())
async def test_the_check_of_single_pieces_names_each_damaged_one_and_no_other(redis: Redis, ring: Keyring) -> None:
    pieces, (one, *_), chance = Pieces(redis, ring), await kept(redis, ring), random.Random(5)
    for number in range(400):
        name = chance.choice(one.names)
        damage = HARMS[number % 4](one, chance)
        while set(damage.values) != {keys.piece(name)}:
            damage = HARMS[number % 4](one, chance)
        for key, data in damage.values.items():
            await (redis.delete(key) if data is None else redis.set(key, data))
        assert await pieces.check(one.names, 1.0) == (name,), damage.kind
        assert await pieces.damaged() == (name,)
        assert not await pieces.mend(name, b"not this"), "only what is sound is put back"
        assert await pieces.mend(name, one.stored[keys.piece(name)])
        assert await pieces.check(one.names, 2.0) == () == await pieces.damaged()


async def test_a_damaged_backup_is_named_with_its_piece_and_others_are_read(redis: Redis) -> None:
    backups, (one, other, _) = Backups(redis), await kept(redis, PLAIN)
    own = sorted(set(one.names) - set(other.names))[0]
    await redis.delete(keys.piece(own))
    with pytest.raises(Damaged, match=r"Backup b1 is damaged: .* is missing"):
        await backups.load("b1")
    assert await backups.load("b2")


async def test_one_record_that_cannot_be_read_keeps_nobody_from_the_other_backups(redis: Redis) -> None:
    backups = Backups(redis)
    await kept(redis, PLAIN)
    await redis.set(keys.backup("b3"), b"nothing like it")
    assert [backup.id for backup in await backups.page(POOL, count=1)] == ["b2"]
    assert [backup.id for backup in await backups.page(POOL, before="b2")] == ["b1"]
    assert (newest := await backups.newest(POOL, 1e12)) and newest.id == "b2"
    assert await backups.ids(POOL) == ("b3", "b2", "b1")
