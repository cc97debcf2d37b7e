"""Where everything stands, for when Slack is away: `python -m bot status`."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.chores.rows import off_site
from bot.domain.backups.backup import wrongly_dated
from bot.runbooks import RUNBOOKS
from bot.settings.settings import Settings
from bot.stores import Stores, store, stores_of

_NONE = "No pool is configured: name them under [[pools]] in the file that SWITCHBACK_CONFIG names."


async def status(settings: Settings) -> list[str]:
    """Every pool and every open run, a line each, and how the off-site copy stands."""
    async with store(settings) as client:
        kept = stores_of(settings, client)
        now = await kept.time.ask()
        records = await kept.runs.records(pool.fqdn for pool in settings.pools)
        lines = [f"{fqdn}: {record.state}, {await _last(kept, fqdn, now)}" for fqdn, record in records.items()]
        for run in await kept.runs.open():
            lines.append(f"{run.id}: {run.phase} at {RUNBOOKS[run.runbook].step(run.step).title}")
        return [*(lines or [_NONE]), await off_site(settings.mirror, kept, now)]


async def _last(kept: Stores, fqdn: str, now: float) -> str:
    newest, ahead = await kept.backups.newest(fqdn, now), wrongly_dated(await kept.backups.ahead(now, fqdn))
    last = f"last backup {datetime.fromtimestamp(newest.taken_at, UTC):%Y-%m-%d %H:%M} UTC" if newest else "no backup"
    return ", ".join(filter(None, (last, ahead)))
