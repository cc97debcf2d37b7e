"""Names what a newer Switchback wrote, and what nobody can read: it is left alone, and somebody should know."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from bot.domain.errors import Newer
from storage.backups.backups import Backups
from storage.companions import Companions
from storage.notices import Notices
from storage.runs import Runs
from storage.schedules import Schedules

EVERY_S = 60.0
_SHOWN = 10


@dataclass(frozen=True, slots=True)
class _Standing:
    """A notice: what it says of what was `found`, what ends it, and what to do."""

    key: str
    said: Callable[[Sequence[str]], str]
    over: str
    advice: str


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
        """One notice stands for all that is newer, one for all that cannot be read, and each ends with it."""
        pools = await self._runs.unknown(self._pools)
        newer = (
            *(f"The run {id}" for id in await self._runs.newer()),
            *(f"Where {fqdn} stands" for fqdn, fault in pools.items() if isinstance(fault, Newer)),
            *(f"The schedule of {fqdn}" for fqdn in await self._schedules.newer()),
            *[f"Backup {id}" for pool in self._pools for id in await self._backups.newer(pool)],
            *(f"Copy {id}" for id in await self._companions.newer()),
            *(f"The notice {key}" for key in await self._notices.newer()),
        )
        unread = (
            *await self._runs.unreadable(),
            *(fault.sentence for fault in pools.values() if not isinstance(fault, Newer)),
            *(f"The schedule of {fqdn} cannot be read." for fqdn in await self._schedules.unreadable()),
            *(f"The notice {key} cannot be read." for key in await self._notices.unreadable()),
        )
        await self._tell(_NEWER, newer, now)
        await self._tell(_UNREAD, unread, now)

    async def _tell(self, one: _Standing, found: Sequence[str], now: float) -> None:
        if not found:
            await self._notices.end(one.key, one.over, now)
            return
        more = (f"And {len(found) - _SHOWN} more.",) if len(found) > _SHOWN else ()
        await self._notices.say(one.key, one.said(found), now, (*found[:_SHOWN], *more, one.advice))


def _newer(found: Sequence[str]) -> str:
    what = f"{found[0]} and {len(found) - 1} more are" if len(found) > 1 else f"{found[0]} is"
    return f"{what} newer than this process: a newer Switchback wrote that. It is left as it is."


def _unread(found: Sequence[str]) -> str:
    what = f"{len(found)} things" if len(found) > 1 else "Something"
    return f"{what} in Redis cannot be read, and everything else goes on without."


_NEWER = _Standing(
    "newer",
    _newer,
    "Nothing here is newer than this process any more.",
    "Stop this version, and start the newer one again.",
)
_UNREAD = _Standing(
    "unreadable",
    _unread,
    "Everything in Redis can be read again.",
    "If such a run holds a pool, `/rgs free <run> <reason>` frees it. Nothing of it is taken away.",
)
