"""Tells which pools do not answer, and which servers they are asked through: each is one notice, and starts nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.chores.held import silent
from bot.clock.wall_clock import time_of
from bot.domain.deployment.answers import TWICE, Part, PoolAnswer
from bot.domain.model import Pool, PoolRecord, PoolState
from bot.domain.runs.opening import Estate
from storage.notices import Notices, Offer

ALONE = "Switchback starts nothing by itself."
_WAY = "way:"


class Silence:
    """What nobody knows neither begins nor ends a notice of a pool."""

    def __init__(self, notices: Notices, estate: Estate) -> None:
        self._notices, self._estate = notices, estate

    async def of_pool(self, pool: Pool, answer: PoolAnswer, records: Mapping[str, PoolRecord]) -> None:
        """Of one that no run holds: it offers the outage where a failover can start."""
        state = records[pool.fqdn].state
        if state is not PoolState.ACTIVE:
            sentence = f"{pool.short} is remembered as {state} now."
            await self._notices.end(silent(pool), sentence, answer.at, taken=True)
        elif answer.silent is None:
            await self._notices.end(silent(pool), f"{pool.short} answers again.", answer.at)
        elif answer.is_silent and answer.rounds >= TWICE:
            may = len(pair := self._estate.pair_of(pool)) > 1
            may = may and all(records[fqdn].state is PoolState.ACTIVE for fqdn in pair)
            offers = (Offer("Declare an outage", f"failover {pool.fqdn}"),) if may else ()
            sentence = _SAID[answer.silent].format(pool=pool.short, at=time_of(answer.since, pool.time_zone))
            details = (_LOOK[answer.silent], *((_DECLARE,) if may else ()), ALONE)
            await self._notices.say(silent(pool), sentence, answer.at, details, offers, unheld=[pool.fqdn])

    async def of_ways(self, seen: Iterable[tuple[Pool, PoolAnswer]], now: float) -> None:
        """Of the servers through which pools are asked that have none of their own: whether those live is not known."""
        mute: dict[str, list[tuple[Pool, PoolAnswer]]] = {}
        for pool, answer in seen:
            if answer.silent is Part.WAY:
                mute.setdefault(answer.through, []).append((pool, answer))
        for host, behind in mute.items():
            (pool, answer), names = behind[0], ", ".join(pool.short for pool, _ in behind)
            if answer.rounds >= TWICE:
                since = time_of(answer.since, pool.time_zone)
                sentence = f"{host}, through which Switchback asks {names}, does not answer since {since}."
                details = (f"Whether the pools answer is not known: {names}.", "Look at that server and its network.")
                await self._notices.say(f"{_WAY}{host}", sentence, now, details)
        for notice in await self._notices.standing():
            host = notice.key.removeprefix(_WAY)
            if notice.key.startswith(_WAY) and host not in mute:
                await self._notices.end(notice.key, f"{host} answers again, or is not needed any more.", now)


_SAID = {
    Part.POOL: "{pool} does not answer since {at}.",
    Part.DATA: "The Response Group data of {pool} does not answer since {at}.",
}
_LOOK = {
    Part.POOL: "None of its servers answered within 10 s, two minutes in a row. Look whether its users can work.",
    Part.DATA: "Its server answers. Look at its SQL Server, and whether its Response Groups still answer calls.",
}
_DECLARE = "If not, declare an outage: that starts the failover, and shows every command before it runs."
