"""The last backup before the outage, as far as it is known; it is compared with, and nothing is made from it."""

from __future__ import annotations

from bot.domain.errors import BotError
from bot.domain.runs.acts import Acts, Attempt, Load, Seen
from bot.domain.runs.run import Run
from bot.runbooks.rows.exporting import pin
from bot.runbooks.rows.facts import IMPORTED_BACKUP, before


def read_last(run: Run) -> Acts:
    known = before(run, IMPORTED_BACKUP)
    return {"backup": Attempt(Load(known), kept=True)} if known else {}


def pin_last(run: Run, seen: Seen) -> Acts:
    known = before(run, IMPORTED_BACKUP)
    acts = pin(run, known, f"compared in the failback of {run.primary.short}") if known else {}
    return {name: Attempt(act, kept=True) for name, act in acts.items()}


def nothing_to_compare(seen: Seen) -> str:
    """Why there is nothing to compare with; empty when there is."""
    last = seen.get("backup")
    if isinstance(last, BotError):
        return f"The backup that was imported cannot be read: {last.sentence}"
    return "" if last else "Which backup was imported is not known."
