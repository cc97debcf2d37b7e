"""Watches the companions of every pool: what has gone stale and who can mend it stands as one notice for each pool."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.chores.dating import Dating
from bot.clock.wall_clock import day_of
from bot.domain.companions.coverage import Cover, Coverage, Rules, State, coverage
from bot.domain.companions.kinds import Failure, How
from bot.domain.measures import numbered
from bot.domain.model import Pool, PoolState
from storage.companions import Companions
from storage.notices import Notices
from storage.runs import Runs

Failures = Mapping[tuple[str, str], Failure]

_WHAT = {
    How.COMMAND: "Switchback takes it by itself.",
    How.FILES: "Switchback takes it by itself.",
    How.UPLOAD: "Somebody has to send the files.",
    How.ATTEST: "Somebody has to say when it was backed up last.",
}


class Accompanying:
    """The standing notices of companions, and their pruning."""

    def __init__(
        self, companions: Companions, runs: Runs, notices: Notices, pools: Iterable[Pool], rules: Rules, dating: Dating
    ) -> None:
        self._companions, self._runs, self._notices = companions, runs, notices
        self._pools, self._rules, self._dating = tuple(pools), rules, dating

    async def watch(self, now: float) -> None:
        """Says what needs somebody, pool by pool, and ends what needs nobody any more; `now` in seconds.

        A pool in an outage has other worries: its notice stays as it is.
        """
        fqdns = [pool.fqdn for pool in self._pools]
        newest, failures = await self._companions.newest(fqdns, now), await self._companions.failures()
        records = await self._runs.records(fqdns)
        for pool in self._pools:
            if records[pool.fqdn].state is PoolState.ACTIVE:
                await self._tell(pool, coverage(pool, newest[pool.fqdn], self._rules, now), failures, now)

    async def prune(self, now: float) -> None:
        """Takes away copies whose time is over, unless ages are in doubt."""
        if (await self._dating.ages(now)).believed:
            await self._companions.prune(now)

    async def _tell(self, pool: Pool, found: Coverage, failures: Failures, now: float) -> None:
        key, lines = f"companion:{pool.fqdn}", details(found, failures, pool.time_zone)
        if not lines:
            await self._notices.end(key, f"Nobody has to see to the other data of {pool.short} any more.", now)
            return
        kinds = numbered(len(lines), "kind")
        way = f"`/rgs companions {pool.short}` shows what to do."
        sentence = f"Somebody has to see to {kinds} of other data of {pool.short}: backups of groups lack it. {way}"
        await self._notices.say(key, sentence, now, lines)


def details(found: Coverage, failures: Failures, zone: str) -> tuple[str, ...]:
    """A line for each companion that is stale or missing and needs people, or did not come by itself.

    Days are those of the time zone.
    """
    told = []
    for cover in found.covers:
        failure = failures.get((found.pool, cover.companion.key))
        if cover.state is not State.UNUSED and (cover in found.needing or failure):
            told.append(_line(cover, failure, zone))
    return tuple(told)


def _line(cover: Cover, failure: Failure | None, zone: str) -> str:
    """Dates instead of ages: a notice is edited when its words change, and nothing changed overnight."""
    kept = f"{cover.state}, last of {day_of(cover.kept.as_of, zone)}" if cover.kept else str(cover.state)
    why = f"Switchback could not take it: {failure.sentence}" if failure else _WHAT[cover.way]
    return f"{cover.companion.title}: {kept}. {why}"
