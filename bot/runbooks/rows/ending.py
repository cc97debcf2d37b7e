"""The last row of a run: what holds now, on its card and in the channel where people hear of runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Seen
from bot.domain.runs.run import Run, Tell
from bot.domain.runs.runbook import Step
from bot.runbooks.rows.facts import SILENT
from bot.runbooks.rows.people import said_silent, silent


def done_row(
    said: Callable[[Run], str],
    *,
    title: str = "Done",
    beside: Callable[[Run], tuple[Tell, ...]] = lambda run: (),
    **rest: Any,
) -> Step:
    """What is `said` on the card is told to the channel; `beside` are further messages."""
    return Step(
        key="done",
        stretch="done",
        title=title,
        judge=lambda run, seen: Verdict(Mark.PASS, said(run)),
        tells=lambda run: (Tell("notifications", said(run)), *beside(run)),
        **rest,
    )


def ended(run: Run, seen: Seen, *said: str) -> Verdict:
    """The end of a run after which agents sign in: a warning while formal groups are silent, named after what is said.

    The row has to read their answers.
    """
    quiet = silent(run, seen)
    first, *more = said
    return Verdict(
        Mark.WARN if quiet else Mark.PASS, _joined(first, said_silent(quiet), *more), facts=SILENT.to(list(quiet))
    )


def ended_tell(run: Run, *said: str, details: tuple[str, ...] = ()) -> Tell:
    """The same for the channel."""
    first, *more = said
    return Tell("notifications", _joined(first, said_silent(SILENT.of(run)), *more), details)


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))
