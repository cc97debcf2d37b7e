"""Reads what is kept of a pool in slices, the newest first, with what is known of each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from bot.domain.backups.backup import Backup
from bot.domain.backups.retention import KeptBackup
from bot.domain.errors import Damaged
from storage.backups.backups import Backups
from storage.backups.keepings import Keepings

_SLICE = 50


async def kept(backups: Backups, keepings: Keepings, fqdn: str) -> AsyncIterator[KeptBackup]:
    """Every listed backup of the pool whose record can be read; others stay where they are, and are told elsewhere."""
    start = 0
    while ids := await backups.ids(fqdn, start, _SLICE):
        found = await asyncio.gather(*(_readable(backups, id) for id in ids))
        for backup, keeping in zip(found, await keepings.read(ids), strict=True):
            if backup is not None:
                yield KeptBackup(backup, keeping)
        start += len(ids)


async def newest_sound(backups: Backups, keepings: Keepings, fqdn: str, now: float) -> float | None:
    """When the newest sound backup was taken; one from the future says nothing."""
    async for one in kept(backups, keepings, fqdn):
        if one.is_sound and one.backup.taken_at <= now:
            return one.backup.taken_at
    return None


async def _readable(backups: Backups, id: str) -> Backup | None:
    try:
        return await backups.find(id)
    except Damaged:
        return None
