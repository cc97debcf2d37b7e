"""Kept backups: the list of a pool page by page, everything about one of them, and keeping it for ever."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.domain.access import Need
from bot.domain.backups.backup import Backup
from bot.domain.errors import BadInput
from bot.domain.model import Person, Pool, Who
from bot.domain.runs.run import Entry
from handlers.asked import COUNT, Asked, named_pool, permit, usage
from handlers.backups import charts
from handlers.backups import views as backup_views
from handlers.backups.schedule import loss_buttons, loss_lines
from handlers.backups.words import ShownBackup, is_by_person
from handlers.blocks import actions
from handlers.blocks.blocks import Block, View
from handlers.blocks.inputs import complaints
from handlers.companions.companions import coverage_line
from handlers.desk import Desk
from handlers.slack import answers
from handlers.slack.answers import AWAY
from handlers.slack.replies import Reply, complain, open_view

log = logging.getLogger(__name__)

NAME = "backups"
CHART = "chart"
_LOOK_S = 0.7


async def backups(asked: Asked) -> Reply:
    """`/rgs backups <pool> [chart]`. A page costs the same whatever number is kept."""
    pool = named_pool(asked)
    if asked.words[1:] and asked.words[1].casefold() != CHART:
        raise BadInput(f"“{asked.words[1][:40]}” is nothing that backups have. {usage(asked.row)}")
    if asked.words[1:]:
        return await charts.chart(asked.desk, asked.person, pool)
    found = await asked.desk.backups.page(pool.fqdn, before=asked.before or None, count=COUNT + 1)
    older = len(found) > COUNT
    page = await read(asked.desk, found[:COUNT], is_whole=not older)
    about = ((), ()) if asked.before else await _about(asked.desk, pool)
    return Reply(backup_views.backups_list(pool, page, *about, older=older, now=asked.desk.now()))


async def read(desk: Desk, found: Sequence[Backup], *, is_whole: bool = False) -> tuple[ShownBackup, ...]:
    """What is known of these today, in two round trips; `is_whole`: nothing is older than the last of them."""
    keepings = await desk.keepings.read([backup.id for backup in found]) if found else ()
    pools = {keeping.stamp.pool for keeping in keepings if keeping.stamp}
    basis = await desk.keepings.basis(sorted(pools)) if pools else {}
    return tuple(
        ShownBackup(
            backup,
            keeping,
            basis.get(keeping.stamp.pool, "") if keeping.stamp else "",
            is_first=is_whole and backup is found[-1],
            lone=desk.estate.unpaired.get(backup.pool, ""),
            mirrored=desk.estate.mirrored,
        )
        for backup, keeping in zip(found, keepings, strict=True)
    )


async def details(desk: Desk, args: AsyncArgs, person: Person, value: str) -> None:
    await permit(desk, person, Need.ANYONE, NAME)
    await open_view(args, await _detail(desk, value))


async def pin(desk: Desk, args: AsyncArgs, person: Person, value: str) -> None:
    await permit(desk, person, Need.ADMIN, NAME)
    await open_view(args, backup_views.keeping_form(await desk.backups.get(value)))


async def pinned(desk: Desk, args: AsyncArgs, person: Person) -> None:
    """The form that says why a backup is kept for ever."""
    await permit(desk, person, Need.ADMIN, NAME)
    view, backup = args.body["view"], await desk.backups.get(args.body["view"]["private_metadata"])
    form = actions.answers(view.get("state") or {})
    if faults := complaints([backup_views.WHY], form, desk.now()):
        return await complain(args, faults)
    why = form[backup_views.WHY.key].strip()
    await desk.keepings.pin(backup.id, person.id, why)
    await _note(desk, person, backup, "kept", f"{person.name} keeps backup {backup.id} for ever: {why}")
    await _redraw(desk, str(view.get("previous_view_id") or ""), backup.id)


async def free(desk: Desk, args: AsyncArgs, person: Person, value: str) -> None:
    """What people pinned may go again; what a run pinned stays."""
    await permit(desk, person, Need.ADMIN, NAME)
    backup = await desk.backups.get(value)
    (keeping,) = await desk.keepings.read([backup.id])
    for by in filter(is_by_person, keeping.pins):
        await desk.keepings.unpin(backup.id, by)
    await _note(desk, person, backup, "freed", f"{person.name} no longer keeps backup {backup.id} for ever.")
    await _redraw(desk, args.body["view"]["id"], backup.id)


async def _detail(desk: Desk, id: str) -> View:
    backup = await desk.backups.get(id)
    others = await desk.backups.page(backup.pool, count=backup_views.OTHERS + 1)
    first = len(others) <= backup_views.OTHERS and [one.id for one in others[-1:]] == [id]
    (kept,) = await read(desk, [backup], is_whole=first)
    return backup_views.detail(kept, others, desk.now(), await _because(desk, backup))


async def _because(desk: Desk, backup: Backup) -> str:
    """Why it stays or would go; among thousands that takes longer than whoever looks may wait."""
    try:
        async with asyncio.timeout(_LOOK_S):
            decisions = await desk.pruning.plan(backup.pool, desk.now())
    except TimeoutError:
        return f"There are too many backups to tell at once: `/rgs retention {backup.pool}` does."
    found = next((one for one in decisions if one.backup.id == backup.id), None)
    return (
        f"{'It stays' if found.stays else 'It would go'}: {found.because[:1].lower()}{found.because[1:]}"
        if found
        else ""
    )


async def _about(desk: Desk, pool: Pool) -> tuple[Sequence[str], Sequence[Block]]:
    """What a death of the pool would cost now, how its companions are covered; a tighter schedule to accept, if any."""
    lost, covered, offered = await asyncio.gather(
        loss_lines(desk, pool), coverage_line(desk, pool), loss_buttons(desk, pool)
    )
    return (*lost, covered), offered


async def _note(desk: Desk, person: Person, backup: Backup, what: str, sentence: str) -> None:
    """A line in the log of the run that made the backup."""
    await desk.runs.note(Entry(desk.now(), Who.person(person), what, NAME, sentence), backup.run)


async def _redraw(desk: Desk, view: str, id: str) -> None:
    """The details once more, where they are still open."""
    try:
        await desk.slack.views_update(view_id=view, view=await _detail(desk, id))
    except AWAY as fault:
        log.info("the details of a backup were not drawn again: %s", answers.why(fault))
