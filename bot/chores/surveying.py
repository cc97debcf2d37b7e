"""Asks every pool once a day what its servers can do, and tells what a run will need and they lack."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from bot.chores.chores import each
from bot.domain.deployment.abilities import REMEDY, Abilities, remarks
from bot.domain.errors import DriverError
from bot.domain.measures import numbered
from bot.domain.model import Pool, PoolRecord, PoolState
from bot.domain.runs.opening import Estate
from bot.domain.runs.runbook import Runbook
from bot.drivers.base import Driver
from bot.hands.asking import Asking
from bot.runbooks.uses import of_a_pool
from storage.abilities import KnownAbilities
from storage.notices import Notices
from storage.runs import Runs

EVERY_S, DAY_S = 900.0, 86_400.0
"""How often a pool that lacks something or did not answer is asked again, and how often any other."""

KEY = "able:"


class Surveying:
    """Of the configured pools. None is asked while a run holds it: what a run reads does not have to wait for this."""

    def __init__(
        self,
        driver: Driver,
        known: KnownAbilities,
        runs: Runs,
        notices: Notices,
        estate: Estate,
        runbooks: Iterable[Runbook],
    ) -> None:
        self._driver, self._known, self._runs, self._notices = driver, known, runs, notices
        self._estate, self._runbooks = estate, tuple(runbooks)

    async def work(self, now: float) -> None:
        pools = self._estate.pools
        records, known = await self._runs.records(pools), await self._known.of(pools)
        due = [
            partial(self._ask, pool, records[fqdn], now)
            for fqdn, pool in pools.items()
            if not records[fqdn].held_by and self._is_due(pool, known.get(fqdn), now)
        ]
        await each(due)

    def _is_due(self, pool: Pool, known: Abilities | None, now: float) -> bool:
        return known is None or not 0 <= now - known.at < DAY_S or bool(self._lacking(pool, known))

    async def _ask(self, pool: Pool, record: PoolRecord, now: float) -> None:
        key = f"{KEY}{pool.fqdn}"
        try:
            said = await Asking(self._driver, pool, pool.short, makes=True).ask(now)
        except DriverError as away:
            if record.state is PoolState.ACTIVE:
                sentence = f"{pool.short} cannot be asked what its servers can do. {away.sentence}"
                await self._notices.say(key, sentence, now, _UNKNOWN)
            return
        await self._known.note(pool.fqdn, said)
        if lacking := self._lacking(pool, said):
            sentence = f"{pool.short}: {numbered(len(lacking), 'thing')} to put right before a run needs it."
            await self._notices.say(key, sentence, now, (*lacking, REMEDY))
        else:
            await self._notices.end(key, f"The servers of {pool.short} can do all that runs need.", now)

    def _lacking(self, pool: Pool, said: Abilities) -> tuple[str, ...]:
        partner = self._estate.partner(pool)
        uses = of_a_pool(self._runbooks, has_partner=partner is not None)
        lacks = (f"{pool.short} lacks {one}." for one in dict.fromkeys(said.lacks(uses, pool.version)))
        return (*lacks, *said.refused, *remarks(pool, partner, said))


_UNKNOWN = ("Until it can, a run there starts without knowing.", "`python -m bot check` tells what is in the way.")
