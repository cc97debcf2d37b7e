"""The impact board: what callers and agents see at each stage of a recovery (seed 002)."""

from __future__ import annotations

from bot.domain.deployment.impact import NOTES, Line, Stage, Subject, board
from handlers.blocks.blocks import Block, Message, context, header, section
from handlers.blocks.wording import bounded, shown

_TEXT = 3900


def impact_board(stage: Stage | None = None, imported: bool | None = None) -> Message:
    """One stage, or all five; every bullet of every cell. `imported` None: bullets that depend on it say so."""
    return _one(stage, imported) if stage else _all(imported)


def _one(stage: Stage, imported: bool | None) -> Message:
    heading = f"What callers and agents see {stage}"
    cells = [_cell(line) for line in board(stage, imported)]
    text = bounded("\n".join([f"{heading}:", *cells]), _TEXT)
    return {"text": text, "blocks": [header(heading), *(section(cell) for cell in cells), _notes()]}


def _all(imported: bool | None) -> Message:
    drawn: list[Block] = []
    short: list[str] = []
    for stage in Stage:
        rows = board(stage, imported)
        drawn += [header(_capital(stage)), section("\n".join(_cell(line) for line in rows))]
        calls = next(line for line in rows if line.subject is Subject.NEW)
        short.append(f"{_capital(stage)}. {_cell(calls)}")
    text = "What callers and agents see. `/rgs impact failed-over` or `/rgs impact pool-a` tells one stage whole."
    return {"text": bounded("\n".join([text, *short]), _TEXT), "blocks": [*drawn, _notes()]}


def _cell(line: Line) -> str:
    return "\n".join([f"*{line.subject}*", *(f"•  {shown(bullet.text, 500)}" for bullet in line.bullets)])


def _notes() -> Block:
    return context(*(shown(note, 500) for note in NOTES))


def _capital(stage: Stage) -> str:
    return f"{stage[0].upper()}{stage[1:]}"
