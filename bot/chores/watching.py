"""Tells loudly, and once, which pool has no sound backup younger than its objective."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from bot.chores.chores import each
from bot.chores.dating import Objectives
from bot.chores.shelves import newest_sound
from bot.domain.measures import aged
from bot.domain.model import Pool, PoolState
from storage.backups.backups import Backups
from storage.backups.keepings import Keepings
from storage.notices import Notices
from storage.runs import Runs
from storage.schedules import Watches

EVERY_S = 300.0
_KEY = "fresh:"
_OF_POOLS = frozenset(
    {
        "able",
        "companion",
        "copies",
        "damage",
        "fresh",
        "nothing",
        "prestage",
        "restorable",
        "silent",
        "stands",
        "unread",
    }
)
"""The notices of single pools: behind the colon stands an FQDN."""

_HOUR_S = 3600.0


class Watching:
    """`pools` are the configured ones by FQDN."""

    def __init__(
        self,
        backups: Backups,
        keepings: Keepings,
        runs: Runs,
        notices: Notices,
        watches: Watches,
        pools: Mapping[str, Pool],
        objectives: Objectives,
    ) -> None:
        self._backups, self._keepings, self._runs, self._notices = backups, keepings, runs, notices
        self._watches, self._pools, self._objectives = watches, pools, objectives

    async def work(self, now: float) -> None:
        """Looks at every pool once."""
        objectives, since = await self._objectives(), await self._watches.since(self._pools, now)
        records = await self._runs.records(self._pools)

        async def look(fqdn: str, pool: Pool) -> None:
            newest = await newest_sound(self._backups, self._keepings, fqdn, now)
            age_s = now - (since[fqdn] if newest is None else newest)
            if age_s <= objectives[fqdn] * _HOUR_S:
                await self._notices.end(f"{_KEY}{fqdn}", f"{pool.short} has a fresh backup again.", now)
            elif records[fqdn].state is PoolState.OUTAGE:
                await self._notices.say(f"{_KEY}{fqdn}", *_in_outage(pool, objectives[fqdn], now))
            else:
                await self._notices.say(f"{_KEY}{fqdn}", *_late(pool, newest, objectives[fqdn], now))

        looks = [partial(look, fqdn, pool) for fqdn, pool in self._pools.items()]
        await each([*looks, partial(self._forget_others, now)])

    async def _forget_others(self, now: float) -> None:
        """Nobody looks at such a pool any more, so nobody else ends what stands of it."""
        for notice in await self._notices.standing():
            of, _, fqdn = notice.key.partition(":")
            if of in _OF_POOLS and "." in fqdn and fqdn not in self._pools:
                await self._notices.end(notice.key, f"{fqdn} is not in the configuration any more.", now)


def _late(pool: Pool, newest: float | None, objective_h: float, now: float) -> tuple[str, float, tuple[str, ...]]:
    known = f"the newest is {aged(now - newest)} old" if newest is not None else "there is none at all"
    sentence = f"{pool.short} has no sound backup younger than {objective_h:g} h: {known}."
    return sentence, now, ("What was changed since then would be lost.", f"/rgs backup {pool.short} makes one now.")


def _in_outage(pool: Pool, objective_h: float, now: float) -> tuple[str, float, tuple[str, ...]]:
    """Always the same words: nothing can be done about it by making a backup."""
    sentence = f"{pool.short} is in outage, and its newest sound backup is older than {objective_h:g} h."
    return sentence, now, ("It cannot be exported now. It is again as soon as it is failed over.",)
