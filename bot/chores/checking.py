"""Reads what is kept again before it is needed: damage is named, fetched again from the off-site copy, or told."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial

from bot.chores.chores import each
from bot.domain.backups.checkup import Checkup, listed
from bot.domain.errors import BadInput, Damaged, Newer
from bot.domain.measures import numbered
from bot.domain.model import short
from storage.backups.backups import Backups
from storage.backups.keepings import Keepings
from storage.companions import Companions
from storage.notices import Notices

EVERY_S, DAY_S = 600.0, 86_400.0
"""How often the rolling check has a turn, and how often every record is opened."""

CHECK_AFTER_S = 6 * 86_400.0
"""A piece is read again when its last check is older: all of it within a week, even when a day of that is missed."""

TURN_S = 20.0
"""How long one turn of the rolling check may take; what is left is for the next one."""

_AT_ONCE = 16
_PAGE = 50

Fetch = Callable[[str], Awaitable[bytes | None]]
"""The stored bytes of a piece from the off-site copy; None where there are none, or where it does not answer."""

FetchRecord = Callable[[str, float, str, Callable[[bytes], bool]], Awaitable[bytes | None]]
"""The same for the record of a backup: its pool, when it was taken, its id, and what tells whether it is sound."""


async def no_copy(*asked: object) -> None:
    """There is no off-site copy to fetch anything from."""


class Checking:
    """The check of everything that is kept, in turns and on demand. `pools` are FQDNs."""

    def __init__(
        self,
        backups: Backups,
        companions: Companions,
        keepings: Keepings,
        notices: Notices,
        pools: Sequence[str],
        fetch: Fetch = no_copy,
        record: FetchRecord = no_copy,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        self._backups, self._pieces, self._companions = backups, backups.pieces, companions
        self._keepings, self._notices = keepings, notices
        self._pools, self._fetch, self._record, self._stopwatch = tuple(pools), fetch, record, stopwatch
        self._judged: frozenset[str] = frozenset()

    async def work(self, now: float) -> None:
        """One turn of the rolling check: the pieces that were not read for longest, as far as the turn goes.

        What a process found that then died is judged by the next one, which remembers nothing of it.
        """
        await self._refuse_without_keys()
        until = self._stopwatch() + TURN_S
        while self._stopwatch() < until and (names := await self._due(now)):
            await self._pieces.check(names, now)
        damaged = frozenset(await self._pieces.damaged())
        mended = await self._mend_some(sorted(damaged))
        if mended or damaged != self._judged:
            await self._judge(sorted(damaged | self._judged), now)
            self._judged = damaged - mended

    async def records(self, now: float) -> None:
        """Every record is opened, and the newest backup of each pool read as a whole: it is the one to be restored.

        So is whatever was damaged: who stored the same bytes again may have mended it.
        """
        await self._refuse_without_keys()
        pools = [partial(self._records_of, pool, now) for pool in self._pools]
        await each([*pools, partial(self._tell_of_companions, now)])

    async def _records_of(self, pool: str, now: float) -> None:
        found: dict[str, str] = {}
        newest = await self._backups.newest(pool, now)
        async for ids in self._pages(pool):
            for id, keeping in zip(ids, await self._keepings.read(ids), strict=True):
                whole = not found or bool(keeping.damage) or (newest is not None and id == newest.id)
                fault = await self._fault(self._read if whole else self._backups.parts, id)
                found[id] = fault and (await self._whole(pool, id, now))[0]
        await self._mark(pool, found, now)

    async def pool(self, fqdn: str, now: float) -> Checkup:
        """Every byte of every backup of the pool is read now; what is damaged is fetched again where that can be."""
        await self._refuse_without_keys()
        faults: dict[str, str] = {}
        mended: dict[str, None] = {}
        pieces: set[str] = set()
        size = 0
        async for id in self._ids(fqdn):
            faults[id], fetched = await self._whole(fqdn, id, now)
            mended |= dict.fromkeys(fetched)
            if not faults[id]:
                with suppress(BadInput):  # It may go as soon as it was read.
                    size += (await self._backups.get(id)).size
                    pieces.update(await self._backups.parts(id))
        lost = await self._mark(fqdn, faults, now)
        return Checkup(len(faults), len(pieces), size, tuple(mended), {id: lost[id] for id in faults if id in lost})

    async def _refuse_without_keys(self) -> None:
        """Raises BadInput while another process seals with a key that is not here yet: nothing is damaged by that."""
        if sentence := await self._backups.lacks():
            raise BadInput(sentence)

    async def _due(self, now: float) -> list[str]:
        return [name for name, checked in await self._pieces.oldest(_AT_ONCE) if checked < now - CHECK_AFTER_S]

    async def _mend(self, name: str) -> bool:
        raw = await self._fetch(name)
        return raw is not None and await self._pieces.mend(name, raw)

    async def _mend_some(self, names: Sequence[str]) -> frozenset[str]:
        """Those that could be mended while the turn goes on: a copy that is slow to answer stops no reading."""
        until, mended = self._stopwatch() + TURN_S, set[str]()
        for name in names:
            if self._stopwatch() >= until:
                break
            if await self._mend(name):
                mended.add(name)
        return frozenset(mended)

    async def _judge(self, names: Sequence[str], now: float) -> None:
        """The backups that need these pieces are read as a whole; what that comes to is marked and told."""
        needing = await self._backups.needing(names, self._pools)
        ids = {id for found in needing.values() for id in found}
        for pool in self._pools:
            found = {id: (await self._whole(pool, id, now))[0] async for id in self._ids(pool) if id in ids}
            if found:
                await self._mark(pool, found, now)
        await self._tell_of_companions(now)

    async def _whole(self, pool: str, id: str, now: float) -> tuple[str, Sequence[str]]:
        """What keeps the backup from being restored, empty when nothing does; and the pieces that were mended."""
        fault, mended = await self._fault(self._read, id), list[str]()
        if fault and await self._mend_record(pool, id):
            fault = await self._fault(self._read, id)
        while fault:
            damaged = await self._pieces.check(await self._backups.named(id), now)
            # A store that spoils what it was just given is not mended for ever.
            fetched = [name for name in damaged if name not in mended and await self._mend(name)]
            if not fetched:
                break
            # Which pieces there are may be known only now that its layout can be read again.
            mended += fetched
            fault = await self._fault(self._read, id)
        return fault, mended

    async def _mend_record(self, pool: str, id: str) -> bool:
        taken_at = await self._backups.taken_at(pool, id)
        if taken_at is None or not await self._fault(self._backups.get, id):
            return False
        record = await self._record(pool, taken_at, id, lambda raw: self._backups.readable(id, raw))
        return record is not None and await self._backups.mend(id, record)

    async def _read(self, id: str) -> None:
        """All that there is of a backup: what its objects are recognised by, and the export itself."""
        await self._backups.fingerprints(id)
        await self._backups.load(id)

    async def _fault(self, read: Callable[[str], Awaitable[object]], id: str) -> str:
        try:
            await read(id)
        except Newer:
            return ""
        except (Damaged, BadInput) as fault:
            return fault.sentence
        return ""

    async def _mark(self, pool: str, found: Mapping[str, str], now: float) -> Mapping[str, str]:
        """Notes of each backup what is wrong with it (empty: nothing); the pool's standing notice follows.

        Gives those that cannot be restored; one that went while it was read is none of them.
        """
        damaged: dict[str, str] = {}
        async for ids in self._pages(pool):
            for id, keeping in zip(ids, await self._keepings.read(ids), strict=True):
                said = found.get(id, keeping.damage)
                if said != keeping.damage:
                    await self._keepings.damage(id, said)
                if said:
                    damaged[id] = said
        await self._tell(pool, damaged, now)
        return damaged

    async def _tell(self, pool: str, damaged: Mapping[str, str], now: float) -> None:
        key, name = f"damage:{pool}", short(pool)
        if not damaged:
            return await self._notices.end(key, f"Every backup of {name} can be restored again.", now)
        sentence = (
            f"{numbered(len(damaged), 'backup')} of {name} cannot be restored: {listed(tuple(damaged))}. "
            f"The others are not touched by this. Make a new one now with `/rgs backup {name}`."
        )
        return await self._notices.say(key, sentence, now, tuple(damaged.values()))

    async def _tell_of_companions(self, now: float) -> None:
        lost = await self._companions.needing(await self._pieces.damaged())
        if not lost:
            await self._notices.end("damage:companions", "Every kept copy of other data is whole again.", now)
            return
        sentence = (
            f"{numbered(len(lost), 'kept copy', 'kept copies')} of other data cannot be restored: {listed(lost)}. "
            "Take new ones: `/rgs companions` has the way."
        )
        await self._notices.say("damage:companions", sentence, now)

    async def _ids(self, pool: str) -> AsyncIterator[str]:
        async for ids in self._pages(pool):
            for id in ids:
                yield id

    async def _pages(self, pool: str) -> AsyncIterator[tuple[str, ...]]:
        """Newest first; also backups whose records cannot be read any more."""
        start = 0
        while ids := await self._backups.ids(pool, start, _PAGE):
            yield ids
            start += len(ids)
