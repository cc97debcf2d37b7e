"""Kept exports: content-addressed pieces that daily exports share, and an index by pool and time."""

from __future__ import annotations

import asyncio
import hashlib
import io
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from redis.asyncio import Redis

from bot.domain.backup import Backup
from bot.domain.errors import BadInput, Damaged
from storage import keys
from storage.connect import guard, script
from storage.cutting import PIECE_BYTES, cut
from storage.rows import plain, value

_BATCH_BYTES = PIECE_BYTES
_PIECE_OVERHEAD = 256
_ASK = 256
_SEAL_BYTES = 32


class Piece(msgspec.Struct, frozen=True, array_like=True):
    """One stored piece: its SHA-256, its length, and how many bytes of headers stand before it."""

    sha256: bytes
    size: int
    before: int = 0

    @property
    def key(self) -> str:
        return keys.piece(self.sha256.hex())


class Record(msgspec.Struct, frozen=True):
    """What is stored under a backup's id: itself, and where its parts lie. Each part is a list of pieces.

    `layout` is the list of all pieces of contents, itself kept as pieces, so that a record stays small.
    """

    backup: Backup
    headers: tuple[Piece, ...]
    layout: tuple[Piece, ...]
    fingerprints: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Parcel:
    """A backup ready to be sent: its record, and each piece once."""

    record: bytes
    pieces: Mapping[Piece, memoryview]


class Backups:
    """The backups in one Redis. Everything raises StoreAway when it does not answer."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._keep = script(client, "backups")

    @guard()
    async def save(self, backup: Backup, data: bytes, fingerprints: Mapping[str, str], *, listed: bool = True) -> None:
        """Keeps the export: afterwards it is there wholly, after any failure not at all.

        One that is not `listed` can be loaded by its id but is none of the pool's backups until `enlist`.
        A second save of the same id changes nothing: the first one stays. Raises Damaged when `data` is not what
        `backup` says it is.
        """
        sha256, parcel = await asyncio.gather(
            asyncio.to_thread(_sha256, data), asyncio.to_thread(_parcel, backup, data, dict(fingerprints))
        )
        if sha256 != backup.sha256 or len(data) != backup.size:
            raise Damaged(f"The export for backup {backup.id} changed while it was carried; it was not kept.")
        await self._send(parcel.pieces, await self._missing(tuple(parcel.pieces)))
        await self._write(parcel.record, backup, keys.index(backup.pool) if listed else (), "")

    @guard()
    async def enlist(self, id: str, warnings: tuple[str, ...] = ()) -> Backup:
        """Makes a kept export one of its pool's backups, with what was found out about it; twice is as good as once."""
        record = await self._record(id)
        backup = replace(record.backup, warnings=warnings)
        sealed = _sealed(msgspec.structs.replace(record, backup=replace(backup, settings=plain(backup.settings))))
        await self._write(sealed, backup, keys.index(backup.pool), "replace")
        return backup

    @guard()
    async def find(self, id: str) -> Backup | None:
        """Like `get`, but None for an unknown id."""
        sealed = await self._client.get(keys.backup(id))
        return None if sealed is None else _opened(id, sealed).backup

    @guard()
    async def load(self, id: str) -> bytes:
        """The export, byte for byte, every piece and the whole checked. Raises Damaged, BadInput for an unknown id."""
        record = await self._record(id)
        headers = io.BytesIO(await self._part(id, "headers", record.headers))
        layout = await self._part(id, "layout", record.layout)
        pieces = msgspec.msgpack.decode(layout, type=tuple[Piece, ...])
        # Room for the whole file at once: a buffer that grows is copied now and then, and everybody waits.
        file, done = io.BytesIO(bytes(record.backup.size)), 0
        for batch in _batches(pieces):
            found = await self._client.mget([piece.key for piece in batch])
            parts = await asyncio.to_thread(_checked, id, "contents", batch, found, done, len(pieces))
            for piece, part in zip(batch, parts, strict=True):
                file.write(headers.read(piece.before))
                file.write(part)
            done += len(batch)
        file.write(headers.read())
        with file.getbuffer() as view:
            sha256 = await asyncio.to_thread(_sha256, view)
        if sha256 != record.backup.sha256:
            raise Damaged(f"Backup {id} is damaged: its pieces are sound but do not make the file that was stored.")
        return file.getvalue()

    @guard()
    async def get(self, id: str) -> Backup:
        """What is known about one backup, without its contents. Raises BadInput for an unknown id."""
        return (await self._record(id)).backup

    @guard()
    async def fingerprints(self, id: str) -> Mapping[str, str]:
        """What its objects can be recognised by, as it was given to `save`."""
        record = await self._record(id)
        return _unpacked(await self._part(id, "fingerprints", record.fingerprints))

    @guard()
    async def newest(self, pool: str) -> Backup | None:
        """The backup of this pool that was taken last."""
        return next(iter(await self.page(pool, count=1)), None)

    @guard()
    async def page(self, pool: str, *, before: str | None = None, count: int = 10) -> tuple[Backup, ...]:
        """At most `count` backups, the newest first; `before` is the id of the last one already shown."""
        first = 0
        if before is not None:
            rank = await self._client.zrevrank(keys.backups(pool), before)
            if rank is None:
                raise BadInput(f"There is no backup {before[:80]} of {pool}.")
            first = rank + 1
        ids = [id.decode() for id in await self._client.zrevrange(keys.backups(pool), first, first + count - 1)]
        found = await self._client.mget([keys.backup(id) for id in ids]) if ids else []
        return tuple(_opened(id, sealed).backup for id, sealed in zip(ids, found, strict=True))

    @guard()
    async def pools(self) -> tuple[str, ...]:
        """The pools that have a backup, by name."""
        return tuple(pool.decode() for pool in await self._client.zrange(keys.BACKED_UP, 0, -1))

    async def _write(self, sealed: bytes, backup: Backup, index: Iterable[str], mode: str) -> None:
        args = [sealed, repr(backup.taken_at), backup.id, backup.pool, mode]
        await self._keep(keys=[keys.backup(backup.id), *index], args=args)

    async def _missing(self, pieces: Sequence[Piece]) -> list[Piece]:
        """Those that are not there yet; one of another length is not there."""
        missing: list[Piece] = []
        for start in range(0, len(pieces), _ASK):
            some = pieces[start : start + _ASK]
            async with self._client.pipeline(transaction=False) as pipe:
                for piece in some:
                    pipe.strlen(piece.key)
                sizes = await pipe.execute()
            missing += [piece for piece, size in zip(some, sizes, strict=True) if size != piece.size]
        return missing

    async def _send(self, pieces: Mapping[Piece, memoryview], missing: Iterable[Piece]) -> None:
        """Two batches at a time: while Redis writes one to its disk, the next is on its way."""
        batches = _batches(missing)

        async def send() -> None:
            for batch in batches:
                async with self._client.pipeline(transaction=False) as pipe:
                    for piece in batch:
                        pipe.set(piece.key, pieces[piece])
                    await pipe.execute()

        # No TaskGroup: it passes over a task that was cancelled, and pieces would be missing.
        senders = [asyncio.create_task(send()) for _ in range(2)]
        try:
            await asyncio.gather(*senders)
        finally:
            for sender in senders:
                sender.cancel()
            await asyncio.gather(*senders, return_exceptions=True)

    async def _record(self, id: str) -> Record:
        return _opened(id, await self._client.get(keys.backup(id)))

    async def _part(self, id: str, name: str, pieces: tuple[Piece, ...]) -> bytes:
        parts: list[bytes] = []
        for batch in _batches(pieces):
            found = await self._client.mget([piece.key for piece in batch])
            parts += await asyncio.to_thread(_checked, id, name, batch, found, len(parts), len(pieces))
        return b"".join(parts)


