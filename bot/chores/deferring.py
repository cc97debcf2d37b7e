"""Names what a newer Switchback wrote, and what nobody can read: it is left alone, and somebody should know."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from bot.domain.errors import Damaged, Newer
from storage.backups.backups import Backups
from storage.backups.keepings import Keepings
from storage.companions import Companions
from storage.notices import Notices
from storage.runs import Runs
from storage.schedules import Schedules

EVERY_S = 60.0
_SHOWN = 10
_LOOKED_AT = 10
"""So many of the newest backups of each pool: this is asked every minute."""

_Look = tuple[str, Callable[[], Awaitable[Sequence[str]]]]
"""What is said of each thing that is found, and how they are found."""


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
        keepings: Keepings,
        companions: Companions,
        notices: Notices,
        pools: Iterable[str],
    ) -> None:
        self._runs, self._schedules, self._backups, self._keepings = runs, schedules, backups, keepings
        self._companions, self._notices, self._pools = companions, notices, tuple(pools)

    async def work(self, now: float) -> None:
        """One notice stands for all that is newer, one for all that cannot be read, and each ends with it."""
        lists: list[str] = []
        newer, unread = await _found(self._newer(), lists), await _found(self._unread(), lists)
        await self._tell(_NEWER, newer, now)
        await self._tell(_UNREAD, list(dict.fromkeys((*unread, *lists))), now)

    def _newer(self) -> tuple[_Look, ...]:
        return (
            ("The run {}", self._runs.newer),
            ("Where {} stands", partial(self._unknown, newer=True)),
            ("The schedule of {}", self._schedules.newer),
            *(("Backup {}", partial(self._backups.newer, pool)) for pool in self._pools),
            ("Copy {}", self._companions.newer),
            ("The notice {}", self._notices.newer),
        )

    def _unread(self) -> tuple[_Look, ...]:
        known = "What is known of backup {} beside its contents cannot be read."
        return (
            ("{}", self._runs.unreadable),
            ("{}", partial(self._unknown, newer=False)),
            ("The schedule of {} cannot be read.", self._schedules.unreadable),
            *((known, partial(self._unread_keepings, pool)) for pool in self._pools),
            ("The notice {} cannot be read.", self._notices.unreadable),
        )

    async def _unknown(self, newer: bool) -> list[str]:
        """The pools of which a newer version knows where they stand; or else why nobody knows it of others."""
        found = (await self._runs.unknown(self._pools)).items()
        return [fqdn if newer else fault.sentence for fqdn, fault in found if isinstance(fault, Newer) is newer]

    async def _unread_keepings(self, pool: str) -> tuple[str, ...]:
        return await self._keepings.unreadable(await self._backups.ids(pool, 0, _LOOKED_AT))

    async def _tell(self, one: _Standing, found: Sequence[str], now: float) -> None:
        if not found:
            await self._notices.end(one.key, one.over, now)
            return
        more = (f"And {len(found) - _SHOWN} more.",) if len(found) > _SHOWN else ()
        await self._notices.say(one.key, one.said(found), now, (*found[:_SHOWN], *more, one.advice))


async def _found(looks: Iterable[_Look], lists: list[str]) -> list[str]:
    """A line for each; a whole list that cannot be read goes to `lists`, and keeps nobody from the others."""
    found: list[str] = []
    for words, look in looks:
        try:
            found += [words.format(one) for one in await look()]
        except Damaged as fault:
            lists.append(fault.sentence)
    return found


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
