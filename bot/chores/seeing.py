"""Reads again and again how every pool stands, and tells what others did to it; nothing is ever started (seed 004)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from bot.chores.chores import each
from bot.chores.held import stands, taken
from bot.chores.silence import ALONE, Silence
from bot.clock.wall_clock import time_of
from bot.domain.deployment.answers import Part, PoolAnswer
from bot.domain.deployment.pool_reading import PoolReading, difference
from bot.domain.errors import DriverError, SignInRefused
from bot.domain.model import Pool, PoolRecord, PoolState
from bot.domain.runs.opening import Estate
from bot.drivers.base import Driver
from bot.hands.sight import asker, look, reads_data
from storage.answers import KnownAnswers
from storage.notices import Notices, Offer
from storage.readings import KnownReadings
from storage.runs import Runs

log = logging.getLogger(__name__)

EVERY_S = 60.0

DEADLINE_S = 10.0
"""How long a pool may take to answer; as long again have servers of its partner, where those have to speak for it."""

Records = Mapping[str, PoolRecord]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one round brought of a pool; no reading where nobody told where it stands."""

    pool: Pool
    answer: PoolAnswer
    reading: PoolReading | None


class Seeing:
    """Of the configured pools. Of one whose pair a run holds nothing is told: that run reads for itself."""

    def __init__(
        self,
        driver: Driver,
        known: KnownReadings,
        answers: KnownAnswers,
        runs: Runs,
        notices: Notices,
        estate: Estate,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        self._driver, self._known, self._answers, self._runs = driver, known, answers, runs
        self._notices, self._estate, self._deadline_s = notices, estate, deadline_s
        self._silence = Silence(notices, estate)

    async def work(self, now: float) -> None:
        """All pools at once: servers that are slow to answer keep nobody from the others."""
        pools = self._estate.pools
        before = await self._runs.records(pools)
        seen = await asyncio.gather(*(self._ask(pool, now) for pool in pools.values()))
        # A run that began or moved on meanwhile may have moved what was read: then nothing is kept or said of it.
        after = await self._runs.records(pools)
        sure = [one for one in seen if self._same(one.pool, before, after)]
        free = [one for one in sure if not self._held(one.pool, after)]
        held = [pool for pool in pools.values() if self._held(pool, after)]
        notes = [partial(self._note, one.pool, one.reading) for one in sure if one.reading]
        told = [partial(self._tell, one, after) for one in free]
        left = partial(taken, self._notices, held, now)
        ways = partial(self._silence.of_ways, [(one.pool, one.answer) for one in seen], now)
        await each([*notes, *told, left, ways])

    def _held(self, pool: Pool, records: Records) -> bool:
        return any(records[fqdn].held_by for fqdn in self._estate.pair_of(pool))

    def _same(self, pool: Pool, before: Records, after: Records) -> bool:
        return all(before[fqdn] == after[fqdn] for fqdn in self._estate.pair_of(pool))

    async def _ask(self, pool: Pool, now: float) -> _Seen:
        """The pool itself; else, or where it has only an old replica, servers of its partner tell where it stands."""
        answer, found = await self._own(pool, now)
        answer = answer.after((await self._answers.of([pool.fqdn])).get(pool.fqdn))
        await self._answers.note(pool.fqdn, answer)
        partner = self._estate.partner(pool)
        if partner and partner.front_end and not (found and found.state.known):
            theirs = await self._of_partner(partner, pool, now)
            found = theirs if theirs and (found is None or theirs.state.known) else found
        return _Seen(pool, answer, found)

    async def _own(self, pool: Pool, now: float) -> tuple[PoolAnswer, PoolReading | None]:
        """What of it answered in time, and what was read by then."""
        silent: Part | None = Part.POOL
        found: PoolReading | None = None
        ask = asker(self._driver, pool.fqdn)
        try:
            async with asyncio.timeout(self._deadline_s):
                async for seen in look(ask, pool, pool.fqdn, now):
                    found = seen
                    if silent is Part.POOL:
                        silent = Part.DATA
                        silent = None if await reads_data(ask, pool.fqdn) else Part.DATA
        except SignInRefused:
            silent = Part.SIGN_IN
        except (DriverError, TimeoutError):
            log.debug("%s was not read to the end.", pool.fqdn)
        through = self._driver.through(pool.fqdn)
        return PoolAnswer(now, Part.WAY if through and silent is Part.POOL else silent, through), found

    async def _of_partner(self, partner: Pool, pool: Pool, now: float) -> PoolReading | None:
        """What was read in time; nothing where nobody answered."""
        found: PoolReading | None = None
        with suppress(DriverError, TimeoutError):
            async with asyncio.timeout(self._deadline_s):
                async for seen in look(asker(self._driver, partner.fqdn), pool, partner.fqdn, now):
                    found = seen
        return found

    async def _note(self, pool: Pool, seen: PoolReading) -> None:
        last = (await self._known.of([pool.fqdn])).get(pool.fqdn)
        since = last.since if last and last.state.known == seen.state.known else seen.since
        await self._known.note(pool.fqdn, replace(seen, since=since))

    async def _tell(self, one: _Seen, records: Records) -> None:
        pool = one.pool
        await self._silence.of_pool(pool, one.answer, records)
        seen = (await self._known.of([pool.fqdn])).get(pool.fqdn) if one.reading else None
        if seen is None:
            return
        await self._tell_difference(pool, seen, records[pool.fqdn].state)
        pair = self._estate.pair_of(pool)
        mute = any(answer.is_silent for answer in (await self._answers.of(pair)).values())
        if not mute and all(records[fqdn].state is PoolState.ACTIVE for fqdn in pair):
            await self._tell_service(pool, seen)

    async def _tell_difference(self, pool: Pool, seen: PoolReading, remembered: PoolState) -> None:
        """What nobody knows neither begins nor ends anything."""
        if said := difference(pool.fqdn, remembered, seen.state):
            sentence = f"Seen at {time_of(seen.since, pool.time_zone)}: {said}"
            offers = (Offer("Adopt it", f"start adopt {pool.fqdn}"),)
            await self._notices.say(stands(pool), sentence, seen.at, (ALONE,), offers, unheld=[pool.fqdn])
        elif seen.state.known and remembered is not PoolState.UNKNOWN:
            sentence = f"What is remembered of {pool.short} is what its servers say again."
            await self._notices.end(stands(pool), sentence, seen.at)

    async def _tell_service(self, pool: Pool, seen: PoolReading) -> None:
        """Of pairs that are well: while one of them is silent or in outage it cannot copy, and everybody knows why."""
        key, backup = f"copies:{pool.fqdn}", (pool.backup_pool or "").partition(".")[0]
        if ailing := tuple(seen.ailing()):
            sentence = f"The Backup Service of {pool.short} needs somebody: {backup} may lack what was changed last."
            await self._notices.say(key, sentence, seen.at, (*ailing, f"`/rgs pools {pool.short}` shows all of it."))
        elif seen.modules is not None and seen.stopped is not None:
            well = f"The Backup Service of {pool.short} is well again."
            await self._notices.end(key, f"{well} {seen.groups_words(pool.short, backup)}", seen.at)
