"""The rows of a run as people read them: marks in sign and word, finished ones short, old ones folded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.runs.run import Phase, Run
from bot.domain.runs.view import Line, RunView
from handlers.blocks.blocks import Block, section
from handlers.blocks.wording import is_person, mention, plain, shown, signed, utc, when

_SIGNS = {
    "pass": ("✅", "Done"),
    "warn": ("⚠️", "Done, with a warning"),
    "stop": ("🛑", "Stopped"),
    "skipped": ("➖", "Left out"),
}
_OTHER = ("▫️", "To do")
_STATUS = {"pass": "complete", "warn": "complete", "skipped": "complete", "stop": "error"}
_SECTION = 2800
_LEAST = 1000
_ROWS_WHILE_OPEN = 3
_TASKS = 50


@dataclass(frozen=True, slots=True)
class Parted:
    """The rows before the one where the run stands, that one while it is open, and what is still to come."""

    finished: tuple[Line, ...]
    now: Line | None
    coming: tuple[Line, ...]


def parted(view: RunView) -> Parted:
    """A run may have gone back: rows behind the one where it stands are to be done again, whatever they were."""
    if view.now is None:
        return Parted(
            tuple(line for line in view.lines if line.mark),
            None,
            tuple(line for line in view.lines if not line.mark),
        )
    at = view.lines.index(view.now)
    return Parted(view.lines[:at], view.now, tuple(line for line in view.lines[at + 1 :] if not line.falls_away))


def name(line: Line, most: int = 150) -> str:
    """ "9 · Imported", for mrkdwn."""
    return shown(f"{line.number} · {line.title}" if line.number else line.title, most)


def finished(view: RunView, room: int) -> list[Block]:
    """Finished rows, a line each, in about `room` characters.

    While the run is open only the latest are told, every warning, and what failed and is to be done again.
    """
    stands = parted(view)
    rows, failed = stands.finished, [row for row in stands.coming if row.mark == "stop"]
    kept = [row for row in rows[:-_ROWS_WHILE_OPEN] if row.mark == "warn"] if view.run.is_open else list(rows)
    kept = [*kept, *rows[-_ROWS_WHILE_OPEN:]] if view.run.is_open else kept
    pages = _pages([_compact(row, view.run) for row in (*kept, *failed)], max(_LEAST, room))
    folded = len(rows) + len(failed) - sum(len(page) for page in pages)
    first = [f"✅ *{_counted(folded)}* · done or left out"] if folded else []
    texts = ["\n".join(page) for page in pages]
    if first:
        texts = ["\n".join([*first, *texts[:1]]), *texts[1:]]
    return [section(text) for text in texts if text]


def coming(rows: Sequence[Line], ended: bool) -> str:
    """What follows, in one line; of an ended run, what was not done."""
    if not rows:
        return ""
    names = ", then ".join(name(row, 120) for row in rows[:2])
    more = f", and {len(rows) - 2} more" if len(rows) > 2 else ""
    return f"*{'Not done' if ended else 'Next'}:* {names}{more}"


def plan(view: RunView, title: str) -> list[Block]:
    """The rows as a `plan` block, which clients draw as a list of steps; none of a run without rows."""
    rows = view.lines
    folded = max(0, len(rows) - _TASKS + 1) if len(rows) > _TASKS else 0
    tasks = [_folded_task(folded)] if folded else []
    stands = parted(view)
    at = len(stands.finished)
    tasks += [_task(row, index > at and stands.now is not None, view.run.phase) for index, row in enumerate(rows)][
        folded:
    ]
    return [{"type": "plan", "title": plain(title), "tasks": tasks}] if tasks else []


def _counted(count: int) -> str:
    return f"{count} earlier row" if count == 1 else f"{count} earlier rows"


def _pages(lines: list[str], room: int) -> list[list[str]]:
    """The newest lines in sections, as many as there is room for."""
    pages: list[list[str]] = [[]]
    taken = 0
    for line in reversed(lines):
        room -= len(line) + 1
        taken += len(line) + 1
        if room < 0:
            break
        if taken > _SECTION:
            pages.append([])
            taken = len(line) + 1
        pages[-1].append(line)
    return [page[::-1] for page in reversed(pages)]


def _compact(row: Line, run: Run) -> str:
    """One row. What an ended run came to stands at the top of the card already."""
    sign, word = _SIGNS.get(row.mark, _OTHER)
    is_told = not row.sentence or (not run.is_open and row.sentence == run.sentence)
    said = _alone(row) if is_told else f" — {signed(row.sentence, row.who)}"
    at = f" · {when(row.at, run.opened_at)}" if row.at else ""
    return f"{sign} {word} *{name(row)}*{said}{_approved(row)}{at}"


def _approved(row: Line) -> str:
    """Whose approval the row's commands had."""
    return f" · approved by {' and '.join(mention(who) for who in row.approved)}" if row.approved else ""


def _alone(row: Line) -> str:
    return f" · {mention(row.who)}" if row.who and is_person(row.who) else ""


def _task(row: Line, is_coming: bool, phase: Phase) -> dict[str, Any]:
    status = "pending" if is_coming else _STATUS.get(row.mark, "pending")
    if row.mark == "now":
        status = "error" if phase in (Phase.STOPPED, Phase.LOST) else "in_progress"
    word = "" if is_coming or row.mark not in ("warn", "skipped", "stop") else f" ({_SIGNS[row.mark][1].lower()})"
    word = " (not needed, as things stand)" if row.falls_away and is_coming else word
    task: dict[str, Any] = {
        "type": "task_card",
        "task_id": row.step,
        "title": plain(f"{row.number} · {row.title}{word}"),
    }
    task["status"] = status
    said = _rich(row) if row.sentence and (not is_coming or row.mark == "stop") else []
    return {**task, "details": {"type": "rich_text", "elements": said}} if said else task


def _rich(row: Line) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = [{"type": "text", "text": plain(row.sentence, 300)}]
    if row.who and is_person(row.who) and not row.sentence.startswith(row.who.name):
        parts.append({"type": "text", "text": f" · {plain(row.who.name, 80)}"})
    if row.approved:
        names = " and ".join(plain(who.name, 80) for who in row.approved)
        parts.append({"type": "text", "text": f" · approved by {names}"})
    if row.at:
        date = {
            "type": "date",
            "timestamp": int(row.at),
            "format": "{date_short_pretty} {time}",
            "fallback": utc(row.at),
        }
        parts += [{"type": "text", "text": " · "}, date]
    return [{"type": "rich_text_section", "elements": parts}]


def _folded_task(count: int) -> dict[str, Any]:
    return {
        "type": "task_card",
        "task_id": "folded",
        "title": _counted(count),
        "status": "complete",
    }
