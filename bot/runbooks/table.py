"""The rows of a runbook as a table: derived from the rows themselves, for people, documents and tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.domain.model import BOT, Pool
from bot.domain.runs.run import Run
from bot.domain.runs.runbook import Runbook, Step

_HEAD = "| # | row | what happens | who | approvals |\n|---|---|---|---|---|\n"


@dataclass(frozen=True, slots=True)
class Line:
    """One row as it is read before any run: its number, what it is, who answers, how many approve its command."""

    number: str
    key: str
    title: str
    kind: str
    who: str
    approvals: str


def lines(book: Runbook) -> Iterator[Line]:
    """In the order of the rows."""
    for step in book.steps:
        asks = step.asks or step.plan is not None
        yield Line(
            book.numbers[step.key],
            step.key,
            step.title,
            _kind(step),
            step.need.words if asks else "nobody",
            _approvals(book, step),
        )


def pages(books: Iterable[Runbook]) -> str:
    """All of them, as Markdown."""
    return "\n\n".join(f"## {book.title} (`{book.key}`)\n\n{book.about}\n\n{_HEAD}{_rows(book)}" for book in books)


def _rows(book: Runbook) -> str:
    return "\n".join(
        f"| {line.number} | `{line.key}` {line.title} | {line.kind} | {line.who} | {line.approvals} |"
        for line in lines(book)
    )


def _kind(step: Step) -> str:
    if step.plan is not None:
        return "a command, run again if it is lost" if step.again else "a command, looked at if it is lost"
    if step.asks:
        return "people answer"
    return "checked by itself" if step.judge else "done by itself"


def _approvals(book: Runbook, step: Step) -> str:
    """As for a run of which nothing is known yet; a switch that people choose may ask for one more."""
    if step.plan is None:
        return ""
    needed = step.approvals(untouched(book, step))
    return str(needed) if needed else "none"


def untouched(book: Runbook, step: Step) -> Run:
    """A run at this row of which nothing is known yet."""
    return Run("", book.key, Pool("pool"), Pool("partner"), BOT, 0.0, step.key, replacement=Pool("replacement"))
