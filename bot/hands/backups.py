"""Performs the acts that take exports into keeping: listed, compared, stamped, flagged and pinned."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from bot.domain.backups.backup import Backup, Keeping, is_ahead
from bot.domain.errors import BadInput, Damaged
from bot.domain.groups.compare import differing
from bot.domain.runs.acts import Flag, KeepStamp, ListBackup, Newest, NewestKept, NewestWhole, Pin, PinNewest
from storage.backups.backups import Backups
from storage.backups.keepings import Keepings

_PAGE = 20


class Custody:
    """What is kept, and what is known of it. `performers` are its acts, each with what performs it.

    What is dated in the future by `clock` (seconds) is never the newest, nor the one before.
    """

    def __init__(self, backups: Backups, keepings: Keepings, clock: Callable[[], float]) -> None:
        self._backups, self._keepings, self._clock = backups, keepings, clock
        self.performers: Mapping[type, Callable[[Any], Awaitable[Any]]] = {
            ListBackup: self._list,
            Newest: self._newest,
            NewestKept: self._newest_kept,
            NewestWhole: self._newest_whole,
            KeepStamp: self._stamp,
            Flag: self._flag,
            Pin: self._pin,
            PinNewest: self._pin_newest,
        }

    async def _list(self, act: ListBackup) -> Backup:
        backup = await self._backups.get(act.backup)
        newest = await self._backups.dated(backup.pool, self._clock(), 2)
        before = next((one for one in newest if one.id != backup.id), None)
        changed = await self._changed(before.id, backup.id) if before else None
        known = before.id if before and changed is not None else ""
        return await self._backups.enlist(backup.id, act.warnings, changed=changed, before=known)

    async def _changed(self, before: str, after: str) -> int | None:
        """How many objects differ; None when the older one cannot be read, which must not keep a newer one out."""
        try:
            prints = [await self._backups.fingerprints(id) for id in (before, after)]
        except (Damaged, BadInput):
            return None
        return len(await asyncio.to_thread(differing, *prints))

    async def _newest(self, act: Newest) -> tuple[Backup, ...]:
        return await self._backups.dated(act.pool, self._clock(), act.count)

    async def _newest_kept(self, act: NewestKept) -> tuple[tuple[Backup, Keeping], ...]:
        """Those of one day share most pieces, so one damaged piece may take all of the newest ones along."""
        found: list[tuple[Backup, Keeping]] = []
        ahead: list[tuple[Backup, Keeping]] = []
        async for one, known in self._all(act.pool, act.count):
            wrong = is_ahead(one, self._clock())
            if wrong and len(ahead) >= act.count:
                continue
            (ahead if wrong else found).append((one, await self._proven(one, known) if act.proven else known))
            if len(found) >= act.count and not (act.proven and all(known.damage for _, known in found)):
                break
        return (*found, *ahead[: max(0, act.count - len(found))])

    async def _proven(self, one: Backup, known: Keeping) -> Keeping:
        """Reads it now: the last check may be days ago, and what it found may have been mended since."""
        try:
            await self._backups.load(one.id)
        except (Damaged, BadInput) as fault:
            with suppress(BadInput):
                await self._keepings.damage(one.id, fault.sentence)
            return replace(known, damage=fault.sentence)
        return replace(known, damage="")

    async def _all(self, pool: str, count: int = _PAGE) -> AsyncIterator[tuple[Backup, Keeping]]:
        """The newest first, page by page: any number of flagged ones may be newer than the one that is looked for."""
        page = await self._backups.page(pool, count=count)
        while page:
            for pair in zip(page, await self._keepings.read([one.id for one in page]), strict=True):
                yield pair
            page = await self._backups.page(pool, before=page[-1].id, count=count)

    async def _newest_whole(self, act: NewestWhole) -> Backup | None:
        async for one, known in self._all(act.pool):
            if not known.shrunk and one.id != act.but and not is_ahead(one, self._clock()):
                return one
        return None

    async def _stamp(self, act: KeepStamp) -> None:
        await self._keepings.stamp(act.backup, act.stamp)
        await self._keepings.set_basis(act.stamp.pool, act.stamp.basis, act.stamp.at)

    async def _flag(self, act: Flag) -> None:
        await self._keepings.shrunk(act.backup, act.sentence)

    async def _pin(self, act: Pin) -> None:
        await self._keepings.pin(act.backup, act.by, act.because)

    async def _pin_newest(self, act: PinNewest) -> tuple[str, ...]:
        pinned: list[str] = []
        async for one, known in self._all(act.pool):
            is_sound = not known.damage and not known.shrunk
            if is_sound or not pinned:
                await self._keepings.pin(one.id, act.by, act.because)
                pinned.append(one.id)
            if is_sound and not is_ahead(one, self._clock()):
                break
        return tuple(pinned)
