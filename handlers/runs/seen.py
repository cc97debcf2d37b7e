"""What card and timeline show of a run at this moment: beside what it holds itself, what only others know."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.groups.agents import coverage
from bot.domain.runs.clocks import commands_s
from bot.domain.runs.run import Phase, Run
from bot.domain.runs.view import RunView, view_of
from bot.runbooks.rows.facts import FORMAL
from bot.runbooks.rows.people import SIGNED_IN
from handlers.desk import Desk

_EARLIER = 50
_TIMES = 2


async def seen(desk: Desk, run: Run) -> RunView:
    """While a command runs, what is known of it; at the row that judges agents, what they say now."""
    book = desk.engine.runbooks[run.runbook]
    if run.phase is Phase.RUNNING:
        shown = view_of(run, book, await desk.runs.said(run))
        return replace(shown, lasted=await _lasted(desk, run))
    shown = view_of(run, book)
    if run.step == SIGNED_IN and run.phase is Phase.ASKING:
        found = coverage(FORMAL.of(run), await desk.agents.known(run.id))
        return replace(shown, details=tuple(map(str, found)))
    return shown


async def _lasted(desk: Desk, run: Run) -> tuple[float, ...]:
    """Seconds that the commands of this row took in the runs before, the newest first."""
    earlier = [one for one in await desk.runs.page(run.opened_at, _EARLIER) if one.runbook == run.runbook]
    took = [seconds for one in earlier if (seconds := commands_s(one, run.step))]
    return tuple(took[:_TIMES])
