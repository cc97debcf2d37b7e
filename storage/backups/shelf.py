"""The records of backups: found, opened, changed onto what was read, and counted where an earlier version did not."""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec
from redis.asyncio import Redis

from bot.domain.backups.backup import Backup
from bot.domain.errors import BadInput, Damaged, Newer, StoreAway
from storage import keys
from storage.backups.codec import BackupRecord, decoded, encoded, layout_of
from storage.connect import guard
from storage.vault.pieces import Piece, Pieces
from storage.vault.records import KEPT, MOVED, Opened, PieceRecords, Ranks, Room
from storage.vault.sealing import stored_size

_SCAN = 1_000
_TRIES = 5
_ANY_SIZE = -1


@dataclass(frozen=True, slots=True)
class FoundBackup:
    """A stored record of a backup, opened."""

    opened: Opened
    record: BackupRecord

    @property
    def backup(self) -> Backup:
        return self.record.backup


class Shelf:
    """The records in one Redis. Everything raises StoreAway when it does not answer."""

    def __init__(self, client: Redis, pieces: Pieces, room: Room | None = None) -> None:
        self._client, self.pieces = client, pieces
        self.records = PieceRecords(client, pieces, room)

    @guard()
    async def found(self, id: str) -> FoundBackup:
        """Raises BadInput for an unknown id, Damaged."""
        stored = await self._client.get(keys.backup(id))
        if stored is None:
            raise BadInput(f"There is no backup {id[:80]}.")
        return self.opened(id, stored)

    def opened(self, id: str, stored: bytes) -> FoundBackup:
        opened = self.records.opened(called(id), keys.backup(id), stored)
        with understood(called(id), "record"):
            found = FoundBackup(opened, decoded(opened.body, called(id)))
        if found.backup.id != id:
            raise Damaged(f"{called(id)} is damaged: its record is that of another one. Choose another one.")
        return found

    def readable(self, id: str, stored: bytes) -> bool:
        """Whether this is the stored record of that backup, wherever it lay."""
        try:
            return self.opened(id, stored).backup.id == id
        except Damaged:
            return False

    def is_newer(self, id: str, stored: bytes) -> bool:
        """Whether a newer version wrote this record."""
        try:
            self.opened(id, stored)
        except Newer:
            return True
        except Damaged:
            return False
        return False

    async def mend(self, id: str, record: bytes) -> bool:
        """Puts a record back in place of one that cannot be read any more; False when either is not so."""
        stored = await self._client.get(keys.backup(id))
        if stored is None or self.is_newer(id, stored):
            return False
        if self.readable(id, stored) or not self.readable(id, record):
            return False
        # What the lost one counted, this one needs: it is the same.
        return await self.records.commit(keys.backup(id), record, {}, {}, Opened(stored, b"", "")) == KEPT

    def closed(self, record: BackupRecord, seal: str) -> bytes:
        """The record as it is stored under the key of this fingerprint."""
        return self.records.closed(keys.backup(record.backup.id), encoded(record), seal)

    async def changed(self, id: str, change: Callable[[FoundBackup], Awaitable[str]]) -> tuple[FoundBackup, str]:
        """What the change came to on the newest record: whoever finds it moved meanwhile begins again.

        Raises BadInput when there is no record (any longer).
        """
        for _ in range(_TRIES):
            found = await self.counted(id)
            if (answer := await change(found)) != MOVED:
                return found, answer
        raise StoreAway(f"{called(id)} is being changed by many at once. Nothing was changed; try again.")

    async def counted(self, id: str) -> FoundBackup:
        """The record, after its pieces were told that it needs them; an earlier version did not do that."""
        found = await self.found(id)
        if found.opened.counted:
            return found
        is_listed = await self._client.zscore(keys.backups(found.backup.pool), id) is not None
        try:
            needed = await self.names(id, found)
        except Damaged:
            # What its layout said is lost, and the backup with it; nothing else is taken away for its sake.
            needed = self._named(found.record.own, found.opened.seal)
        sizes = dict.fromkeys(needed, _ANY_SIZE)
        ranks = places(found.backup, listed=is_listed)
        record = self.closed(found.record, found.opened.seal)
        answer = await self.records.commit(keys.backup(id), record, sizes, ranks, found.opened)
        return await self.counted(id) if answer != KEPT else await self.found(id)

    async def account(self) -> None:
        """Counts what backups of earlier versions need, once for each Redis; until then nothing is swept.

        Each of them gets its new envelope and is counted in one step: to die half-way, or to do it twice, does no harm.
        """
        if await self._client.exists(keys.COUNTED):
            return
        async for key in self._client.scan_iter(match=keys.backup("*"), count=_SCAN):
            await self._counted_if_readable(key.decode().partition(":")[2])
        there = [key.decode().partition(":")[2] async for key in self._client.scan_iter(keys.piece("*"), count=_SCAN)]
        # What no record needs becomes loose by being claimed, and is swept in a day.
        await self.pieces.claim(dict.fromkeys(there, 0))
        await self._client.set(keys.COUNTED, "1")

    async def layout(self, id: str, found: FoundBackup) -> tuple[Piece, ...]:
        """The pieces of contents, in order. Raises Damaged."""
        data = await self.pieces.join(called(id), "layout", found.record.layout, found.opened.seal)
        with understood(called(id), "layout"):
            return layout_of(data)

    async def names(self, id: str, found: FoundBackup) -> Mapping[str, int]:
        """The stored length of every piece that the backup needs, by its name. Raises Damaged when nobody knows."""
        return self._named((*found.record.own, *await self.layout(id, found)), found.opened.seal)

    def layout_names(self, found: FoundBackup) -> Mapping[str, int]:
        """The same for the pieces of its layout alone."""
        return self._named(found.record.layout, found.opened.seal)

    async def names_if_readable(self, id: str) -> Mapping[str, int]:
        """The same, as far as it can be told: without a record nothing, without its layout what the record names."""
        try:
            found = await self.found(id)
        except (Damaged, BadInput):
            return {}
        try:
            return await self.names(id, found)
        except Damaged:
            return self._named(found.record.own, found.opened.seal)

    async def _counted_if_readable(self, id: str) -> None:
        try:
            await self.counted(id)
        except (Damaged, BadInput):
            # It was removed meanwhile, or nobody can ever read which pieces it needs.
            return

    def _named(self, pieces: tuple[Piece, ...], seal: str) -> dict[str, int]:
        names = ((self.pieces.keyring.name(piece.sha256, seal), piece.size) for piece in pieces)
        return {name: stored_size(name, size) for name, size in names}


@contextmanager
def understood(whole: str, part: str) -> Iterator[None]:
    """What is sound and says nothing that this version understands is Damaged too."""
    try:
        yield
    except (msgspec.DecodeError, zlib.error):
        raise Damaged(
            f"{whole} is damaged: its {part} says nothing that can be understood. Choose another one."
        ) from None


def called(id: str) -> str:
    """What sentences call a backup."""
    return f"Backup {id[:80]}"


def places(backup: Backup, *, listed: bool) -> Ranks:
    """Where a backup is found: among its pool's and those to be copied off-site, or those that are not listed yet."""
    if not listed:
        return {keys.UNLISTED: (backup.id, backup.taken_at)}
    pool, pools = keys.index(backup.pool)
    taken = (backup.id, backup.taken_at)
    return {pool: taken, pools: (backup.pool, 0.0), keys.TO_COPY: taken, keys.UNLISTED: (backup.id, None)}
