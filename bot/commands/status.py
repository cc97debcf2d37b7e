"""Where everything stands, for when Slack is away: `python -m bot status`."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.chores.rows import off_site
from bot.domain.backups.backup import wrongly_dated
from bot.domain.deployment.answers import stands
from bot.runbooks import RUNBOOKS
from bot.settings.settings import Settings
from bot.stores import Stores, store, stores_of
from storage.notices import Notice

_NONE = "No pool is configured: name them under [[pools]] in the file that SWITCHBACK_CONFIG names."


async def status(settings: Settings) -> list[str]:
    """Every pool and every open run, a line each, what else needs somebody, and how the off-site copy stands."""
    async with store(settings) as client:
        kept = stores_of(settings, client)
        now = await kept.time.ask()
        records = await kept.runs.records(pool.fqdn for pool in settings.pools)
        answers = await kept.answers.of(records)
        lines = [
            f"{fqdn}: {stands(record, answers.get(fqdn), now, _at)}, {await _last(kept, fqdn, now)}"
            for fqdn, record in records.items()
        ]
        for run in await kept.runs.open():
            lines.append(f"{run.id}: {run.phase} at {RUNBOOKS[run.runbook].step(run.step).title}")
        told = [line for notice in await kept.notices.standing() for line in _told(notice)]
        return [*(lines or [_NONE]), *told, await off_site(settings.mirror, kept, now)]


def _told(notice: Notice) -> list[str]:
    """Whether Slack shows it or not: nobody may be able to look there now."""
    return [f"Needs attention since {_at(notice.since)}: {notice.sentence}", *(f"  {one}" for one in notice.details)]


def _at(second: float) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%d %H:%M} UTC"


async def _last(kept: Stores, fqdn: str, now: float) -> str:
    newest, ahead = await kept.backups.newest(fqdn, now), wrongly_dated(await kept.backups.ahead(now, fqdn))
    last = f"last backup {_at(newest.taken_at)}" if newest else "no backup"
    return ", ".join(filter(None, (last, ahead)))
