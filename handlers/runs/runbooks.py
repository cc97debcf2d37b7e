"""What runbooks there are, for which pools they can start now, and the rows of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bot.domain.model import Pool, PoolRecord, PoolState
from bot.domain.runs.opening import Estate, startable
from bot.domain.runs.runbook import Runbook
from bot.runbooks.table import lines
from handlers.blocks.blocks import Message, listing
from handlers.blocks.wording import exact, shown


def runbooks_list(books: Iterable[Runbook], estate: Estate, records: Mapping[str, PoolRecord]) -> Message:
    """Each with the pools for which it can be started now, as they stand by their `records`."""
    return listing(
        "Runbooks",
        [_line(book, tuple(_ready(book, estate, records))) for book in books],
        "`/rgs start <runbook> <pool>` starts one. `/rgs runbooks <runbook>` shows its rows.",
    )


def _ready(book: Runbook, estate: Estate, records: Mapping[str, PoolRecord]) -> Iterator[Pool]:
    for fqdn, pool in estate.pools.items():
        held = book.holds_pools and any(records[one].held_by for one in estate.pair_of(pool))
        if not held and startable(book, pool, estate, records[fqdn]):
            yield pool


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
