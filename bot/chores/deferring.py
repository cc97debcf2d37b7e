"""Names what a newer Switchback wrote: this process leaves it alone, and somebody should know."""

from __future__ import annotations

from collections.abc import Iterable

from bot.domain.model import PoolState
from storage.backups.backups import Backups
from storage.companions import Companions
from storage.notices import Notices
from storage.runs import Runs
from storage.schedules import Schedules

EVERY_S = 60.0
_KEY = "newer"
_SHOWN = 10


class Deferring:
    """`pools` are FQDNs. It looks where this process would have to act, or would rest on what it reads."""

    def __init__(
        self,
        runs: Runs,
        schedules: Schedules,
        backups: Backups,
        companions: Companions,
        notices: Notices,
        pools: Iterable[str],
    ) -> None:
        self._runs, self._schedules, self._backups = runs, schedules, backups
        self._companions, self._notices, self._pools = companions, notices, tuple(pools)

    async def work(self, now: float) -> None:
        """One notice stands for all of it, and ends with it."""
        found = await self._found()
        if not found:
            await self._notices.end(_KEY, "Nothing here is newer than this process any more.", now)
            return
        what = f"{found[0]} and {len(found) - 1} more are" if len(found) > 1 else f"{found[0]} is"
        sentence = f"{what} newer than this process: a newer Switchback wrote that. It is left as it is."
        more = (f"And {len(found) - _SHOWN} more.",) if len(found) > _SHOWN else ()
        advice = "Stop this version, and start the newer one again."
        await self._notices.say(_KEY, sentence, now, (*found[:_SHOWN], *more, advice))

    async def _found(self) -> tuple[str, ...]:
        records = (await self._runs.records(self._pools)).values()
        return (
            *(f"The run {id}" for id in await self._runs.newer()),
            *(f"Where {one.fqdn} stands" for one in records if one.state is PoolState.UNKNOWN),
            *(f"The schedule of {fqdn}" for fqdn in await self._schedules.newer()),
            *[f"Backup {id}" for pool in self._pools for id in await self._backups.newer(pool)],
            *(f"Copy {id}" for id in await self._companions.newer()),
            *(f"The notice {key}" for key in await self._notices.newer()),
        )
