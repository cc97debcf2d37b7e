"""What a run came to and what happened in it, with no Slack about: `python -m bot report` and `timeline`."""

from __future__ import annotations

from bot.domain.runs.view import view_of
from bot.runbooks import RUNBOOKS
from bot.settings.settings import Settings
from bot.stores import store, stores_of
from handlers.runs.measured import ALL, log_of, markdown, report_of
from handlers.runs.timeline import words


async def report(settings: Settings, run_id: str) -> list[str]:
    """The report of this run as Markdown, up to now while it is open. Raises BadInput for an unknown run."""
    async with store(settings) as client:
        kept = stores_of(settings, client)
        run = await kept.runs.load(run_id)
        found = await report_of(kept.backups, kept.runs, run, RUNBOOKS[run.runbook], await kept.time.ask())
        return markdown(found).splitlines()


async def log(settings: Settings, run_id: str) -> list[str]:
    """Its audit log for programs, oldest first, a JSON object a line. Raises BadInput for an unknown run."""
    async with store(settings) as client:
        runs = stores_of(settings, client).runs
        await runs.load(run_id)
        return await log_of(runs, run_id)


async def timeline(settings: Settings, run_id: str) -> list[str]:
    """What its card and *Timeline* show, in words. Raises BadInput for an unknown run."""
    async with store(settings) as client:
        runs = stores_of(settings, client).runs
        run = await runs.load(run_id)
        view = view_of(run, RUNBOOKS[run.runbook], await runs.said(run))
        return words(view, await runs.audit(run_id, ALL))
