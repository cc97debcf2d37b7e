"""Whether ages can be believed: nothing goes because it is old while a clock may be wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.chores.clocks import APART_S
from bot.chores.shelves import newest_sound
from bot.domain.measures import aged, numbered
from bot.domain.model import short
from storage.backups.backups import Backups
from storage.backups.keepings import Keepings
from storage.companions import Companions
from storage.dates import LEAP_S, Dates
from storage.notices import Notices

SEEN_S = 7 * 86_400.0
"""So long after time leapt, somebody has read of it, and has set a clock that was wrong."""

_KEY = "dates"
_HOUR_S = 3600.0

Objectives = Callable[[], Awaitable[Mapping[str, float]]]
"""How old (hours) the newest backup of each pool may get, by what holds now; by FQDN."""


@dataclass(frozen=True, slots=True)
class Ages:
    """`doubt` says why no age can be believed, empty when nothing speaks against it.

    `stale` are the pools whose newest sound backup is older than twice its objective: either backups stopped, and the
    old ones are dear, or all clocks are wrong together. `fresh` are the others that have backups.
    """

    doubt: str = ""
    stale: frozenset[str] = frozenset()
    fresh: frozenset[str] = frozenset()

    @property
    def believed(self) -> bool:
        """Where every pool is stale, the clocks may be."""
        return not self.doubt and (bool(self.fresh) or not self.stale)

    def of(self, pool: str) -> bool:
        """Whether backups of this pool (FQDN) may go by their age."""
        return self.believed and pool not in self.stale


class Dating:
    """`apart` tells how many seconds this machine's clock is ahead of Redis'; `objectives` has the configured pools."""

    def __init__(
        self,
        apart: Callable[[], Awaitable[float]],
        backups: Backups,
        keepings: Keepings,
        companions: Companions,
        notices: Notices,
        dates: Dates,
        objectives: Objectives,
    ) -> None:
        self._apart, self._backups, self._keepings = apart, backups, keepings
        self._companions, self._notices, self._dates = companions, notices, dates
        self._objectives = objectives

    async def ages(self, now: float) -> Ages:
        """What may go at `now` (seconds, by Redis' clock); what stands against it in Redis is one notice.

        That this machine's clock is apart is said of it by itself, and changes nothing of what others found.
        """
        if abs(await self._apart()) > APART_S:
            return Ages("The clocks are apart.")
        found = await self._found(now)
        if sentence := found.doubt or _stale(found):
            await self._notices.say(_KEY, f"Old backups are not cleaned up: {sentence}", now, _DETAILS)
        else:
            await self._notices.end(_KEY, "Old backups are cleaned up again.", now)
        return found

    async def _found(self, now: float) -> Ages:
        if ahead := await self._backups.ahead(now) + await self._companions.ahead(now):
            are = "is" if ahead == 1 else "are"
            return Ages(f"{numbered(ahead, 'backup')} {are} dated in the future, so a clock is or was wrong.")
        leapt = await self._dates.look(now)
        if leapt is not None and now - leapt < SEEN_S:
            return Ages(f"until {datetime.fromtimestamp(leapt, UTC):%-d %b %Y} nobody looked for {_LEAP}.")
        stale, fresh = set(), set()
        objectives = await self._objectives()
        for fqdn in await self._backups.pools():
            if fqdn in objectives:
                newest = await newest_sound(self._backups, self._keepings, fqdn, now)
                is_fresh = newest is not None and now - newest <= 2 * objectives[fqdn] * _HOUR_S
                (fresh if is_fresh else stale).add(fqdn)
        return Ages("", frozenset(stale), frozenset(fresh))


def _stale(found: Ages) -> str:
    if not found.stale:
        return ""
    pools = ", ".join(short(pool) for pool in sorted(found.stale))
    return f"the newest sound backup of {pools} is more than twice as old as it may get."


_LEAP = f"more than {aged(LEAP_S)}: either Switchback did not run, or the clocks were set"
_DETAILS = (
    "A wrong clock would make backups look too old, so nothing is removed until this is over.",
    "Check the time on the machines of Switchback and Redis, and that backups are made: `/rgs pools` shows them.",
)
