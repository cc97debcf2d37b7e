"""How far a run is: its clock, a mark for every step, and what happened last."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import groupby

from bot.domain.measures import lasted
from bot.domain.model import PoolState
from bot.domain.runs.clocks import Part, clocks, unsaved_minutes
from bot.domain.runs.facts import outage_since
from bot.domain.runs.run import RowRecord, Run
from bot.domain.runs.view import Line, RunView
from bot.runbooks.failover.facts import CHOSEN, OFFERS
from handlers.blocks.wording import ago, is_person, shown, signed, when

EVENTS = 3
_PARTS: Mapping[Part, str] = {
    Part.DECLARE: "Declared after",
    Part.PEOPLE: "people",
    Part.COMMANDS: "commands",
    Part.CHECKS: "checks",
    Part.AGENTS: "agents",
    Part.UNKNOWN: "not noted",
}
SIGNS: Mapping[str, str] = {"pass": "✅ Done", "said": "☑️ Said", "warn": "⚠️ Warning", "stop": "🛑 Failed"}
"""What became of rows, as a mark and a word. Green is only what a server showed; what people said is said."""

_MARKS: Mapping[str, str] = {"now": "◉", "stop": "◉", "warn": "▲", "pass": "●", "": "○", "skipped": "·"}
"""In the order in which they speak for a step of several rows."""

_STATES: Mapping[PoolState, str] = {
    PoolState.OUTAGE: "down",
    PoolState.FAILING_OVER: "failing over",
    PoolState.FAILED_OVER: "failed over",
    PoolState.FAILING_BACK: "failing back",
    PoolState.REPLACING: "being replaced",
}


_AWAY = (PoolState.OUTAGE, PoolState.FAILING_OVER, PoolState.FAILED_OVER)


def clock(run: Run, at: Callable[[float], str] = when) -> str:
    """ "pool-a down since 02:40 (35 minutes ago)"; of a run that moves no pool, since when it is open.

    The clock of an outage runs on until its run ends: people wait for their groups when the pool has moved.
    """
    state = _STATES.get(run.pool_state) if run.pool_state and run.since else None
    outage = outage_since(run) if run.pool_state in _AWAY else None
    since = (outage or run.since) if state else run.opened_at
    said = f"{shown(run.primary.short, 80)} {'down' if outage else state} since" if state else "Started"
    moved = f", {state}" if outage and run.pool_state is PoolState.FAILED_OVER else ""
    return f"{said} {at(since)}{moved}" if at is not when else f"{said} {when(since, since)} ({ago(since)}){moved}"


def times(run: Run) -> str:
    """What went into each part up to the row at hand, and the recovery point; of an outage that people declared."""
    outage = outage_since(run)
    if outage is None or not run.stays:
        return ""
    spent = [f"{_PARTS[part]} {lasted(seconds)}" for part, seconds in clocks(run, run.stays[-1].at).parts]
    taken = next((one["taken_at"] for one in OFFERS.of(run) if one["id"] == CHOSEN.of(run) and "taken_at" in one), None)
    point = [f"recovery point {unsaved_minutes(taken, outage)} min"] if taken is not None else []
    return " · ".join([*spent, *point])


def steps(view: RunView) -> str:
    """ "Step 6 of 18"; nothing for a run of a version that had other rows."""
    if not (view.now and view.now.number):
        return ""
    return f"Step {shown(view.now.number, 20)} of {shown(view.lines[-1].number, 20)}"


def marks(view: RunView) -> str:
    """One mark for each number: done ●, with a warning ▲, here ◉, to come ○, left out ·

    A run may have gone back: rows behind the one where it stands are to be done again, but for those that stay.
    """
    at = view.lines.index(view.now) if view.now else len(view.lines)
    lines = (*view.lines[: at + 1], *(_ahead(line) for line in view.lines[at + 1 :]))
    return "".join(_mark(list(rows)) for _, rows in groupby(lines, key=lambda line: line.number))


def failed(view: RunView, at: Callable[..., str] = when) -> list[str]:
    """What failed by somebody's word and is to be done again, with what was heard, a line each."""
    run = view.run
    told = [(one, line) for one, line in _told(view) if one.mark == "stop" and run.record_of(one.step) is one]
    return [_event(one, line, run, at) for one, line in told]


def latest(view: RunView) -> list[str]:
    """What happened last, newest first, a line each; rows that fell away have none."""
    return [_event(one, line, view.run) for one, line in _told(view) if one.mark != "stop"][:EVENTS]


def _told(view: RunView) -> Iterator[tuple[RowRecord, Line]]:
    lines = {line.step: line for line in view.lines}
    for one in reversed(view.run.records):
        if one.mark != "skipped" and one.step in lines:
            yield one, lines[one.step]


def _event(record: RowRecord, line: Line, run: Run, at: Callable[..., str] = when) -> str:
    said = f" — {signed(record.sentence, record.who, 200)}" if record.mark == "stop" else ""
    return f"{sign(record)}: {name(line, 80)}{said} · {when(record.at, run.opened_at) if at is when else at(record.at)}"


def sign(record: RowRecord) -> str:
    """A mark and a word: what people passed and left undone is called that."""
    return f"⚠️ {record.undone}" if record.undone else SIGNS[became(record)]


def name(line: Line, most: int = 150) -> str:
    """ "9 · Imported", for mrkdwn."""
    return shown(numbered(line), most)


def numbered(line: Line) -> str:
    """The same, not escaped."""
    return f"{line.number} · {line.title}" if line.number else line.title


def became(record: RowRecord) -> str:
    """What a person answered is not what a server showed."""
    is_word = record.mark == "pass" and is_person(record.who) and not record.commands
    return "said" if is_word else record.mark


def coming(view: RunView) -> tuple[Line, ...]:
    """Rows behind the one where the run stands, as far as they will be needed; of an ended run, what was not done."""
    if view.now is None:
        return tuple(line for line in view.lines if not line.mark)
    ahead = view.lines[view.lines.index(view.now) + 1 :]
    return tuple(line for line in ahead if not (line.falls_away or line.stays))


def follows(view: RunView) -> str:
    """What follows, in one line; of an ended run, what was not done."""
    lines = coming(view)
    if not lines:
        return ""
    more = f", and {len(lines) - 1} more" if len(lines) > 1 else ""
    return f"{'Next' if view.run.is_open else 'Not done'}: {name(lines[0], 120)}{more}"


def _ahead(line: Line) -> Line:
    return line if line.stays else replace(line, mark="")


def _mark(lines: list[Line]) -> str:
    found = {"skipped" if line.falls_away else line.mark for line in lines}
    return next((mark for key, mark in _MARKS.items() if key in found), "○")
