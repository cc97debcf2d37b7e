"""Everything about a run behind its card: the step at hand in full, what happened and when, and what is to come."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from bot.domain.model import BOT
from bot.domain.runs.moves import SENT
from bot.domain.runs.run import Entry
from bot.domain.runs.view import RunView
from handlers.blocks.blocks import Block, View, context, header, modal, packed, section
from handlers.blocks.wording import bounded, bullets, code, exact, mention, shown, signed, when, without_people
from handlers.runs import progress
from handlers.runs.card import server, title

ENTRIES = 300
"""Lines of the log that one form shows, the newest of them."""

_ROOM = 120_000
_LINES = 100


def timeline(view: RunView, entries: Sequence[Entry]) -> View:
    """The form that shows it; `entries` are newest first, one more than ENTRIES where there are older ones."""
    log = list(reversed(entries[:ENTRIES]))
    older = ["The log is longer: this is the end of it."] if len(entries) > ENTRIES else []
    drawn = [
        header(title(view)),
        *_now(view),
        header("What happened"),
        *packed([*older, *_lines(view, log)], _ROOM),
        *_left_out(view),
        *_coming(view),
        context(
            f"Run `{shown(view.run.id, 150)}` · opened by {mention(view.run.opened_by)}, {when(view.run.opened_at)}"
        ),
    ]
    return modal("Timeline", drawn, "Close")


def _now(view: RunView) -> list[Block]:
    """All that the step at hand, or the end, has to say."""
    said = [view.state, "" if view.run.sentence == view.state else view.run.sentence, view.explain]
    whole = [bounded("\n".join(shown(part, 1500) for part in said if part), 2900), bullets(view.details, 2900, _LINES)]
    return [
        *(section(part) for part in whole if part),
        *map(section, code(view.commands)),
        *([context(said)] if (said := server(view)) else []),
        *_part("What the command changes", view.effect),
        *_part("Still open", view.still_open),
    ]


def _lines(view: RunView, log: Sequence[Entry]) -> Iterator[str]:
    """A line each, in their order; what was tried again and again for the same reason is one of them."""
    for _, same in groupby(log, key=lambda entry: (entry.what, entry.step, entry.sentence, entry.who)):
        first, *more = same
        times = f" · {len(more) + 1} times, last {when(more[-1].at)}" if more else ""
        if first.sentence:
            yield f"{when(first.at)} · {_said(first)}{times}"


def _said(entry: Entry) -> str:
    """What was sent stands to the letter, as it did where it was approved; the rest names nobody by an address."""
    if entry.what == SENT and entry.who == BOT:
        return exact(entry.sentence, 900)
    return signed(without_people(entry.sentence), entry.who, 600)


def _left_out(view: RunView) -> list[Block]:
    """Rows that fell away, with their reasons."""
    lines = [f"{progress.name(line)}: {line.sentence}" for line in view.lines if line.mark == "skipped"]
    return _part("Left out", lines)


def _coming(view: RunView) -> list[Block]:
    return _part("Next" if view.run.is_open else "Not done", list(map(progress.name, progress.coming(view))))


def _part(heading: str, lines: Sequence[str]) -> list[Block]:
    return [section(f"*{heading}*\n{bullets(lines, 2800, rows=_LINES)}")] if lines else []
