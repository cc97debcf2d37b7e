"""Lists kept backups, and writes one back to a file, with no Slack about: `python -m bot backups`."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from bot.domain.backups.backup import Backup, Keeping
from bot.domain.errors import BadInput
from bot.domain.measures import sized
from bot.domain.runs.opening import meant
from bot.settings.settings import Settings
from bot.stores import store, stores_of
from storage.backups.backups import Backups

_AT_ONCE = 500


async def listed(settings: Settings, pool: str) -> list[str]:
    """Every kept backup of this pool, newest first, a line each. Raises BadInput for an unknown pool."""
    async with store(settings) as client:
        stores = stores_of(settings, client)
        backups, keepings = stores.backups, stores.keepings
        fqdn = await _pool(settings, backups, pool)
        lines: list[str] = []
        before = None
        while page := await backups.page(fqdn, before=before, count=_AT_ONCE):
            lines += map(_line, page, await keepings.read([one.id for one in page]))
            before = page[-1].id
    return lines or [f"{fqdn} has no backup."]


async def saved(settings: Settings, pool: str, id: str, file: Path) -> str:
    """Writes a kept backup into a new file, byte for byte as it was exported, and says so.

    Raises BadInput when the file is there already or this pool has no such backup, Damaged for one that is not sound.
    """
    async with store(settings) as client:
        backups = stores_of(settings, client).backups
        fqdn = await _pool(settings, backups, pool)
        backup = await backups.get(id)
        if backup.pool != fqdn:
            raise BadInput(f"Backup {id[:80]} is not of {fqdn} but of {backup.pool}. Nothing was written.")
        data = await backups.load(id)
    _write(file, data)
    return f"{file}: {len(data):,} bytes, SHA-256 {backup.sha256}, exported {_utc(backup.taken_at)}."


async def _pool(settings: Settings, backups: Backups, wanted: str) -> str:
    """A pool that is configured or has backups, named in full or in short."""
    known = sorted({pool.fqdn for pool in settings.pools} | set(await backups.pools()))
    return meant(wanted, known, f"There are backups of: {', '.join(known) or 'no pool'}.")


def _write(file: Path, data: bytes) -> None:
    """A new file, on the disk when this returns; none when it cannot be written whole."""
    try:
        out = file.open("xb")
    except FileExistsError:
        raise BadInput(f"{file} is there already. Name another file; nothing was written.") from None
    except OSError as fault:
        raise BadInput(f"{file} cannot be written: {fault.strerror}. Nothing was written.") from None
    try:
        with out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
    except OSError as fault:
        file.unlink(missing_ok=True)
        raise BadInput(f"{file} cannot be written: {fault.strerror}. Nothing was kept of it.") from None


def _line(backup: Backup, keeping: Keeping) -> str:
    changed = "" if backup.changed is None else f", {backup.changed} changed"
    held = f"{sized(backup.size)}, {backup.holds}{changed}"
    return f"{_utc(backup.taken_at)}  {backup.id}  {_fitness(keeping)}  {held}"


def _fitness(keeping: Keeping) -> str:
    """Whether it could be restored when it was last looked at."""
    if keeping.damage or keeping.stamp is None:
        return "damaged" if keeping.damage else "not rehearsed"
    return "restorable" if keeping.stamp.restorable else "not restorable"


def _utc(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"
