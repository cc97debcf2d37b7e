"""The month of a pool's backups as a picture, sent to whoever asked with words that say the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from zoneinfo import ZoneInfo

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.domain.access import Need
from bot.domain.backups.backup import Backup
from bot.domain.backups.history import DAYS, History, history, in_words
from bot.domain.errors import BadInput
from bot.domain.model import Person, Pool
from bot.domain.runs.run import Phase
from handlers.asked import permit
from handlers.backups.drawing import picture
from handlers.blocks import blocks
from handlers.blocks.wording import exact
from handlers.desk import Desk
from handlers.slack.replies import Reply
from handlers.slack.sending import say, send_file

_AT_ONCE = 100
_LOOK_S = 0.7
"""The answer waits no longer for what there is to draw."""

_FEWEST = 2
"""Days: one alone is said in words."""
_LONGEST_S = (DAYS + 1) * 86_400
_FAILED = frozenset({Phase.STOPPED, Phase.LOST, Phase.ABANDONED})


async def chart(desk: Desk, person: Person, pool: Pool) -> Reply:
    """Drawn and sent behind the answer; where there is nothing to draw, the answer says so."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_LOOK_S):
            if said := _too_few(await _month(desk, pool)):
                return Reply(blocks.sentence(said))
    missed = partial(say, desk.slack, person.slack_id, f"The chart of {pool.short} did not get to you.")
    desk.errands.send(f"chart of {pool.short}", partial(_send, desk, person.slack_id, pool), missed)
    return Reply(blocks.sentence(f"The chart of {pool.short} is on its way to you, as a direct message."))


async def pressed(desk: Desk, args: AsyncArgs, person: Person, value: str) -> Reply:
    """The button "Chart"; its value is the pool's FQDN."""
    await permit(desk, person, Need.ANYONE, "backups")
    if value not in desk.estate.pools:
        raise BadInput("This pool is no longer configured. `/rgs pools` lists those that are.")
    return await chart(desk, person, desk.estate.pools[value])


async def _month(desk: Desk, pool: Pool) -> History:
    since = desk.now() - _LONGEST_S
    kept = [backup async for backup in _kept(desk, pool, since)]
    failed = [at async for at in _failed(desk, pool, since)]
    return history(pool.short, kept, failed, ZoneInfo(pool.time_zone), desk.now())


def _too_few(month: History) -> str:
    """All that there is to say of a month that makes no picture; empty for one that does."""
    few = len(month.days) < _FEWEST
    return f"{in_words(month)} There is nothing to draw yet: a picture begins with two days." if few else ""


async def _send(desk: Desk, user: str, pool: Pool) -> None:
    month = await _month(desk, pool)
    if said := _too_few(month):
        return await say(desk.slack, user, said)
    words = in_words(month)
    name, title = f"{pool.short}-backups.png", f"Backups of {pool.short}"
    await send_file(desk.slack, user, name, await picture(month), title, exact(words, 3000), words)


async def _kept(desk: Desk, pool: Pool, since: float) -> AsyncIterator[Backup]:
    """The pool's backups since that second, newest first."""
    before = None
    while page := await desk.backups.page(pool.fqdn, before=before, count=_AT_ONCE):
        for backup in page:
            if backup.taken_at < since:
                return
            yield backup
        before = page[-1].id


async def _failed(desk: Desk, pool: Pool, since: float) -> AsyncIterator[float]:
    """When backups of this pool were begun since that second that came to nothing."""
    before = None
    while page := await desk.runs.page(before, _AT_ONCE):
        for run in page:
            if run.opened_at < since:
                return
            if run.runbook == "backup" and run.primary.fqdn == pool.fqdn and run.phase in _FAILED:
                yield run.opened_at
        before = page[-1].opened_at
