"""What runbooks there are, for which pools they can start now, and the rows of one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.domain.model import Pool, PoolState
from bot.domain.runs.opening import Estate, Stands, why_not
from bot.domain.runs.runbook import Runbook
from bot.runbooks.table import lines
from handlers.blocks.blocks import Message, listing
from handlers.blocks.wording import exact, shown


def runbooks_list(books: Iterable[Runbook], estate: Estate, stands: Stands) -> Message:
    """Each with the pools for which it can be started now."""
    return listing(
        "Runbooks",
        [_line(book, ready(book, estate, stands)) for book in books],
        "`/rgs start <runbook> <pool>` starts one. `/rgs runbooks <runbook>` shows its rows.",
    )


def ready(book: Runbook, estate: Estate, stands: Stands) -> list[Pool]:
    """The pools for which it can be started now."""
    return [pool for pool in estate.pools.values() if not why_not(book, pool, estate, stands)]


def _line(book: Runbook, pools: Sequence[Pool]) -> str:
    now = f"now for {', '.join(shown(pool.short, 80) for pool in pools)}" if pools else "for no pool now"
    from_where = "any state" if book.opens == frozenset(PoolState) else " or ".join(sorted(book.opens))
    return (
        f"*`{exact(book.key)}`* — {shown(book.about, 300)}\n      {now} · from: {from_where} · needs {book.need.words}"
    )


def runbook_rows(book: Runbook) -> Message:
    """Every row with its number, who answers it, and how many approve its command."""
    rows = [
        f"*{line.number}* · {shown(line.title, 150)} · {line.kind}"
        + (f" · {line.who}" if line.who != "nobody" else "")
        + (f" · approvals: {line.approvals}" if line.approvals else "")
        for line in lines(book)
    ]
    return listing(f"Runbook {book.title}", rows, shown(book.about, 300))
