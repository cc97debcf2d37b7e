"""That calls still reach the pool itself, and what a pre-staging leaves behind (runbooks: prestage)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.runs.acts import Stand
from bot.domain.runs.run import Run, partner
from bot.domain.runs.runbook import Left
from bot.runbooks.failover.facts import CHOSEN, OFFERS
from bot.runbooks.failover.imports import verified_rows
from bot.runbooks.rows.copies import carried, imported, notice, staged, touched
from bot.runbooks.rows.ending import done_row
from bot.runbooks.rows.facts import INSIDE_HEARD, PRESTAGED, WAS_IMPORTED
from bot.runbooks.rows.people import call_row, unworked

VERIFIED = verified_rows(strict=True)

CALL = call_row(
    "call",
    "to the pool itself",
    INSIDE_HEARD,
    stretch="call",
    reopens=VERIFIED,
    explain=lambda run: (
        f"Call a group of {run.primary.short}: its own agents ring, as before. If not, abandon this run "
        f"and remove the copies: `/rgs start clean-up {run.primary.short}`."
    ),
)


def _is_staged(run: Run) -> bool:
    """Every object and every recording was compared with the backup, and nothing was changed since."""
    last = run.record_of("audio")
    return imported(run) is True and last is not None and last.mark in ("pass", "warn")


def _now(run: Run) -> Mapping[str, Any]:
    """The backup that is pre-staged, as it is carried on."""
    if not _is_staged(run):
        return staged(run)
    return PRESTAGED.to(next(offer["stage"] for offer in OFFERS.of(run) if offer["id"] == CHOSEN.of(run)))


def carry(run: Run) -> dict[str, Any]:
    return carried(run, WAS_IMPORTED.to(imported(run)), _now(run))


def gap(run: Run) -> str:
    """Between removal and verified import, nothing is pre-staged; whoever counts on it has to know."""
    if not touched(run) or imported(run):
        return ""
    primary, backup = run.primary.short, partner(run).short
    return (
        f"As far as anybody knows, no copies of {primary} are ready on {backup} now. A failover would have to import "
        f"first. Go on with this run, or start it again: `/rgs start prestage {primary}`."
    )


def left(run: Run) -> Left:
    primary, backup = run.primary.short, partner(run).short
    if not touched(run) and not run.attempt:
        return Left(f"Nothing was changed: what lay on {backup} of {primary} lies there still.")
    if _is_staged(run):
        return Left(f"The copies of {primary} on {backup} are verified, and stay there for a faster failover.")
    what = {
        True: f"The copies of {primary} on {backup} are there, but their recordings were not compared.",
        False: f"The copies of {primary} on {backup} were removed, and nothing was imported in their place.",
        None: f"Whether the copies of {primary} on {backup} are whole is not known.",
    }[imported(run)]
    again = f"`/rgs start prestage {primary}` starts again."
    return Left(f"{what} So a failover has to import.", then=again, open=unworked(run))


def _done(run: Run) -> str:
    primary, backup = run.primary.short, partner(run).short
    when = next(offer["when"] for offer in OFFERS.of(run) if offer["id"] == CHOSEN.of(run))
    return f"Copies of {primary} are ready on {backup}, as of {when}: a failover needs no import."


DONE = done_row(
    _done,
    does=lambda run, seen: {
        "stands": Stand(notice(run.primary), "", f"Copies of {run.primary.short} were made anew on its backup pool.")
    },
)
