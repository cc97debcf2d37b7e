"""What takes longer than an answer may: two backups compared, and a backup's zip sent to whoever may have it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.domain.access import Need
from bot.domain.backups.backup import Backup
from bot.domain.measures import sized
from bot.domain.model import Person, Who, short
from bot.domain.runs.run import Entry
from bot.exports.look import diff_exports
from handlers.asked import may, permit
from handlers.backups import views as backup_views
from handlers.blocks import blocks
from handlers.blocks.wording import exact, shown, utc, when, without_people
from handlers.desk import Desk
from handlers.slack.replies import Reply, open_view
from handlers.slack.sending import say, send_file

_NAME = "backups"
_CAREFUL = "It holds names, addresses and numbers of people: keep it where your backups belong."


async def compare(desk: Desk, args: AsyncArgs, person: Person, value: str) -> None:
    """The form is there at once; what it is to show is worked out behind it."""
    await permit(desk, person, Need.ANYONE, _NAME)
    drawn = str if may(person, Need.ADMIN) else without_people
    desk.errands.allow()
    chosen = await asyncio.gather(desk.backups.get(args.body["view"]["private_metadata"]), desk.backups.get(value))
    older, newer = sorted(chosen, key=lambda backup: backup.taken_at)
    update = partial(desk.slack.views_update, view_id=await open_view(args, backup_views.comparing(older, newer)))
    work = partial(_compare, desk, older, newer, update, drawn)
    desk.errands.send("comparison", work, lambda said: update(view=backup_views.undecided(older, newer, said)))


async def send(desk: Desk, args: AsyncArgs, person: Person, value: str) -> Reply:
    """Only for holders of the role, and only to themselves."""
    await permit(desk, person, Need.ADMIN, _NAME)
    backup = await desk.backups.get(value)
    missed = partial(
        say,
        desk.slack,
        person.slack_id,
        f"The zip of {short(backup.pool)}'s backup of {utc(backup.taken_at)} did not get to you.",
    )
    desk.errands.send(f"zip of {backup.id}", partial(_send, desk, person, backup), missed)
    return Reply(blocks.sentence("The zip is on its way to you, as a direct message that nobody else sees."))


def file_name(backup: Backup) -> str:
    """ "pool-a-2026-11-22-3f2a9c01.zip": the pool, the day (UTC) and the beginning of its SHA-256."""
    pool = re.sub(r"[^a-z0-9-]+", "-", short(backup.pool).casefold())[:60] or "pool"
    return f"{pool}-{datetime.fromtimestamp(backup.taken_at, UTC):%Y-%m-%d}-{backup.sha256[:8]}.zip"


async def _compare(
    desk: Desk, older: Backup, newer: Backup, update: Callable[..., Awaitable[object]], drawn: Callable[[str], str]
) -> None:
    """One after the other, so that only one export is being unpacked at a time."""
    files = [await desk.backups.load(backup.id) for backup in (older, newer)]
    _, lines = await asyncio.to_thread(diff_exports, *files)
    await update(view=backup_views.difference(older, newer, [drawn(line) for line in lines]))


async def _send(desk: Desk, person: Person, backup: Backup) -> None:
    data = await desk.backups.load(backup.id)
    sentence = f"{person.name} asked for the zip of backup {backup.id}, for themselves alone."
    await desk.runs.note(Entry(desk.now(), Who.person(person), "sent", _NAME, sentence), backup.run)
    title = f"Backup of {short(backup.pool)}"
    comment = (
        f"{shown(title, 120)}, {when(backup.taken_at)}, {sized(backup.size)}, byte for byte as it was exported. "
        f"{_CAREFUL}\nSHA-256 `{exact(backup.sha256, 80)}`"
    )
    await send_file(desk.slack, person.slack_id, file_name(backup), data, title, comment)
