"""Damages of every kind, done to what is stored of a backup and undone again; and who of them a reader misses."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from redis.asyncio import Redis

from bot.domain.errors import BadInput, Damaged
from storage import keys
from storage.backups.codec import decoded, encoded, layout_of
from storage.vault.pieces import Piece, pieces_of
from storage.vault.records import PieceRecords

_BEFORE_BODY = len(b"kept::") + 32
"""A plain record begins with its envelope and the SHA-256 of the rest."""

Stored = Mapping[str, bytes]
"""Everything that is stored, by its key in Redis."""

Harm = Callable[["StoredBackup", random.Random], "Damage"]
Read = Callable[[str], Awaitable[bytes]]


@dataclass(frozen=True, slots=True)
class Damage:
    """Keys with what lies there from now on; None where nothing does any more. `kind` is what people call it."""

    kind: str
    values: Mapping[str, bytes | None]


@dataclass(frozen=True, slots=True)
class StoredBackup:
    """One kept backup: its record, the names of its pieces in their order, and everything that is stored beside it."""

    id: str
    stored: Stored
    names: Sequence[str]
    records: PieceRecords

    @property
    def key(self) -> str:
        return keys.backup(self.id)

    def piece(self, chance: random.Random) -> str:
        return keys.piece(chance.choice(self.names))

    def others(self, key: str) -> list[str]:
        """Other stored values of the same sort."""
        sort = key.partition(":")[0]
        return [
            other for other in self.stored if other.partition(":")[0] == sort and self.stored[other] != self.stored[key]
        ]


def flipped(kept: StoredBackup, chance: random.Random) -> Damage:
    key = chance.choice([kept.key, kept.piece(chance)])
    data = bytearray(kept.stored[key])
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return Damage("a flipped bit", {key: bytes(data)})


def shortened(kept: StoredBackup, chance: random.Random) -> Damage:
    key = chance.choice([kept.key, kept.piece(chance)])
    return Damage("shortened", {key: kept.stored[key][: chance.randrange(len(kept.stored[key]))]})


def lengthened(kept: StoredBackup, chance: random.Random) -> Damage:
    key = chance.choice([kept.key, kept.piece(chance)])
    return Damage("lengthened", {key: kept.stored[key] + chance.randbytes(chance.randrange(1, 9))})


def dropped(kept: StoredBackup, chance: random.Random) -> Damage:
    return Damage("dropped", {chance.choice([kept.key, kept.piece(chance)]): None})


def swapped(kept: StoredBackup, chance: random.Random) -> Damage:
    key = chance.choice([kept.key, kept.piece(chance)])
    other = chance.choice(kept.others(key))
    return Damage("swapped", {key: kept.stored[other], other: kept.stored[key]})


def duplicated(kept: StoredBackup, chance: random.Random) -> Damage:
    """One piece lies where another was, or twice in a row in its own place."""
    key = kept.piece(chance)
    data = kept.stored[key] * 2 if chance.random() < 0.5 else kept.stored[chance.choice(kept.others(key))]
    return Damage("duplicated", {key: data})


def wrong_manifest(kept: StoredBackup, chance: random.Random) -> Damage:
    """A list of pieces that is sound in itself, sealed anew like any other, and not that of the backup."""
    opened = kept.records.opened("a backup", kept.key, kept.stored[kept.key])
    record, keyring = decoded(opened.body, kept.id), kept.records.pieces.keyring
    stored = [kept.stored[keys.piece(keyring.name(piece.sha256, opened.seal))] for piece in record.layout]
    names = [keyring.name(piece.sha256, opened.seal) for piece in record.layout]
    layout = layout_of(b"".join(keyring.open(name, data) for name, data in zip(names, stored, strict=True)))
    written: dict[str, bytes | None] = {}
    forged = []
    for piece, view in pieces_of(msgspec.msgpack.encode(_forged(layout, chance))):
        name = keyring.name(piece.sha256, opened.seal)
        written[keys.piece(name)] = keyring.seal(name, view)
        forged.append(piece)
    body = encoded(msgspec.structs.replace(record, layout=tuple(forged)))
    return Damage("a wrong manifest", {**written, kept.key: kept.records.closed(kept.key, body, opened.seal)})


def nonsense(kept: StoredBackup, chance: random.Random) -> Damage:
    """A record that was sealed like any other and says nothing that can be understood."""
    opened = kept.records.opened("a backup", kept.key, kept.stored[kept.key])
    body = chance.randbytes(40) if chance.random() < 0.5 else opened.body[: chance.randrange(1, len(opened.body))]
    return Damage("nonsense", {kept.key: kept.records.closed(kept.key, body, opened.seal)})


def _forged(layout: Sequence[Piece], chance: random.Random) -> Sequence[Piece]:
    pieces, at = list(layout), chance.randrange(len(layout) - 1)
    match chance.randrange(4):
        case 0:
            pieces[at], pieces[at + 1] = pieces[at + 1], pieces[at]
        case 1:
            del pieces[at]
        case 2:
            pieces.insert(at, pieces[at])
        case _:
            pieces[at] = msgspec.structs.replace(pieces[at], before=pieces[at].before + chance.choice([-1, 1]))
    return pieces


HARMS: Sequence[Harm] = (flipped, shortened, lengthened, dropped, swapped, duplicated, wrong_manifest, nonsense)


@dataclass(slots=True)
class Outcome:
    """How many damages were done of each kind, and how many of those a reader gave bytes for."""

    done: dict[str, int] = field(default_factory=dict)
    missed: dict[str, int] = field(default_factory=dict)


async def injected(redis: Redis, kept: Sequence[StoredBackup], read: Read, count: int, seed: int) -> Outcome:
    """Does so many damages one after the other, lets the backup be read, and undoes each."""
    outcome, chance = Outcome(), random.Random(seed)
    for number in range(count):
        one = chance.choice(kept)
        damage = HARMS[number % len(HARMS)](one, chance)
        before = {key: one.stored.get(key) for key in damage.values}
        await _put(redis, damage.values)
        outcome.done[damage.kind] = outcome.done.get(damage.kind, 0) + 1
        if await _gives_anything(read, one.id):
            outcome.missed[damage.kind] = outcome.missed.get(damage.kind, 0) + 1
        await _put(redis, before)
    return outcome


async def _gives_anything(read: Read, id: str) -> bool:
    try:
        await read(id)
    except (Damaged, BadInput):
        return False
    return True


async def _put(redis: Redis, values: Mapping[str, bytes | None]) -> None:
    pipe = redis.pipeline(transaction=False)
    for key, data in values.items():
        pipe.delete(key) if data is None else pipe.set(key, data)
    await pipe.execute()


async def stored(redis: Redis) -> Stored:
    names = [key.decode() for sort in ("backup:*", "piece:*") for key in await redis.keys(sort)]
    return dict(zip(names, await redis.mget(names), strict=True))


def blind(redis: Redis) -> Read:
    """A reader that believes whatever lies there: what it gives bytes for, a harness that sees nothing would pass."""

    async def read(id: str) -> bytes:
        try:
            record = decoded((await redis.get(keys.backup(id)))[_BEFORE_BODY:], id)
            (layout,) = record.layout
            pieces = layout_of(await redis.get(keys.piece(layout.sha256.hex())))
        except (TypeError, ValueError) as fault:
            raise Damaged("Not even that can be believed.") from fault
        return b"".join(data or b"" for data in await redis.mget([keys.piece(one.sha256.hex()) for one in pieces]))

    return read
