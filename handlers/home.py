"""App Home: drawn when somebody opens it, and again when a run changes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from bot.domain.model import Person, PoolState
from bot.domain.report import Report, report
from handlers.home_view import ENTRIES, MOST, House, home
from handlers.people import AWAY
from handlers.protection import protection
from handlers.schedule import plan

if TYPE_CHECKING:
    from handlers.desk import Desk

log = logging.getLogger(__name__)

_RECENT = 30
_LINKS = 10


async def opened(desk: Desk, user: str) -> None:
    """Somebody (U…) looks at their App Home; it is kept current for a day."""
    await desk.cards.opened_home(user, desk.now())
    await _publish(desk, await desk.people.person(user), await gather(desk))


async def more(desk: Desk, person: Person, value: str) -> None:
    """ "Refresh" and "Show more": `value` says how many entries of each part."""
    entries = int(value) if value.isascii() and value.isdigit() and len(value) < 4 else ENTRIES
    await _publish(desk, person, await gather(desk), entries)


async def refresh(desk: Desk, users: Iterable[str]) -> None:
    """The Homes of these people (U…), from one reading."""
    people = [await desk.people.person(user) for user in users]
    if people:
        house = await gather(desk)
        await asyncio.gather(*(_publish(desk, person, house) for person in people))


async def gather(desk: Desk) -> House:
    """What is the same for everybody. Pools that are not active come first, and no more are read than can be shown."""
    running, recent, records, planned = await asyncio.gather(
        desk.runs.open(), desk.runs.page(count=_RECENT), desk.runs.records(desk.pools), plan(desk)
    )
    calm = [fqdn for fqdn in desk.pools if records[fqdn].state is PoolState.ACTIVE]
    fqdns = [*(fqdn for fqdn in desk.pools if fqdn not in calm), *calm][:MOST]
    backups = await asyncio.gather(*(desk.backups.newest(fqdn) for fqdn in fqdns))
    newest = dict(zip(fqdns, backups, strict=True))
    reports = tuple(report(run, desk.engine.runbooks[run.runbook]) for run in running)
    return House(
        reports=reports,
        recent=recent,
        pools={fqdn: desk.pools[fqdn] for fqdn in fqdns},
        records=records,
        newest=newest,
        due={fqdn: planned[fqdn].due for fqdn in fqdns},
        unpaired=desk.unpaired,
        now=desk.now(),
        links=await _links(desk, reports),
        protection=await protection(desk, newest, planned),
    )


async def _publish(desk: Desk, person: Person, house: House, entries: int = ENTRIES) -> None:
    await desk.slack.views_publish(user_id=person.slack_id, view=home(house, person, entries))


async def _links(desk: Desk, reports: Iterable[Report]) -> dict[str, str]:
    """Addresses of the cards, of those that Slack tells in time: without one, the run is named all the same."""
    found = await asyncio.gather(*(_link(desk, report.run.id) for report in list(reports)[:_LINKS]))
    return {run: address for run, address in found if address}


async def _link(desk: Desk, run: str) -> tuple[str, str]:
    place = await desk.cards.place(run)
    if place is None:
        return run, ""
    try:
        answer = await desk.slack.chat_getPermalink(channel=place.channel, message_ts=place.ts)
    except AWAY as fault:
        log.info("no address for the card of %s: %s", run, type(fault).__name__)
        return run, ""
    return run, str(answer.get("permalink") or "")
