"""Kept exports: an index by pool and time over records whose pieces daily exports share."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

import msgspec

from bot.domain.backups.backup import AHEAD_S, Backup
from bot.domain.errors import BadInput, Damaged
from storage import keys
from storage.backups.codec import fingerprints_of, parcel_of, sha256_of
from storage.backups.shelf import FoundBackup, Shelf, called, places, understood
from storage.connect import Client, guard
from storage.vault.pieces import Pieces
from storage.vault.records import GONE, Fetch, Room, sealed_with
from storage.vault.sealing import PLAIN, Keyring, stored_size


class Backups:
    """The backups in one Redis. Everything raises StoreAway when it does not answer.

    `room` tells how many bytes are free on its disk, `clock` gives seconds since the epoch.
    """

    def __init__(
        self,
        client: Client,
        keyring: Keyring = PLAIN,
        room: Room | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self.pieces = Pieces(client, keyring, clock)
        self._shelf = Shelf(client, self.pieces, room)

    @guard()
    async def save(self, backup: Backup, data: bytes, fingerprints: Mapping[str, str], *, listed: bool = True) -> None:
        """Keeps the export: afterwards it is there wholly, after any failure not at all.

        One that is not `listed` can be loaded by its id but is none of the pool's backups until `enlist`.
        A second save of the same id changes nothing: the first one stays. Raises Damaged when `data` is not what
        `backup` says it is, NoRoom when Redis or its disk is full.
        """
        keyring, records, written = self.pieces.keyring, self._shelf.records, set[str]()
        # The whole is hashed beside its pieces, on another core; only the commit has to wait for it.
        sha256 = asyncio.get_running_loop().run_in_executor(None, sha256_of, data)
        parcel = await asyncio.to_thread(parcel_of, keyring, backup, data, fingerprints)

        async def send(missing: Sequence[str]) -> None:
            written.update(missing)
            # What is there already was known by its length alone; here are the bytes that mend what went bad.
            bad = await self.pieces.unsound([name for name in parcel.views if name not in written])
            await self.pieces.send(parcel.views, [*missing, *bad])
            if await sha256 != backup.sha256 or len(data) != backup.size:
                await self.pieces.drop(sorted(written))
                raise Damaged(f"The export for backup {backup.id} changed while it was carried; it was not kept.")

        await self.account()
        record, ranks = self._shelf.closed(parcel.record, keyring.writes), places(backup, listed=listed)
        sizes = {name: stored_size(name, len(view)) for name, view in parcel.views.items()}
        async with records.roomy(called(backup.id), written):
            await records.settled(called(backup.id), keys.backup(backup.id), record, sizes, ranks, send)

    @guard()
    async def adopt(self, id: str, record: bytes, raw: Mapping[str, bytes] | Fetch, *, listed: bool = True) -> None:
        """Keeps a backup from its record and pieces as they were stored somewhere (`record`, `Pieces.raw`).

        Pieces that are there already are not asked for. Raises Damaged when a part is missing or not sound, and then
        nothing of it counts. A backup of this id that is there already stays.
        """
        fetch, written = raw if callable(raw) else _from(raw), set[str]()

        async def put(missing: Sequence[str]) -> None:
            written.update(missing)
            for name in missing:
                data = await fetch(name)
                if data is None or not await self.pieces.mend(name, data):
                    fault = "is missing there" if data is None else "is not what was stored"
                    raise Damaged(f"{called(id)} cannot be brought back: piece {name[:21]} {fault}.")

        found = self._shelf.opened(id, record)
        closed = record if found.opened.counted else self._shelf.closed(found.record, found.opened.seal)
        await self.account()
        records = self._shelf.records
        async with records.roomy(called(id), written):
            await put(await self.pieces.claim(self._shelf.layout_names(found)))
            sizes, ranks = await self._shelf.names(id, found), places(found.backup, listed=listed)
            await records.settled(called(id), keys.backup(id), closed, sizes, ranks, put)

    @guard()
    async def enlist(
        self, id: str, warnings: tuple[str, ...] = (), *, changed: int | None = None, before: str = ""
    ) -> Backup:
        """Makes a kept export one of its pool's backups, with what was found out about it; twice is as good as once."""

        def known(backup: Backup) -> Backup:
            return replace(backup, warnings=warnings, changed=changed, before=before)

        async def change(found: FoundBackup) -> str:
            told = msgspec.structs.replace(found.record, backup=known(found.backup))
            record, ranks = self._shelf.closed(told, found.opened.seal), places(found.backup, listed=True)
            return await self._shelf.records.commit(keys.backup(id), record, {}, ranks, found.opened)

        found, _ = await self._shelf.changed(id, change)
        return known(found.backup)

    @guard()
    async def remove(self, id: str) -> bool:
        """Takes a backup away: record, place in the index, what is known of it. False when it is pinned or unknown.

        Pieces stay as long as another backup needs them, and a day longer. Raises Damaged when its record or layout
        cannot be read: nobody knows then which pieces it needs.
        """

        async def change(found: FoundBackup) -> str:
            needed = tuple(await self._shelf.names(id, found))
            ranks = dict.fromkeys((keys.backups(found.backup.pool), keys.UNLISTED, keys.TO_COPY), id)
            return await self._shelf.records.remove(keys.backup(id), keys.keeping(id), found.opened, needed, ranks)

        await self.account()
        try:
            return (await self._shelf.changed(id, change))[1] == GONE
        except BadInput:
            return False

    @guard()
    async def account(self) -> None:
        """Counts what backups of earlier versions need, once for each Redis; until then nothing is swept."""
        await self._shelf.account()

    @guard()
    async def find(self, id: str) -> Backup | None:
        """Like `get`, but None for an unknown id."""
        stored = await self._client.get(keys.backup(id))
        return None if stored is None else self._shelf.opened(id, stored).backup

    @guard()
    async def get(self, id: str) -> Backup:
        """What is known about one backup, without its contents. Raises BadInput for an unknown id."""
        return (await self._shelf.found(id)).backup

    @guard()
    async def record(self, id: str) -> bytes:
        """The record as it is stored, for another place; sealed when the backup is. Raises BadInput, Damaged."""
        return (await self._shelf.found(id)).opened.stored

    def readable(self, id: str, record: bytes) -> bool:
        """Whether this is the stored record of that backup, wherever it lay."""
        return self._shelf.readable(id, record)

    @guard()
    async def mend(self, id: str, record: bytes) -> bool:
        """Puts a record back in place of one that cannot be read any more; False when either is not so."""
        return await self._shelf.mend(id, record)

    @guard()
    async def taken_at(self, pool: str, id: str) -> float | None:
        """When a listed backup was taken (seconds), also one whose record cannot be read; None for an unknown one."""
        return await self._client.zscore(keys.backups(pool), id)

    def described(self, id: str, record: bytes) -> Backup:
        """What a record that was stored somewhere (`record`) is about. Raises Damaged."""
        return self._shelf.opened(id, record).backup

    @guard()
    async def parts(self, id: str) -> tuple[str, ...]:
        """The names of all pieces that the backup needs, each once. Raises BadInput, Damaged.

        One that a process of an earlier version kept after all others were counted is counted now.
        """
        return tuple(await self._shelf.names(id, await self._shelf.counted(id)))

    @guard()
    async def named(self, id: str) -> tuple[str, ...]:
        """The same as far as it can be told: nothing without a record, without its layout what the record names."""
        return tuple(await self._shelf.names_if_readable(id))

    @guard()
    async def lacks(self) -> str:
        """Why the keys that are here cannot open everything that is kept, as a sentence; empty when they can."""
        return self.pieces.keyring.lacks(await sealed_with(self._client))

    @guard()
    async def needing(self, wanted: Iterable[str], pools: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
        """Which backups of these pools need each of these pieces, by their names; the newest first.

        It walks the records of the pools, since only they know; what cannot be read is left out.
        """
        needing: dict[str, list[str]] = {name: [] for name in wanted}
        for pool in pools:
            for id in await self._client.zrevrange(keys.backups(pool), 0, -1):
                for name in await self._shelf.names_if_readable(id.decode()):
                    if name in needing:
                        needing[name].append(id.decode())
        return {name: tuple(ids) for name, ids in needing.items()}

    @guard()
    async def load(self, id: str) -> bytes:
        """The export, byte for byte, checked as a whole. Raises Damaged naming a piece, BadInput for an unknown id."""
        found = await self._shelf.found(id)
        file = await self._file(id, found, each=False)
        with file.getbuffer() as view:
            sha256 = await asyncio.to_thread(sha256_of, view)
        if sha256 != found.backup.sha256:
            # Only now it matters which piece it is.
            await self._file(id, found, each=True)
            raise Damaged(f"{called(id)} is damaged: its pieces are sound but do not make the file that was stored.")
        return file.getvalue()

    async def _file(self, id: str, found: FoundBackup, *, each: bool) -> io.BytesIO:
        """The export as its pieces make it; plain ones are only hashed when `each` is to be checked by itself."""
        record, seal, whole = found.record, found.opened.seal, called(id)
        headers = io.BytesIO(await self.pieces.join(whole, "headers", record.headers, seal))
        pieces = await self._shelf.layout(id, found)
        # Room for the whole file at once: a buffer that grows is copied now and then, and everybody waits.
        file = io.BytesIO(bytes(record.backup.size))
        async for piece, part in self.pieces.read(whole, "contents", pieces, seal, each=each):
            file.write(headers.read(piece.before))
            file.write(part)
        file.write(headers.read())
        return file

    @guard()
    async def fingerprints(self, id: str) -> Mapping[str, str]:
        """What its objects can be recognised by, as it was given to `save`."""
        found = await self._shelf.found(id)
        part = await self.pieces.join(called(id), "fingerprints", found.record.fingerprints, found.opened.seal)
        with understood(called(id), "fingerprints"):
            return await asyncio.to_thread(fingerprints_of, part)

    @guard()
    async def newest(self, pool: str, now: float) -> Backup | None:
        """The backup of this pool that was taken last; one that is dated in the future is not."""
        return next(iter(await self.dated(pool, now, 1)), None)

    @guard()
    async def dated(self, pool: str, now: float, count: int) -> tuple[Backup, ...]:
        """At most `count` backups, the newest first, without those that a wrong clock dated after `now` (seconds)."""
        index, found, first = keys.backups(pool), list[Backup](), 0
        span = {"byscore": True, "desc": True, "num": count}
        while len(found) < count and (
            ids := await self._client.zrange(index, now + AHEAD_S, "-inf", offset=first, **span)
        ):
            first += len(ids)
            found += await self._those(ids)
        return tuple(found[:count])

    @guard()
    async def page(self, pool: str, *, before: str | None = None, count: int = 10) -> tuple[Backup, ...]:
        """At most `count` backups, the newest first; `before` is the id of the last one already shown.

        One whose record cannot be read any more is left out, so that it keeps nobody from the others; `ids` has it.
        """
        first = 0
        if before is not None:
            rank = await self._client.zrevrank(keys.backups(pool), before)
            if rank is None:
                raise BadInput(f"There is no backup {before[:80]} of {pool}.")
            first = rank + 1
        found: list[Backup] = []
        while len(found) < count and (
            ids := await self._client.zrevrange(keys.backups(pool), first, first + count - 1)
        ):
            first += len(ids)
            found += await self._those(ids)
        return tuple(found[:count])

    @guard()
    async def ids(self, pool: str, start: int = 0, count: int = 100) -> tuple[str, ...]:
        """The ids of this pool's backups from the newest on; also of those whose records cannot be read any more."""
        ids = await self._client.zrevrange(keys.backups(pool), start, start + count - 1)
        return tuple(id.decode() for id in ids)

    @guard()
    async def newer(self, pool: str, count: int = 10) -> tuple[str, ...]:
        """Those of the newest ids that a newer version wrote."""
        ids = await self.ids(pool, 0, count)
        stored = await self._client.mget([keys.backup(id) for id in ids]) if ids else []
        return tuple(id for id, record in zip(ids, stored, strict=True) if record and self._shelf.is_newer(id, record))

    @guard()
    async def unlisted(self, before: float, count: int = 100) -> tuple[Backup, ...]:
        """At most `count` that were kept before that second and never became one of their pool's, the oldest first."""
        ids = await self._client.zrange(keys.UNLISTED, "-inf", f"({before!r}", byscore=True, offset=0, num=count)
        return tuple(await self._those(ids))

    @guard()
    async def ahead(self, now: float, pool: str = "") -> int:
        """How many a wrong clock dated after `now` (seconds): of this pool, or of all and of those not listed."""
        indexes = [keys.backups(pool)] if pool else [keys.UNLISTED, *map(keys.backups, await self.pools())]
        return sum([await self._client.zcount(index, f"({now + AHEAD_S!r}", "+inf") for index in indexes])

    @guard()
    async def count(self, pool: str) -> int:
        """How many backups this pool has."""
        return await self._client.zcard(keys.backups(pool))

    @guard()
    async def pools(self) -> tuple[str, ...]:
        """The pools that have a backup, by name."""
        pools = [pool.decode() for pool in await self._client.zrange(keys.BACKED_UP, 0, -1)]
        async with self._client.pipeline(transaction=False) as pipe:
            for pool in pools:
                pipe.zcard(keys.backups(pool))
            return tuple(pool for pool, count in zip(pools, await pipe.execute(), strict=True) if count)

    async def _those(self, ids: Sequence[bytes]) -> list[Backup]:
        """One that was removed since it was listed is left out as well."""
        stored = await self._client.mget([keys.backup(id.decode()) for id in ids]) if ids else []
        found: list[Backup] = []
        for id, record in zip(ids, stored, strict=True):
            if record is not None:
                with suppress(Damaged):
                    found.append(self._shelf.opened(id.decode(), record).backup)
        return found


def _from(raw: Mapping[str, bytes]) -> Fetch:
    async def fetch(name: str) -> bytes | None:
        return raw.get(name)

    return fetch
