"""Everything about a run behind its card: the step at hand in full, what happened and when, and what is to come."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from bot.domain.model import BOT
from bot.domain.runs.moves import SENT
from bot.domain.runs.run import Entry
from bot.domain.runs.view import RunView
from handlers.blocks.blocks import Block, View, context, header, modal, packed, section
from handlers.blocks.wording import (
    bounded,
    bullets,
    code,
    exact,
    is_person,
    mention,
    shown,
    signed,
    told,
    utc,
    when,
    without_people,
    written,
)
from handlers.runs import checklist, progress
from handlers.runs.card import server, title

ENTRIES = 300
"""Lines of the log that one form shows, the newest of them."""

SKIPPED = "Skipped: "
"""So begin the reasons why a row fell away; under their heading, it goes without saying."""

_ROOM = 120_000
_LINES = 100

Parts = Iterator[tuple[str, Sequence[str]]]
"""Headings with the lines under each, not escaped."""


@dataclass(frozen=True, slots=True)
class Event:
    """A line of the log; tried again and again for the same reason, it is one, and its `last` instant is kept too."""

    entry: Entry
    times: int
    last: float

    @property
    def is_sent(self) -> bool:
        """Whether it is a command to the letter, as it stood where it was approved."""
        return self.entry.what == SENT and self.entry.who == BOT


def timeline(view: RunView, entries: Sequence[Entry]) -> View:
    """The form that shows it; `entries` are newest first, one more than ENTRIES where there are older ones."""
    older = ["The log is longer: this is the end of it."] if len(entries) > ENTRIES else []
    drawn = [
        header(title(view)),
        *_now(view),
        *_drawn(_at_hand(view)),
        header("What happened"),
        *packed([*older, *map(_line, events(entries[:ENTRIES]))], _ROOM),
        *_drawn(_around(view)),
        context(
            f"Run `{shown(view.run.id, 150)}` · opened by {mention(view.run.opened_by)}, {when(view.run.opened_at)}"
        ),
    ]
    return modal("Timeline", drawn, "Close")


def words(view: RunView, entries: Sequence[Entry]) -> list[str]:
    """The same for a terminal, a line each, with the names of those who did something; `entries` are newest first."""
    run = view.run
    return [
        title(view),
        *(written(line) for line in _said(view) if line),
        *(f"- {written(line)}" for line in view.details),
        *view.commands,
        *([html.unescape(running)] if (running := server(view)) else []),
        *_listed(_at_hand(view)),
        *("", "What happened", *(_told(event) for event in events(entries))),
        *_listed(_around(view)),
        *("", f"Run {run.id}, opened by {run.opened_by.name} on {utc(run.opened_at)}."),
    ]


def events(entries: Iterable[Entry]) -> Iterator[Event]:
    """What happened, the oldest first; `entries` are newest first."""
    log = reversed(list(entries))
    for _, same in groupby(log, key=lambda entry: (entry.what, entry.step, entry.sentence, entry.who)):
        first, *more = same
        if first.sentence:
            yield Event(first, len(more) + 1, more[-1].at if more else first.at)


def _said(view: RunView) -> tuple[str, ...]:
    """All that the step at hand, or the end, has to say."""
    sentence = view.run.sentence
    return view.stands, "" if sentence == view.stands else sentence, view.explain


def _now(view: RunView) -> list[Block]:
    whole = [bounded("\n".join(told(part, 1500) for part in _said(view) if part), 2900)]
    return [
        *(section(part) for part in (*whole, bullets(view.details, 2900, _LINES)) if part),
        *map(section, code(view.commands)),
        *([context(said)] if (said := server(view)) else []),
    ]


def _line(event: Event) -> str:
    """What was sent stands to the letter; the rest names nobody by an address."""
    entry = event.entry
    sent = exact(entry.sentence, 900)
    said = sent if event.is_sent else signed(without_people(entry.sentence), entry.who, 600)
    times = f" · {event.times} times, last {when(event.last)}" if event.times > 1 else ""
    return f"{when(entry.at)} · {said}{times}"


def _told(event: Event) -> str:
    entry, who = event.entry, event.entry.who
    said = entry.sentence if event.is_sent else without_people(entry.sentence)
    by = f" · {who.name}" if is_person(who) and not said.startswith(who.name) else ""
    times = f" · {event.times} times, last {utc(event.last)}" if event.times > 1 else ""
    return f"{utc(entry.at)} · {said}{by}{times}"


def _at_hand(view: RunView) -> Parts:
    yield "Has to be so first", checklist.lines(view)
    yield "What the command changes", view.effect
    yield "Still open", view.still_open


def _around(view: RunView) -> Parts:
    """Rows that fell away, with their reasons, and what is to come, or was not done."""
    skipped = [line for line in view.lines if line.mark == "skipped"]
    yield "Skipped", [f"{progress.numbered(line)}: {line.sentence.removeprefix(SKIPPED)}" for line in skipped]
    yield "Next" if view.run.is_open else "Not done", list(map(progress.numbered, progress.coming(view)))


def _drawn(parts: Parts) -> list[Block]:
    return [section(f"*{heading}*\n{bullets(lines, 2800, rows=_LINES)}") for heading, lines in parts if lines]


def _listed(parts: Parts) -> Iterator[str]:
    for heading, lines in parts:
        yield from ("", heading, *(f"- {written(line)}" for line in lines)) if lines else ()
