"""App Home: drawn when somebody opens it, and again when a run changes; and what Slack tells by itself."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import Any

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.domain.backups.backup import Backup
from bot.domain.backups.loss import sentences
from bot.domain.model import Person, PoolState
from bot.domain.runs.view import view_of
from handlers.backups.backups import read
from handlers.backups.schedule import loss_of, plan
from handlers.backups.schedule_view import Planned
from handlers.backups.words import flags, mirror, stamp
from handlers.blocks.wording import shown
from handlers.companions.companions import coverage_lines
from handlers.desk import Desk
from handlers.home_view import ENTRIES, MOST, House, home
from handlers.runs.links import links
from handlers.runs.matters import matters
from handlers.runs.past import past
from handlers.runs.unheard import unheard
from handlers.slack import answers
from handlers.slack.answers import AWAY, Answer

log = logging.getLogger(__name__)

_SHORT = 300
_AGAIN_S = 1.0


async def opened(desk: Desk, user: str) -> None:
    """Somebody (U…) looks at their App Home; it is kept current for a day."""
    await desk.cards.opened_home(user, desk.now())
    (no,) = await refresh(desk, [user])
    if no is not None:
        await desk.runs.owe_home(user, desk.now() + (no.seconds or _AGAIN_S))


async def more(desk: Desk, person: Person, value: str) -> None:
    """ "Refresh" and "Show more": `value` says how many entries of each part."""
    entries = int(value) if value.isascii() and value.isdigit() and len(value) < 4 else ENTRIES
    await _publish(desk, person, await gather(desk), entries)


async def refresh(desk: Desk, users: Iterable[str]) -> list[Answer | None]:
    """The Homes of these people (U…), from one reading; for each, None or why Slack did not take it."""
    people = [await desk.people.person(user) for user in users]
    if not people:
        return []
    house = await gather(desk)
    return await asyncio.gather(*(_offered(desk, person, house) for person in people))


async def gather(desk: Desk) -> House:
    """What is the same for everybody. Pools that are not active come first, and no more are read than can be shown."""
    running, before, records, planned, standing = await asyncio.gather(
        *(desk.runs.open(), past(desk), desk.runs.records(desk.estate.pools), plan(desk)),
        desk.notices.standing(),
    )
    calm = [fqdn for fqdn in desk.estate.pools if records[fqdn].state is PoolState.ACTIVE]
    fqdns = [*(fqdn for fqdn in desk.estate.pools if fqdn not in calm), *calm][:MOST]
    now = desk.now()
    backups = await asyncio.gather(*(desk.backups.newest(fqdn, now) for fqdn in fqdns))
    newest = dict(zip(fqdns, backups, strict=True))
    answered = await desk.answers.of(desk.estate.pools)
    silent = await unheard(desk, records.values())
    ahead = {fqdn: await desk.backups.ahead(now, fqdn) for fqdn in fqdns}
    views = tuple(view_of(run, desk.engine.runbooks[run.runbook]) for run in running)
    return House(
        views=views,
        past=before,
        pools={fqdn: desk.estate.pools[fqdn] for fqdn in fqdns},
        records=records,
        newest=newest,
        due={fqdn: planned[fqdn].due for fqdn in fqdns},
        unpaired=desk.estate.unpaired,
        now=now,
        links=await links(desk, views),
        matters=matters(desk, records, answered, silent),
        unread=[notice for notice in standing if not notice.is_in_channel],
        ahead=ahead,
        protection=await protection(desk, newest, planned),
        answers=answered,
        silent=silent,
    )


async def _publish(desk: Desk, person: Person, house: House, entries: int = ENTRIES) -> None:
    await desk.slack.views_publish(user_id=person.slack_id, view=home(house, person, entries))


async def _offered(desk: Desk, person: Person, house: House) -> Answer | None:
    try:
        await _publish(desk, person, house)
    except AWAY as fault:
        log.warning("the App Home of %s was not drawn: %s", person.slack_id, answers.why(fault))
        return answers.of(fault)
    return None


async def home_opened(desk: Desk, args: AsyncArgs) -> None:
    event = _event(args)
    if event.get("tab") == "home":
        await opened(desk, event["user"])


async def user_changed(desk: Desk, args: AsyncArgs) -> None:
    await desk.forgetting.tell(_event(args)["user"]["id"])


async def group_changed(desk: Desk, args: AsyncArgs) -> None:
    event = _event(args)
    await desk.forgetting.tell(event.get("subteam_id") or event["subteam"]["id"])


def _event(args: AsyncArgs) -> Mapping[str, Any]:
    return args.event or {}


async def protection(
    desk: Desk, newest: Mapping[str, Backup | None], planned: Mapping[str, Planned]
) -> Mapping[str, tuple[str, ...]]:
    """Lines by FQDN, escaped, for the pools of `newest`, which leads to their newest backups."""
    found = [backup for backup in newest.values() if backup]
    kept, covered, *losses = await asyncio.gather(
        read(desk, found), coverage_lines(desk), *(loss_of(desk, planned[fqdn]) for fqdn in newest)
    )
    known = {one.backup.pool: one for one in kept}
    return {
        fqdn: (
            *((f"{stamp(known[fqdn], desk.now())} · {mirror(known[fqdn], desk.now())}",) if fqdn in known else ()),
            *(flags(known[fqdn]) if fqdn in known else ()),
            shown(sentences(desk.estate.pools[fqdn].short, lost)[0], _SHORT),
            shown(covered.get(fqdn, ""), _SHORT),
        )
        for fqdn, (lost, _) in zip(newest, losses, strict=True)
    }
