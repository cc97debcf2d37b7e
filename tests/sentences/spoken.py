"""Every sentence that the bot can say, found in its own code, so that none can be forgotten.

All text in the rooms counts that has two words, or one with a full stop; only docstrings, `SILENT` rooms and what
`UNSAID` is given are left out. Texts that are put together appear as their parts, with a `HOLE` for what is filled in.
Not seen are the words of others: of servers, of Slack, of people, and the page and the pools of the demo.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("bot", "handlers", "storage")

SILENT = {
    "bot/sandbox": "speaks as Slack does, and fills the demo's pools",
    "bot/drivers/winrm/scripts.py": "is PowerShell",
    "bot/drivers/winrm/constrained/functions.py": "is PowerShell",
    "handlers/blocks/kit": "speaks as Slack does, to programs",
}
"""Rooms without a text of the bot's own, and why."""

UNSAID = ("log", "re", "refuse")
"""Lines of the log, patterns, and what a simulated server says are nothing that the bot says to people."""

HOLE = "\N{OBJECT REPLACEMENT CHARACTER}"
"""Stands for whatever is filled in."""

_FIELD = re.compile(r"\{[\w.!:,]*\}")
_END = re.compile(r"(?:(?<=[.?!])|(?<=[.?!][\"”)*_]))\s+|\n+")
_ENDED = re.compile(r"[.?!][\"”)*_]*$")
_WORD = re.compile(r"[A-Za-z]{2,}")
_ONE = re.compile(r"[A-Z][a-z]+[.?!]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, or a part of one, at a line of a file."""

    file: str
    line: int
    text: str

    @property
    def is_whole(self) -> bool:
        """Whether it ends as sentences do; what begins with a small letter has somebody's name in front."""
        return bool(_ENDED.search(self.text))

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text.replace(HOLE, '…')}"


@cache
def spoken() -> tuple[Sentence, ...]:
    """All of them, by file and line."""
    return tuple(
        Sentence(name, line, part) for name, line, text in texts() for part in parts(text) if _says_something(part)
    )


def texts() -> Iterator[tuple[str, int, str]]:
    """Whatever the code holds between quotation marks, with its file and line, but what is known not to be said."""
    for file in sorted(file for room in ROOMS for file in (ROOT / room).rglob("*.py")):
        name = file.relative_to(ROOT).as_posix()
        if not any(name.startswith(silent) for silent in SILENT):
            yield from ((name, line, text) for line, text in texts_of(ast.parse(file.read_text("utf-8"))))


def texts_of(node: ast.AST) -> Iterator[tuple[int, str]]:
    """The same of one tree, each with its line."""
    match node:
        case ast.Expr(value=ast.Constant()):
            return
        case ast.Subscript(value=value, slice=ast.Constant()):
            yield from texts_of(value)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(value=ast.Name(id=name))) if name in UNSAID:
            return
        case ast.Constant(value=str(text)):
            yield node.lineno, _FIELD.sub(HOLE, text)
        case ast.JoinedStr():
            yield node.lineno, "".join(getattr(part, "value", "") if _is_text(part) else HOLE for part in node.values)
            for part in node.values:
                yield from () if _is_text(part) else texts_of(part.value)
        case _:
            for child in ast.iter_child_nodes(node):
                yield from texts_of(child)


def parts(text: str) -> list[str]:
    """The sentences of a text."""
    return [part for part in map(str.strip, _END.split(text)) if part]


def _is_text(part: ast.expr) -> bool:
    return isinstance(part, ast.Constant)


def _says_something(part: str) -> bool:
    return sum(map(bool, map(_WORD.search, part.split()))) > 1 or bool(_ONE.fullmatch(part))
