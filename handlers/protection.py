"""How each pool is protected now: can its newest backup be restored, where are copies, what would be lost with it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from bot.domain.backup import Backup
from bot.domain.loss import sentences
from handlers.backup_words import flags, mirror, stamp
from handlers.backups import read
from handlers.companions import coverage_lines
from handlers.schedule import loss_of
from handlers.schedule_view import Planned
from handlers.wording import shown

if TYPE_CHECKING:
    from handlers.desk import Desk

_SHORT = 300


async def protection(
    desk: Desk, newest: Mapping[str, Backup | None], planned: Mapping[str, Planned]
) -> Mapping[str, tuple[str, ...]]:
    """Lines by FQDN, escaped, for the pools of `newest`, which leads to their newest backups."""
    found = [backup for backup in newest.values() if backup]
    kept, covered, *losses = await asyncio.gather(
        read(desk, found), coverage_lines(desk), *(loss_of(desk, planned[fqdn]) for fqdn in newest)
    )
    known = {one.backup.pool: one for one in kept}
    return {
        fqdn: (
            *((f"{stamp(known[fqdn], desk.now())} · {mirror(known[fqdn], desk.now())}",) if fqdn in known else ()),
            *(flags(known[fqdn]) if fqdn in known else ()),
            shown(sentences(desk.pools[fqdn].short, lost)[0], _SHORT),
            shown(covered.get(fqdn, ""), _SHORT),
        )
        for fqdn, (lost, _) in zip(newest, losses, strict=True)
    }
