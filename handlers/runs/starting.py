"""Subcommands that start a run: at once for the pool that is named, else with the pools to choose from as buttons."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from bot.domain.errors import BadInput
from bot.domain.model import Pool
from bot.domain.near import first_name
from bot.domain.runs.opening import called, several, why_not
from bot.domain.runs.runbook import Runbook
from handlers.asked import Asked, line, named_pool, offered, too_many, usage
from handlers.blocks import blocks
from handlers.blocks.blocks import Message, listing
from handlers.blocks.wording import bullets, exact, shown
from handlers.desk import Desk
from handlers.runs import places
from handlers.runs.runbooks import ready, runbook_rows, runbooks_list
from handlers.slack.replies import Reply

_REASONS = 5
_MOST = 3
"""Words behind `start`: a runbook, its pool, and the one that takes its place."""


def starting(runbook: str) -> Callable[[Asked], Awaitable[Reply]]:
    """Starts a run of this runbook for the pool that was named."""

    async def start(asked: Asked) -> Reply:
        return Reply(await _begun(asked, asked.desk.engine.runbooks[runbook], 0))

    return start


async def start(asked: Asked) -> Reply:
    """`start <runbook> <pool>`, and the pool that takes its place where it is replaced."""
    books, word = startable(asked.desk), asked.words[0].casefold()
    if first_name(asked.words, books)[0] != word:
        return Reply(_no_runbook(asked))
    if len(asked.words) > _MOST:
        raise too_many(asked.row, asked.words, _MOST)
    return Reply(await _begun(asked, books[word], 1))


async def backup(asked: Asked) -> Reply:
    """`backup <pool>` exports it; `backup verify` reads what is kept again, of one pool or of all."""
    first, *named = asked.words
    if first.casefold() == "verify":
        return Reply(await _verified(asked, named))
    if named:
        raise BadInput(f"`/rgs backup` takes one pool, or `verify` and a pool. {usage(asked.row)}")
    return Reply(blocks.sentence(await _started(asked, "backup", named_pool(asked))))


async def _verified(asked: Asked, named: Sequence[str]) -> Message:
    pools = named or [pool for pool in await asked.desk.backups.pools() if pool in asked.desk.estate.pools]
    each = [replace(asked, words=(asked.words[0], pool)) for pool in pools]
    said = [await _started(one, "verify", named_pool(one, 1)) for one in each]
    if len(said) > 1:
        return listing("Reading every byte again", [exact(one) for one in said])
    return blocks.sentence("".join(said) or "There is no backup yet, so there is nothing to check.")


async def runbooks(asked: Asked) -> Reply:
    """All of them with what they start from now; or the rows of one."""
    books = startable(asked.desk)
    if not asked.words:
        estate = asked.desk.estate
        return Reply(runbooks_list(books.values(), estate, await asked.desk.engine.stands(estate.pools)))
    book = books.get(asked.words[0].casefold())
    return Reply(runbook_rows(book) if book else _no_runbook(asked))


async def _begun(asked: Asked, book: Runbook, at: int) -> Message:
    """A run for the pool that was named there. Where none is, or none of that name, nobody guesses which is moved."""
    word, pools = next(iter(asked.words[at:]), ""), asked.desk.estate.pools
    found = called(word, pools)
    if len(found) != 1:
        return await _which(asked, book, at, found)
    replacement = named_pool(asked, at + 1, guess=False) if asked.words[at + 1 :] else None
    return blocks.sentence(await _started(asked, book.key, named_pool(asked, at), replacement))


async def _started(asked: Asked, runbook: str, pool: Pool, replacement: Pool | None = None) -> str:
    """A run, and what is said of it."""
    engine = asked.desk.engine
    moves = engine.runbooks[runbook].holds_pools
    place = await places.find(asked.desk, asked.channel, line(asked.row, asked.words), moves=moves)
    run = await engine.start(runbook, pool.fqdn, asked.person, channel=place.channel, replacement=replacement)
    return f"Starting: {engine.runbooks[runbook].title} of {pool.short}, run {run.id}. {place.sentence}"


async def _which(asked: Asked, book: Runbook, at: int, found: Sequence[str]) -> Message:
    """The pools for which it can start now, as buttons that keep whatever else was typed; or why for none."""
    estate, word = asked.desk.estate, next(iter(asked.words[at:]), "")
    stands = await asked.desk.engine.stands(estate.pools)
    head = several(word, found) if found else f"There is no pool “{word[:60]}”." if word else ""
    pools = [pool for pool in ready(book, estate, stands) if not found or pool.fqdn in found]
    if not pools:
        why = [why_not(book, pool, estate, stands) for pool in estate.pools.values()]
        said = f"{head} {book.title} cannot start for any pool now. Nothing was started.".strip()
        return offered(f"{shown(said)}\n{bullets(why, 2000, rows=_REASONS)}", ())
    words = asked.words
    typed = [line(asked.row, (*words[:at], pool.fqdn, *words[at + 1 :])) for pool in pools]
    names = [pool.short if len(called(pool.short, estate.pools)) == 1 else pool.fqdn for pool in pools]
    return offered(
        shown(f"{head} Nothing was started. {book.title}: which pool?".strip()), zip(names, typed, strict=True)
    )


def startable(desk: Desk) -> dict[str, Runbook]:
    """The runbooks that people start, by key."""
    return {book.key: book for book in desk.engine.runbooks.values() if book.carded}


def _no_runbook(asked: Asked) -> Message:
    """The nearest one, with whatever else was typed, behind a button."""
    near, rest = first_name(asked.words, startable(asked.desk))
    name = " ".join(asked.words[: len(asked.words) - len(rest)] or asked.words[:1])
    said = f"There is no runbook “{shown(name, 40)}”. Nothing was started. `/rgs runbooks` lists them."
    typed = line(asked.row, (near, *rest))
    return offered(f"{said} Did you mean `{exact(typed, 300)}`?" if near else said, [(typed, typed)] if near else ())
