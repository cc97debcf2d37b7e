"""Looks every hour at what backup pools hold: stamps that rested on something else are lost, and given anew."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from bot.domain.backups.backup import Backup, Keeping, Stamp, is_ahead
from bot.domain.backups.restorable import rehearse, rests_on
from bot.domain.errors import BadInput, BotError, Damaged, StoreAway
from bot.domain.groups.groups import Inventory
from bot.domain.measures import aged
from bot.domain.model import Pool
from bot.domain.runs.acts import KeepStamp, Load, NewestKept, Survey
from bot.domain.runs.opening import Estate
from bot.hands.hands import Performer
from bot.hands.thinking import Think
from storage.backups.keepings import Keepings
from storage.notices import Notices

EVERY_S = 3600.0
REHEARSED = 3
"""So many of a pool's newest whole backups are kept rehearsed; older ones keep what was last found out."""

_LOOKED_AT = 10


class Restamping:
    """Everything is told by notices, one for each pool; `estate` says which pools are paired."""

    def __init__(
        self,
        hands: Performer,
        keepings: Keepings,
        notices: Notices,
        estate: Estate,
        think: Think = asyncio.to_thread,
    ) -> None:
        self._hands, self._keepings, self._notices, self._estate = hands, keepings, notices, estate
        self._think = think

    async def work(self, now: float) -> None:
        """Every pair once. A backup pool that cannot be read changes nothing: what was found out gets older.

        A fault of one pair is raised when all others were looked at: what they know may not get older for its sake.
        """
        faults: list[Exception] = []
        for fqdn, pool in self._estate.pools.items():
            partner = self._estate.partner(pool)
            if partner is None:
                await self._alone(fqdn, pool, now)
                continue
            try:
                await self._look(pool, partner, now)
            except StoreAway:
                raise
            except Exception as fault:
                faults.append(fault)
        if faults:
            raise faults[0]

    async def _alone(self, fqdn: str, pool: Pool, now: float) -> None:
        """What stood while it had a backup pool."""
        for of in ("restorable", "unread"):
            await self._notices.end(f"{of}:{fqdn}", f"{pool.short} has no backup pool any more.", now)

    async def _look(self, pool: Pool, partner: Pool, now: float) -> None:
        held, kept = await self._hands.perform(Survey(partner.fqdn)), await self._whole(pool, now)
        if isinstance(held, BotError):
            await self._unread(pool, partner, held, kept, now)
            return
        await self._notices.end(f"unread:{pool.fqdn}", f"{partner.short} can be read again.", now)
        today = await self._think(rests_on, pool, partner, held)
        await self._keepings.set_basis(partner.fqdn, today, now)
        found = [await self._stamped(pool, partner, held, pair, today, now) for pair in kept]
        if found and found[0] is not None:
            await self._tell(pool, partner, found[0], now)

    async def _whole(self, pool: Pool, now: float) -> tuple[tuple[Backup, Keeping], ...]:
        """The newest ones that are worth a rehearsal."""
        kept = await self._hands.perform(NewestKept(pool.fqdn, _LOOKED_AT))
        sound = ((one, known) for one, known in kept if not known.shrunk and not known.damage)
        return tuple(pair for pair in sound if not is_ahead(pair[0], now))[:REHEARSED]

    async def _stamped(
        self, pool: Pool, partner: Pool, held: Inventory, pair: tuple[Backup, Keeping], today: str, now: float
    ) -> Stamp | None:
        """The stamp that holds today, an older one or a fresh one; None for a backup that cannot be read (any more)."""
        backup, known = pair
        if known.stamp is not None and known.stamp.basis == today:
            return known.stamp
        try:
            file = await self._hands.perform(Load(backup.id))
            stamp = await self._think(rehearse, pool, partner, held, file, now)
            await self._hands.perform(KeepStamp(backup.id, stamp))
        except (Damaged, BadInput):
            return None
        return stamp

    async def _tell(self, pool: Pool, partner: Pool, stamp: Stamp, now: float) -> None:
        key = f"restorable:{pool.fqdn}"
        if stamp.restorable:
            sentence = f"The newest backup of {pool.short} can be restored on {partner.short} again."
            await self._notices.end(key, sentence, now)
            return
        sentence = f"The newest backup of {pool.short} cannot be restored on {partner.short} as it is."
        await self._notices.say(key, sentence, now, stamp.sentences)

    async def _unread(
        self, pool: Pool, partner: Pool, error: BotError, kept: Sequence[tuple[Backup, Keeping]], now: float
    ) -> None:
        """Only where something rests on it; the older what is known, the less it says."""
        stamps = [known.stamp for _, known in kept if known.stamp]
        if not stamps:
            return
        sentence = (
            f"{partner.short} cannot be read. The newest rehearsal of a backup of {pool.short} is "
            f"{aged(now - max(stamp.at for stamp in stamps))} old; what {partner.short} holds by now is not known."
        )
        await self._notices.say(f"unread:{pool.fqdn}", sentence, now, (error.sentence,))
