"""Kept copies of companions: files in the pieces that backups use, rows and attestations, by pool, kind and time."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import msgspec
from redis.asyncio import Redis

from bot.domain.backups.backup import AHEAD_S
from bot.domain.companions.kinds import COMPANIONS, CompanionCopy, Failure
from bot.domain.errors import BadInput, Damaged, Newer
from storage import keys, versions
from storage.backups.shelf import understood
from storage.connect import guard, script
from storage.vault.pieces import DAY_S, Piece, Pieces, pieces_of
from storage.vault.records import Fetch, Opened, PieceRecords, Ranks, Room
from storage.vault.sealing import stored_size
from storage.worlds.rows import plain, value

NEWEST_KEPT = 10
KEPT_S = 90 * DAY_S
FAILURE = versions.Codec(Failure)


class CopyRecord(msgspec.Struct, frozen=True):
    """What is stored under a copy's id: itself, and the pieces of each of its files."""

    kept: CompanionCopy
    files: tuple[tuple[Piece, ...], ...]


@dataclass(frozen=True, slots=True)
class FoundCopy:
    """A stored record, opened."""

    opened: Opened
    record: CopyRecord


class Companions:
    """The copies in one Redis. Everything raises StoreAway when it does not answer.

    `room` tells how many bytes are free on its disk.
    """

    def __init__(self, client: Redis, pieces: Pieces, room: Room | None = None) -> None:
        self._client, self._pieces = client, pieces
        self._records = PieceRecords(client, pieces, room)
        self._newest = script(client, "companion_newest")

    @guard()
    async def keep(self, kept: CompanionCopy, data: Mapping[str, bytes], like: str = "") -> CompanionCopy:
        """Keeps a copy: afterwards it is there wholly, after any failure not at all. The first one of an id stays.

        `data` has the bytes of its files by name; files that the copy `like` holds as well need none, and share its
        pieces. Raises Damaged when bytes are missing or are not what `kept` says they are, NoRoom when Redis is full.
        """
        seal = self._pieces.keyring.writes
        known = await self._known(like)
        record, views = await asyncio.to_thread(self._cut, kept, data, known)
        names = dict(self._named(piece, seal) for pieces in record.files for piece in pieces)
        whole, key = _called(kept.id), keys.companion(kept.id)
        written: set[str] = set()

        async def send(missing: Sequence[str]) -> None:
            if any(name not in views for name in missing):
                raise Damaged(f"Pieces of the copy {like} are gone or damaged: read the files again instead.")
            written.update(missing)
            await self._pieces.send(views, missing)

        closed = self._records.closed(key, versions.packed(msgspec.msgpack.encode(record)), seal)
        async with self._records.roomy(whole, written):
            await self._records.settled(whole, key, closed, names, _places(kept), send)
        return await self.get(kept.id)

    @guard()
    async def record(self, id: str) -> bytes:
        """The record as it is stored, for another place; sealed when the copy is. Raises BadInput, Damaged."""
        return (await self._found(id)).opened.stored

    def described(self, id: str, record: bytes) -> CompanionCopy:
        """What a record that was stored somewhere (`record`) is about. Raises Damaged."""
        kept = self._opened(id, record).record.kept
        if kept.id != id:
            raise Damaged(f"{_called(id)} is damaged: its record is that of another one.")
        return kept

    @guard()
    async def adopt(self, id: str, record: bytes, fetch: Fetch) -> None:
        """Keeps a copy from its record and pieces as they were stored somewhere. The first one of an id stays.

        Raises Damaged when a part is missing or not sound, and then nothing of it counts; NoRoom when Redis is full.
        """
        kept, found, written = self.described(id, record), self._opened(id, record), set[str]()
        names = dict(self._named(piece, found.opened.seal) for pieces in found.record.files for piece in pieces)

        async def send(missing: Sequence[str]) -> None:
            written.update(missing)
            for name in missing:
                raw = await fetch(name)
                if raw is None or not await self._pieces.mend(name, raw):
                    raise Damaged(f"{_called(id)} cannot be brought back: a piece of it is missing or damaged there.")

        async with self._records.roomy(_called(id), written):
            await self._records.settled(_called(id), keys.companion(id), record, names, _places(kept), send)

    @guard()
    async def newest(self, pools: Iterable[str], now: float) -> Mapping[str, Mapping[str, CompanionCopy | None]]:
        """The newest copy of every companion by pool (FQDN) and kind at `now` (seconds), in one round trip.

        One that is dated in the future is none.

        One whose record cannot be read any more protects nothing, and keeps nobody from the others: it is None.
        """
        wanted = [(pool, one) for pool in pools for one in COMPANIONS.values()]
        indices = [keys.companions(one.scope(pool), one.key) for pool, one in wanted]
        found = await self._newest(keys=indices, args=[keys.companion(""), repr(now + AHEAD_S)]) if indices else []
        answer: dict[str, dict[str, CompanionCopy | None]] = {}
        for (pool, one), each in zip(wanted, found, strict=True):
            answer.setdefault(pool, {})[one.key] = self._readable(*_pair(each)) if each else None
        return answer

    @guard()
    async def failed(self, pool: str, kind: str, failure: Failure | None) -> None:
        """Notes why no copy came by itself, or that one did."""
        field = f"{pool}/{kind}"
        if failure is None:
            await self._client.hdel(keys.UNTAKEN, field)
        else:
            await self._client.hset(keys.UNTAKEN, field, FAILURE.encode(failure))

    @guard()
    async def failures(self) -> Mapping[tuple[str, str], Failure]:
        """What did not come by itself, by pool and kind; what is newer or unreadable is passed over."""
        found = {}
        for field, failure in (await self._client.hgetall(keys.UNTAKEN)).items():
            pool, _, kind = field.decode(errors="backslashreplace").partition("/")
            with suppress(Damaged):
                found[pool, kind] = FAILURE.decode(failure, f"Why no {kind} came")
        return found

    @guard()
    async def newer(self) -> tuple[str, ...]:
        """The ids of the newest copies of each kind that a newer version wrote."""
        places = [place.decode().partition("/") for place in await self._client.zrange(keys.ACCOMPANIED, 0, -1)]
        indices = [keys.companions(scope, kind) for scope, _, kind in places]
        found = await self._newest(keys=indices, args=[keys.companion(""), "+inf"]) if indices else []
        return tuple(id for id, stored in map(_pair, filter(None, found)) if self._is_newer(id, stored))

    @guard()
    async def page(self, scope: str, kind: str, count: int = 10) -> tuple[CompanionCopy, ...]:
        """The copies of one scope and kind, the newest first."""
        ids = [id.decode() for id in await self._client.zrevrange(keys.companions(scope, kind), 0, count - 1)]
        found = await self._client.mget([keys.companion(id) for id in ids]) if ids else []
        read = (self._readable(id, stored) for id, stored in zip(ids, found, strict=True) if stored)
        return tuple(kept for kept in read if kept)

    @guard()
    async def get(self, id: str) -> CompanionCopy:
        """Raises BadInput for one that is not there."""
        return (await self._found(id)).record.kept

    @guard()
    async def find(self, id: str) -> CompanionCopy | None:
        """Like `get`, but None for one that is not there."""
        stored = await self._client.get(keys.companion(id))
        return None if stored is None else self._opened(id, stored).record.kept

    @guard()
    async def load(self, id: str, file: str) -> bytes:
        """One file of a copy, byte for byte. Raises Damaged, or BadInput for what there is not."""
        found = await self._found(id)
        for held, pieces in zip(found.record.kept.files, found.record.files, strict=True):
            if held.name == file:
                return await self._pieces.join(_called(id), "contents", pieces, found.opened.seal)
        raise BadInput(f"The copy {id[:80]} holds no file “{file[:80]}”.")

    @guard()
    async def parts(self, id: str) -> tuple[str, ...]:
        """The names of all its pieces, each once."""
        return self._names(await self._found(id))

    @guard()
    async def needing(self, wanted: Iterable[str]) -> tuple[str, ...]:
        """The ids of the copies that need any of these pieces (names), or whose records cannot be read any more."""
        lost, needing = frozenset(wanted), []
        for place in await self._client.zrange(keys.ACCOMPANIED, 0, -1):
            scope, _, kind = place.decode().partition("/")
            for id in await self._client.zrevrange(keys.companions(scope, kind), 0, -1):
                try:
                    needs = not lost.isdisjoint(await self.parts(id.decode()))
                except Newer:
                    needs = False
                except Damaged:
                    needs = True
                needing += [id.decode()] if needs else []
        return tuple(needing)

    @guard()
    async def ahead(self, now: float) -> int:
        """How many copies a wrong clock dated in the future; `now` in seconds."""
        found = 0
        for place in await self._client.zrange(keys.ACCOMPANIED, 0, -1):
            scope, _, kind = place.decode().partition("/")
            found += await self.ahead_of(scope, kind, now)
        return found

    @guard()
    async def ahead_of(self, scope: str, kind: str, now: float) -> int:
        """The same of one scope and kind."""
        return await self._client.zcount(keys.companions(scope, kind), f"({now + AHEAD_S!r}", "+inf")

    @guard()
    async def prune(self, now: float) -> int:
        """Takes away copies older than 90 days that are not among the newest ten of their kind; gives how many."""
        gone = 0
        for place in await self._client.zrange(keys.ACCOMPANIED, 0, -1):
            scope, _, kind = place.decode().partition("/")
            index = keys.companions(scope, kind)
            newest = await self._client.zrevrange(index, 0, NEWEST_KEPT - 1)
            for id in await self._client.zrange(index, "-inf", now - KEPT_S, byscore=True):
                # One that cannot be read stays: nobody knows which pieces it needs.
                with suppress(Damaged, BadInput):
                    gone += id not in newest and await self._remove(id.decode(), index)
        return gone

    async def _remove(self, id: str, index: str) -> bool:
        found = await self._found(id)
        # Nothing is ever noted beside a copy, so nothing pins it.
        beside = keys.keeping(id)
        gone = await self._records.remove(keys.companion(id), beside, found.opened, self._names(found), {index: id})
        return gone == "GONE"

    def _cut(
        self, kept: CompanionCopy, data: Mapping[str, bytes], known: Mapping[str, tuple[Piece, ...]]
    ) -> tuple[CopyRecord, dict[str, memoryview]]:
        """The record, and the bytes of the pieces that may have to be written, by their names."""
        keyring, views = self._pieces.keyring, {}
        files: list[tuple[Piece, ...]] = []
        for file in kept.files:
            if file.name not in data and file.sha256 in known:
                files.append(known[file.sha256])
                continue
            whole = data.get(file.name, b"")
            cut = tuple(pieces_of(whole))
            # Most files are one piece, whose name is their hash already.
            sha256 = cut[0][0].sha256 if len(cut) == 1 else hashlib.sha256(whole).digest()
            if (sha256.hex(), len(whole)) != (file.sha256, file.size):
                raise Damaged(f"“{file.name[:120]}” changed while it was carried; nothing of this copy was kept.")
            views |= {keyring.name(piece.sha256, keyring.writes): view for piece, view in cut}
            files.append(tuple(piece for piece, _ in cut))
        rows = tuple(plain(row) for row in kept.rows)
        return CopyRecord(replace(kept, rows=rows), tuple(files)), views

    async def _known(self, like: str) -> Mapping[str, tuple[Piece, ...]]:
        """The pieces of each file of an earlier copy by its SHA-256; none of one that an older key sealed."""
        stored = await self._client.get(keys.companion(like)) if like else None
        found = self._opened(like, stored) if stored else None
        if found is None or found.opened.seal != self._pieces.keyring.writes:
            return {}
        return {file.sha256: pieces for file, pieces in zip(found.record.kept.files, found.record.files, strict=True)}

    async def _found(self, id: str) -> FoundCopy:
        stored = await self._client.get(keys.companion(id))
        if stored is None:
            raise BadInput(f"There is no copy {id[:80]}.")
        return self._opened(id, stored)

    def _is_newer(self, id: str, stored: bytes) -> bool:
        try:
            self._opened(id, stored)
        except Newer:
            return True
        except Damaged:
            return False
        return False

    def _readable(self, id: str, stored: bytes) -> CompanionCopy | None:
        try:
            return self._opened(id, stored).record.kept
        except Damaged:
            return None

    def _opened(self, id: str, stored: bytes) -> FoundCopy:
        opened = self._records.opened(_called(id), keys.companion(id), stored)
        with understood(_called(id), "record"):
            record = msgspec.msgpack.decode(versions.readable(opened.body, _called(id)), type=CopyRecord)
        rows = tuple(value(row) for row in record.kept.rows)
        return FoundCopy(opened, msgspec.structs.replace(record, kept=replace(record.kept, rows=rows)))

    def _names(self, found: FoundCopy) -> tuple[str, ...]:
        pieces = (piece for file in found.record.files for piece in file)
        return tuple(dict(self._named(piece, found.opened.seal) for piece in pieces))

    def _named(self, piece: Piece, seal: str) -> tuple[str, int]:
        """A piece's name and its stored length."""
        name = self._pieces.keyring.name(piece.sha256, seal)
        return name, stored_size(name, piece.size)


def _called(id: str) -> str:
    return f"Copy {id}"


def _places(kept: CompanionCopy) -> Ranks:
    """Where a copy is found: among those of its scope and kind."""
    place = keys.companions(kept.pool, kept.kind)
    return {place: (kept.id, kept.as_of), keys.ACCOMPANIED: (f"{kept.pool}/{kept.kind}", 0.0)}


def _pair(found: list[bytes]) -> tuple[str, bytes]:
    id, stored = found
    return id.decode(), stored
