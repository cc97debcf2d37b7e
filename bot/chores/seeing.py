"""Reads again and again how every pool stands, and tells what others did to it; nothing is ever started (seed 004)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial

from bot.chores.chores import each
from bot.clock.wall_clock import time_of
from bot.domain.deployment.pool_reading import PoolReading, difference
from bot.domain.errors import DriverError
from bot.domain.model import Pool, PoolRecord, PoolState
from bot.domain.runs.opening import Estate
from bot.drivers.base import Driver
from bot.hands.sight import asker, look
from storage.notices import Notices
from storage.readings import KnownReadings
from storage.runs import Runs

EVERY_S = 120.0

DEADLINE_S = 10.0
"""How long the reading of one pool may take, over all servers that are asked of it."""

Records = Mapping[str, PoolRecord]


class Seeing:
    """Of the configured pools. One whose pair a run holds is left alone: that run reads for itself."""

    def __init__(
        self,
        driver: Driver,
        known: KnownReadings,
        runs: Runs,
        notices: Notices,
        estate: Estate,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._driver, self._known, self._runs, self._notices = driver, known, runs, notices
        self._estate, self._deadline_s = estate, deadline_s

    async def work(self, now: float) -> None:
        """All pools at once: servers that are slow to answer keep nobody from the others."""
        pools = self._estate.pools
        before = await self._runs.records(pools)
        free = [pool for pool in pools.values() if not self._held(pool, before)]
        read = await asyncio.gather(*(self._read(pool, now) for pool in free))
        # A run that began meanwhile may have moved what was read: then nothing is said of it.
        after = await self._runs.records(pools)
        seen = [(pool, one) for pool, one in zip(free, read, strict=True) if one and self._same(pool, before, after)]
        held = [pool for pool in pools.values() if self._held(pool, after)]
        notes = [partial(self._note, pool, one, after) for pool, one in seen]
        await each([*notes, *(partial(self._leave, pool, now) for pool in held)])

    def _held(self, pool: Pool, records: Records) -> bool:
        return any(records[fqdn].held_by for fqdn in self._estate.pair_of(pool))

    def _same(self, pool: Pool, before: Records, after: Records) -> bool:
        return all(before[fqdn] == after[fqdn] for fqdn in self._estate.pair_of(pool))

    async def _read(self, pool: Pool, now: float) -> PoolReading | None:
        """By its own server, else, or where that has only an old replica, by one of its partner."""
        partner = self._estate.partner(pool)
        asked = [one for one in (pool, partner) if one and one.front_end]
        found: PoolReading | None = None
        for one in asked:
            seen = await self._read_from(one, pool, now, self._deadline_s / len(asked))
            if seen and (found is None or seen.state.known):
                found = seen
            if found and found.state.known:
                break
        return found

    async def _read_from(self, one: Pool, pool: Pool, now: float, most_s: float) -> PoolReading | None:
        """What was read in time; nothing where nobody answered."""
        found: PoolReading | None = None
        with suppress(DriverError, TimeoutError):
            async with asyncio.timeout(most_s):
                async for seen in look(asker(self._driver, one.fqdn), pool, one.fqdn, now):
                    found = seen
        return found

    async def _note(self, pool: Pool, seen: PoolReading, records: Records) -> None:
        last = (await self._known.of([pool.fqdn])).get(pool.fqdn)
        if last and last.state.known == seen.state.known:
            seen = replace(seen, since=last.since)
        if last and not seen.answered:
            seen = replace(seen, answered=last.answered)
        await self._known.note(pool.fqdn, seen)
        await self._tell_difference(pool, seen, records[pool.fqdn].state)
        if all(records[fqdn].state is PoolState.ACTIVE for fqdn in self._estate.pair_of(pool)):
            await self._tell_service(pool, seen)

    async def _tell_difference(self, pool: Pool, seen: PoolReading, remembered: PoolState) -> None:
        """What nobody knows neither begins nor ends anything."""
        if said := difference(pool.fqdn, remembered, seen.state):
            sentence = f"Seen at {time_of(seen.since, pool.time_zone)}: {said}"
            await self._notices.say(_stands(pool), sentence, seen.at, _ALONE)
        elif seen.state.known and remembered is not PoolState.UNKNOWN:
            sentence = f"What is remembered of {pool.short} is what its servers say again."
            await self._notices.end(_stands(pool), sentence, seen.at)

    async def _tell_service(self, pool: Pool, seen: PoolReading) -> None:
        """Of pairs that are well: in an outage it has nowhere to copy to, and everybody knows."""
        key, backup = f"copies:{pool.fqdn}", (pool.backup_pool or "").partition(".")[0]
        if ailing := tuple(seen.ailing()):
            sentence = f"The Backup Service of {pool.short} needs somebody: {backup} may lack what was changed last."
            await self._notices.say(key, sentence, seen.at, (*ailing, f"`/rgs pools {pool.short}` shows all of it."))
        elif seen.modules is not None and seen.stopped is not None:
            well = f"The Backup Service of {pool.short} is well again."
            await self._notices.end(key, f"{well} {seen.groups_words(pool.short, backup)}", seen.at)

    async def _leave(self, pool: Pool, now: float) -> None:
        """Whoever is at it reads where it stands, and says so on the card."""
        await self._notices.end(_stands(pool), f"A run has {pool.short} in hand now.", now)


_ALONE = ("Switchback starts nothing by itself.",)


def _stands(pool: Pool) -> str:
    return f"stands:{pool.fqdn}"
