"""Content-addressed pieces of at most 1 MiB: put, got, checked and swept; records count how often each is needed."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import msgspec

from bot.domain.errors import Damaged
from storage import keys
from storage.connect import Client, guard, script
from storage.vault.cutting import PIECE_BYTES
from storage.vault.sealing import PLAIN, Keyring, stored_size

T = TypeVar("T")

DAY_S = 86_400.0
_BATCH_BYTES = PIECE_BYTES
_PIECE_OVERHEAD = 256
_ASK = 1_000
_SENDERS = 2
_EVER = 1e18


class Piece(msgspec.Struct, frozen=True, array_like=True):
    """A stretch of some file: its SHA-256, its length, and how many bytes of headers stand before it."""

    sha256: bytes
    size: int
    before: int = 0


def piece_of(view: bytes | memoryview) -> Piece:
    return Piece(hashlib.sha256(view).digest(), len(view))


def pieces_of(data: bytes) -> Iterator[tuple[Piece, memoryview]]:
    """A whole part, cut into pieces of PIECE_BYTES."""
    for at in range(0, len(data), PIECE_BYTES):
        view = memoryview(data)[at : at + PIECE_BYTES]
        yield piece_of(view), view


class Pieces:
    """The pieces in one Redis. Everything raises StoreAway when it does not answer. `clock` gives seconds."""

    def __init__(self, client: Client, keyring: Keyring = PLAIN, clock: Callable[[], float] = time.time) -> None:
        self._client, self.keyring, self.clock = client, keyring, clock
        self._claim, self._drop = script(client, "claim"), script(client, "drop")

    @guard()
    async def claim(self, sizes: Mapping[str, int]) -> tuple[str, ...]:
        """Those of the names that are not there in that (stored) length; the sweep leaves all of them alone for a day.

        What is claimed and never counted by a record is swept later: whoever writes pieces claims them first.
        """
        missing: list[str] = []
        for names in _slices(tuple(sizes), _ASK):
            args = [repr(self.clock()), keys.piece(""), *names]
            lengths = await self._claim(keys=[keys.NEEDED, keys.LOOSE, keys.HURT], args=args)
            missing += [name for name, length in zip(names, lengths, strict=True) if length != sizes[name]]
        return tuple(missing)

    @guard()
    async def send(self, views: Mapping[str, memoryview], names: Iterable[str]) -> None:
        """Writes pieces that were claimed. Two batches at once: while Redis writes one to its disk, the next comes."""
        batches = _batches((name, stored_size(name, len(views[name]))) for name in names)

        async def send() -> None:
            for batch in batches:
                # What is plain stays what it is: a thread would only hold it up.
                stored = await asyncio.to_thread(self._sealed, views, batch) if self.keyring.writes else views
                await self._put({name: stored[name] for name in batch})

        # No TaskGroup: it passes over a task that was cancelled, and pieces would be missing.
        senders = [asyncio.create_task(send()) for _ in range(_SENDERS)]
        try:
            await asyncio.gather(*senders)
        finally:
            for sender in senders:
                sender.cancel()
            await asyncio.gather(*senders, return_exceptions=True)

    @guard()
    async def drop(self, names: Sequence[str], before: float = _EVER) -> int:
        """Takes away those that no record needs, and none has since `before` (seconds); gives how many."""
        gone = 0
        for some in _slices(names, _SENDERS * 16):
            args = [repr(before), keys.piece(""), *some]
            gone += await self._drop(keys=[keys.NEEDED, keys.LOOSE], args=args)
        return gone

    @guard()
    async def sweep(self, now: float, grace_s: float = DAY_S) -> int:
        """Takes away what no record has needed for `grace_s` seconds; gives how many pieces that were.

        A save that found a piece there just before learns of it when it commits, and writes it again. Nothing is swept
        before the backups of earlier versions are counted.
        """
        if not await self._client.exists(keys.COUNTED):
            return 0
        gone, before = 0, now - grace_s
        while names := await self._client.zrange(keys.LOOSE, "-inf", before, byscore=True, offset=0, num=_ASK):
            gone += await self.drop([name.decode() for name in names], before)
        return gone

    async def read(
        self, whole: str, part: str, pieces: Sequence[Piece], seal: str, *, each: bool = True
    ) -> AsyncIterator[tuple[Piece, bytes]]:
        """The plain bytes of each piece in order, never more than a batch of them at once.

        `seal` is the fingerprint of the record's key. Raises Damaged, naming the piece of that `part` of `whole`.
        Plain ones are only measured unless `each` is to be hashed: whoever hashes the whole need not do it twice.
        """
        done = 0
        for batch in _batches((piece, piece.size) for piece in pieces):
            names = [self.keyring.name(piece.sha256, seal) for piece in batch]
            found = await self.raw(names)
            if each or seal:
                opened = await asyncio.to_thread(self._opened, names, found)
            else:
                opened = [_long(stored, piece.size) for stored, piece in zip(found, batch, strict=True)]
            for number, (piece, stored, data) in enumerate(zip(batch, found, opened, strict=True), start=done + 1):
                if data is None:
                    fault = "is missing" if stored is None else "is not what was stored"
                    which = f"piece {number} of {len(pieces)} of its {part} ({piece.sha256.hex()[:12]})"
                    raise Damaged(f"{whole} is damaged: {which} {fault}. Choose another one.")
                yield piece, data
            done += len(batch)

    async def join(self, whole: str, part: str, pieces: Sequence[Piece], seal: str) -> bytes:
        """The same as one run of bytes."""
        return b"".join([data async for _, data in self.read(whole, part, pieces, seal)])

    @guard()
    async def oldest(self, count: int) -> tuple[tuple[str, float], ...]:
        """The names of the pieces that were checked longest ago, each with the second of its last check."""
        rows = await self._client.zrange(keys.PIECES, 0, count - 1, withscores=True)
        return tuple((name.decode(), checked_at) for name, checked_at in rows)

    @guard()
    async def check(self, names: Sequence[str], at: float) -> tuple[str, ...]:
        """Reads each piece again: those that are missing or damaged, of the ones that some record needs.

        All of them count as checked at `at` (seconds), so that damaged ones do not keep others from their turn;
        `damaged` has them until somebody mends them, or stores the same bytes again.
        """
        if not names:
            return ()
        bad = await self.unsound(names)
        async with self._client.pipeline(transaction=True) as pipe:
            pipe.zadd(keys.PIECES, dict.fromkeys(names, at), xx=True)
            pipe.srem(keys.HURT, *names)
            for name in bad:
                pipe.zscore(keys.PIECES, name)
            _, _, *needed = await pipe.execute()
        # One that was swept between being listed and being read is nobody's loss.
        lost = tuple(name for name, checked in zip(bad, needed, strict=True) if checked is not None)
        if lost:
            await self._client.sadd(keys.HURT, *lost)
        return lost

    @guard()
    async def unsound(self, names: Sequence[str]) -> tuple[str, ...]:
        """Reads each piece again: those that are missing or damaged, whoever needs them."""
        bad: list[str] = []
        for batch in _batches(await self._sizes(names)):
            found = await self.raw(batch)
            opened = await asyncio.to_thread(self._opened, batch, found)
            bad += [name for name, data in zip(batch, opened, strict=True) if data is None]
        return tuple(bad)

    @guard()
    async def damaged(self) -> tuple[str, ...]:
        """The names of the pieces that were missing or damaged when they were last checked."""
        return tuple(sorted(name.decode() for name in await self._client.smembers(keys.HURT)))

    @guard()
    async def raw(self, names: Sequence[str]) -> list[bytes | None]:
        """What is stored under these names, as it is; None where nothing is. The caller bounds how much that may be."""
        return await self._client.mget([keys.piece(name) for name in names]) if names else []

    @guard()
    async def mend(self, name: str, raw: bytes) -> bool:
        """Puts the stored form back; False, and nothing changes, when it is not sound itself."""
        if not await asyncio.to_thread(self.sound, name, raw):
            return False
        await self.claim({name: len(raw)})
        await self._put({name: raw})
        return True

    def sound(self, name: str, raw: bytes | None) -> bool:
        """Whether these are the stored bytes of that name."""
        return self._opened([name], [raw]) != [None]

    async def _put(self, stored: Mapping[str, bytes | memoryview]) -> None:
        values = (("SET", keys.piece(name), data) for name, data in stored.items())
        await self._client.stride([*values, ("SREM", keys.HURT, *stored)])

    async def _sizes(self, names: Sequence[str]) -> list[tuple[str, int]]:
        async with self._client.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.strlen(keys.piece(name))
            return list(zip(names, await pipe.execute(), strict=True))

    def _sealed(self, views: Mapping[str, memoryview], names: Iterable[str]) -> dict[str, bytes | memoryview]:
        return {name: self.keyring.seal(name, views[name]) for name in names}

    def _opened(self, names: Sequence[str], found: Iterable[bytes | None]) -> list[bytes | None]:
        """The plain bytes; None for what is missing or damaged."""

        def opened(name: str, stored: bytes | None) -> bytes | None:
            try:
                return None if stored is None else self.keyring.open(name, stored)
            except Damaged:
                return None

        return [opened(name, stored) for name, stored in zip(names, found, strict=True)]


def _long(stored: bytes | None, size: int) -> bytes | None:
    return stored if stored is not None and len(stored) == size else None


def _slices(names: Sequence[str], count: int) -> Iterator[Sequence[str]]:
    return (names[start : start + count] for start in range(0, len(names), count))


def _batches(sized: Iterable[tuple[T, int]]) -> Iterator[list[T]]:
    """Groups small enough that other clients, and other tasks of this process, hardly wait for one."""
    batch: list[T] = []
    room = _BATCH_BYTES
    for item, size in sized:
        room -= size + _PIECE_OVERHEAD
        if batch and room < 0:
            yield batch
            batch, room = [], _BATCH_BYTES - size - _PIECE_OVERHEAD
        batch.append(item)
    if batch:
        yield batch
