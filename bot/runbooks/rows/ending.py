"""The last row of a run: what holds now, on its card and in the channel where people hear of runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.domain.model import Mark, Pool, Verdict
from bot.domain.runs.acts import Seen
from bot.domain.runs.run import Run, Tell
from bot.domain.runs.runbook import Step
from bot.runbooks.rows.companions import still_open
from bot.runbooks.rows.facts import SILENT
from bot.runbooks.rows.people import said_silent, silent, unsigned, unworked


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


def ended(run: Run, seen: Seen, *said: str, left: tuple[str, ...] = ()) -> Verdict:
    """The end of a run after which agents sign in; a warning while anything is still open, a line each.

    `left` is what else is; the row has to read the agents' answers.
    """
    quiet = silent(run, seen)
    still = _lines(*left, said_silent(quiet))
    return Verdict(Mark.WARN if still else Mark.PASS, _joined(*said), still, SILENT.to(list(quiet)))


def ended_tell(run: Run, *said: str, left: tuple[str, ...] = ()) -> Tell:
    """The same for the channel."""
    return Tell("notifications", _joined(*said), _lines(*left, said_silent(SILENT.of(run))))


def left_open(run: Run, of: Pool) -> tuple[str, ...]:
    """What a run that is abandoned leaves to people, as far as it knows: calls, agents, other data of the pool `of`."""
    return _lines(*unworked(run), unsigned(run), still_open(run, of))


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))


def _lines(*lines: str) -> tuple[str, ...]:
    return tuple(filter(None, lines))
