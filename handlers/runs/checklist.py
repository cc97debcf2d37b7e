"""The checklist of a dangerous row: how each prerequisite stands, and the form that says how to see and mend it."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.errors import BadInput
from bot.domain.runs.prerequisites import Check, How, Prerequisite, checks
from bot.domain.runs.run import RowRecord, Run
from bot.domain.runs.runbook import Runbook
from bot.domain.runs.view import RunView
from handlers.blocks import actions
from handlers.blocks.actions import How as Pressed
from handlers.blocks.blocks import Block, View, button, context, modal, section
from handlers.blocks.blocks import actions as actions_row
from handlers.blocks.wording import code, shown, signed, told, when
from handlers.runs.progress import became

_LABEL = "How"
_LINE = 150
_UNCHECKED = "Nobody has checked this in this run."


def drawn(view: RunView) -> list[Block]:
    """A line each, numbered, and in one row the buttons that open their forms: so it is low on a telephone as well."""
    if not view.checks:
        return []
    numbers = [str(number) for number, _ in enumerate(view.checks, 1)] if len(view.checks) > 1 else [""]
    listed, row = [], []
    for number, check in zip(numbers, view.checks, strict=True):
        listed.append(f"{number}{'.  ' * bool(number)}{shown(_line(check), _LINE)}")
        row.append(_button(view.run, check.prerequisite, f"{_LABEL} {number}".strip()))
    return [section("\n".join(listed)), actions_row(row)]


def lines(view: RunView) -> list[str]:
    """The same in words, not escaped."""
    return list(map(_line, view.checks))


def form(run: Run, runbook: Runbook, pressed: Pressed) -> View:
    """What was found of one prerequisite, and what to do. Raises BadInput where the row has it no longer."""
    rows = [row for row in runbook.steps if row.key == pressed.step]
    found = [one for row in rows for one in checks(run, row.prerequisites(run)) if one.prerequisite.key == pressed.key]
    if not found:
        raise BadInput(actions.FOREIGN)
    check = found[0]
    top = [section(f"*{shown(_line(check), _LINE)}*"), context(_shown(check.record))]
    return modal(_LABEL, [*top, *_steps(check.prerequisite.how)], "Close")


def _line(check: Check) -> str:
    return f"{_sign(check)} {check.prerequisite.says}"


def _sign(check: Check) -> str:
    """Green is only what a server showed; what nobody has checked is empty."""
    if check.record is None:
        return "☐"
    if not check.is_so:
        return "⚠️"
    return "☑️" if became(check.record) == "said" else "✅"


def _button(run: Run, one: Prerequisite, label: str) -> Block:
    value = actions.how_value(run.id, run.step, one.key)
    return button(label, f"{actions.HOW}{one.key}", value, reads=f"{label}: {one.says}")


def _shown(record: RowRecord | None) -> str:
    return f"{when(record.at)} · {signed(record.sentence, record.who, 900)}" if record else _UNCHECKED


def _steps(how: tuple[How, ...]) -> Iterator[Block]:
    """Numbered, each with its lines in a block of their own, to be copied."""
    for number, one in enumerate(how, 1):
        yield section(f"{number}.  {told(one.says, 900)}")
        yield from map(section, code(one.lines)) if one.lines else ()
