"""Lets old backups go as the windows say, then exports that never became backups, then pieces that nothing needs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from bot.chores.dating import Dating
from bot.chores.shelves import kept
from bot.domain.backups.backup import Backup
from bot.domain.backups.retention import Decision, Windows, plan
from bot.domain.errors import BadInput, Damaged, Newer
from bot.domain.model import Pool
from storage.backups.backups import Backups
from storage.backups.keepings import Keepings
from storage.runs import Runs

log = logging.getLogger(__name__)

EVERY_S = 3600.0
AT_ONCE = 4
"""Of one pool at most so many go in one turn, the oldest first: as many as the tightest schedule makes in an hour.

What makes too many go, whatever it is, then costs few before somebody sees it.
"""

UNLISTED_S = 7 * 86_400.0
"""An export that became nobody's backup is kept for so long; until then somebody may still want to see it."""

_MANY = 500


class Pruning:
    """`pools` are the configured ones by FQDN, `pairs` lead from a pool to its backup pool."""

    def __init__(
        self,
        backups: Backups,
        keepings: Keepings,
        runs: Runs,
        pools: Mapping[str, Pool],
        pairs: Mapping[str, str],
        windows: Windows,
        dating: Dating,
    ) -> None:
        self._backups, self._keepings, self._runs = backups, keepings, runs
        self._pools, self._pairs, self.windows, self._dating = pools, pairs, windows, dating

    async def plan(self, fqdn: str, now: float) -> tuple[Decision, ...]:
        """What would become of every backup of this pool; nothing is changed."""
        rows = {one.backup.id: one async for one in kept(self._backups, self._keepings, fqdn)}
        partner = self._pairs.get(fqdn, "")
        basis = (await self._keepings.basis([partner]))[partner] if partner else ""
        zone = ZoneInfo(self._pools[fqdn].time_zone if fqdn in self._pools else "UTC")
        return await asyncio.to_thread(plan, tuple(rows.values()), basis, self.windows, now, zone)

    async def work(self, now: float) -> None:
        """One turn: of every pool, of what was never listed, of the pieces; nothing goes by an age that is in doubt."""
        await self._backups.account()
        ages = await self._dating.ages(now)
        for fqdn in filter(ages.of, await self._backups.pools()):
            gone = 0
            for one in await self.plan(fqdn, now):
                if not one.stays and gone < AT_ONCE:
                    gone += await self._remove(one.backup, one.because)
        for backup in await self._backups.unlisted(now - UNLISTED_S, _MANY):
            if ages.of(backup.pool) and await self._is_over(backup):
                await self._remove(backup, "It never became a backup of its pool, and its run has ended.")
        if ages.believed:
            await self._backups.pieces.sweep(now)

    async def _remove(self, backup: Backup, because: str) -> bool:
        """A pin that was set meanwhile holds; one whose record cannot be read is left to whoever checks."""
        try:
            if not await self._backups.remove(backup.id):
                return False
        except Damaged as fault:
            log.warning("%s stays: %s", backup.id, fault.sentence)
            return False
        log.info("%s went: %s", backup.id, because)
        return True

    async def _is_over(self, backup: Backup) -> bool:
        try:
            return not (await self._runs.load(backup.run)).is_open
        except Newer:
            return False
        except BadInput:
            return True
