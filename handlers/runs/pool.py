"""One pool whole: what is remembered, what its servers said last, and what stands in the way of moving it."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.deployment.pool_reading import PoolReading, difference, edge_words, store_words
from bot.domain.deployment.readings import Module
from bot.domain.measures import lasted
from bot.domain.model import Pool, PoolRecord, short
from handlers.blocks.blocks import Message, listing
from handlers.blocks.wording import shown


def pool_seen(pool: Pool, record: PoolRecord, line: str, said: str, seen: PoolReading | None, now: float) -> Message:
    """`line` is the pool as the list of all has it, `said` what is pre-staged of it; `seen` the newest reading."""
    told = _told(pool, record, seen, now) if seen else _UNREAD
    return listing(pool.short, [line, *(shown(one, 1500) for one in (*told, said) if one)], _FOOT)


def _told(pool: Pool, record: PoolRecord, seen: PoolReading, now: float) -> Iterator[str]:
    by = f" by a server of {short(seen.by)}" if seen.by != pool.fqdn else ""
    yield f"{seen.state.said(pool.short)}, read {lasted(now - seen.at)} ago{by}."
    if not record.held_by and (differs := difference(pool.fqdn, record.state, seen.state)):
        yield f"⚠️ Remembered here: {record.state}. {differs}"
    yield from _service(pool, seen)
    yield store_words(seen.store)
    yield edge_words(seen.edges, pool)


def _service(pool: Pool, seen: PoolReading) -> Iterator[str]:
    """Module by module; in the end what it is worth for Response Groups."""
    if not pool.backup_pool:
        return
    backup = short(pool.backup_pool)
    if seen.modules is None:
        yield f"Backup Service to {backup}: not known."
        return
    yield f"Backup Service to {backup}:"
    yield from (f"{_mark(one)} {one.words}" for one in seen.modules)
    yield seen.groups_words(pool.short, backup)
    if seen.stopped:
        yield f"⚠️ LYNCBACKUP does not run on {', '.join(seen.stopped)}."


def _mark(module: Module) -> str:
    """Green is only what was copied; off where that is usual is neither well nor wrong."""
    return "✅" if module.at_rest else "•" if module.is_well else "⚠️"


_UNREAD = ("Its servers were not asked yet, or none answered: where they say that it stands is not known.",)
_FOOT = "Every pool is asked every minute. Nothing is started by that."