def _parcel(backup: Backup, data: bytes, fingerprints: dict[str, str]) -> Parcel:
    pieces: dict[Piece, memoryview] = {}

    def put(view: memoryview, before: int = 0) -> Piece:
        piece = Piece(hashlib.sha256(view).digest(), len(view))
        pieces.setdefault(piece, view)
        return msgspec.structs.replace(piece, before=before)

    def put_all(part: bytes) -> tuple[Piece, ...]:
        return tuple(put(memoryview(part)[at : at + PIECE_BYTES]) for at in range(0, len(part), PIECE_BYTES))

    headers, slices = cut(data)
    contents = tuple(put(memoryview(data)[slice.start : slice.stop], slice.before) for slice in slices)
    layout = put_all(msgspec.msgpack.encode(contents))
    record = Record(
        replace(backup, settings=plain(backup.settings)), put_all(headers), layout, put_all(_packed(fingerprints))
    )
    return Parcel(_sealed(record), pieces)


def _sealed(record: Record) -> bytes:
    body = msgspec.msgpack.encode(record)
    return hashlib.sha256(body).digest() + body


def _opened(id: str, sealed: bytes | None) -> Record:
    if sealed is None:
        raise BadInput(f"There is no backup {id[:80]}.")
    body = sealed[_SEAL_BYTES:]
    if hashlib.sha256(body).digest() != sealed[:_SEAL_BYTES]:
        raise Damaged(f"Backup {id} is damaged: its record is not what was stored. Choose another backup.")
    record = msgspec.msgpack.decode(body, type=Record)
    settings: Any = value(record.backup.settings)
    return msgspec.structs.replace(record, backup=replace(record.backup, settings=settings))


def _batches(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    """Groups small enough that other clients, and other tasks of this process, hardly wait for one."""
    batch: list[Piece] = []
    room = _BATCH_BYTES
    for piece in pieces:
        room -= piece.size + _PIECE_OVERHEAD
        if batch and room < 0:
            yield batch
            batch, room = [], _BATCH_BYTES - piece.size - _PIECE_OVERHEAD
        batch.append(piece)
    if batch:
        yield batch


def _checked(id: str, name: str, pieces: list[Piece], found: list[bytes | None], done: int, total: int) -> list[bytes]:
    for number, (piece, data) in enumerate(zip(pieces, found, strict=True), start=done + 1):
        if data is None or hashlib.sha256(data).digest() != piece.sha256:
            fault = "is missing" if data is None else "is not what was stored"
            which = f"piece {number} of {total} of its {name} ({piece.sha256.hex()[:12]})"
            raise Damaged(f"Backup {id} is damaged: {which} {fault}. Choose another backup.")
    return [data for data in found if data is not None]


def _sha256(data: bytes | memoryview) -> str:
    return hashlib.sha256(data).hexdigest()


def _packed(fingerprints: dict[str, str]) -> bytes:
    return zlib.compress(msgspec.msgpack.encode(fingerprints))


def _unpacked(data: bytes) -> Mapping[str, str]:
    return msgspec.msgpack.decode(zlib.decompress(data), type=dict[str, str])
