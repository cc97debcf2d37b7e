"""`/rgs companions`: how fresh each pool's companions are, and how people take, send, attest and get them back."""

from __future__ import annotations

import asyncio
import io
import zipfile
from collections.abc import Mapping
from datetime import date, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.clock.wall_clock import day_of
from bot.domain.access import Need
from bot.domain.companions.coverage import Coverage, coverage
from bot.domain.companions.kinds import Companion, CompanionCopy, How, companion
from bot.domain.companions.serving import serving
from bot.domain.companions.uploads import complaint
from bot.domain.errors import BadInput
from bot.domain.measures import numbered
from bot.domain.model import Person, Pool
from bot.domain.runs.facts import KIND
from bot.runbooks.companion import FILES, WORD
from handlers.asked import Asked, may, named_pool, permit
from handlers.blocks import actions, blocks
from handlers.blocks.inputs import complaints
from handlers.blocks.wording import exact, shown
from handlers.companions import views as companion_views
from handlers.desk import Desk
from handlers.slack.replies import Reply, complain, open_view
from handlers.slack.sending import say, send_file

NAME = "companions"
OLDEST_D = 60
"""A backup of a database that is older than that is none to rely on."""


async def companions(asked: Asked) -> Reply:
    """Of every pool in a line, or of one with what can be done about each."""
    desk = asked.desk
    if not asked.words:
        found = await _coverages(desk, *desk.estate.pools.values())
        return Reply(companion_views.every_pool([(desk.estate.pools[one.pool], one) for one in found]))
    pool = named_pool(asked)
    (one,) = await _coverages(desk, pool)
    failures = await desk.companions.failures()
    mine = {kind: failure for (fqdn, kind), failure in failures.items() if fqdn == pool.fqdn}
    return Reply(companion_views.one_pool(pool, one, mine, may=may(asked.person, Need.ADMIN)))


async def coverage_line(desk: Desk, pool: Pool) -> str:
    """How the companions of a pool are covered, in one line, not yet escaped."""
    (found,) = await _coverages(desk, pool)
    return found.line


async def coverage_lines(desk: Desk) -> dict[str, str]:
    """The same of every pool by FQDN, in one round trip."""
    return {one.pool: one.line for one in await _coverages(desk, *desk.estate.pools.values())}


async def take(desk: Desk, args: AsyncArgs, person: Person, value: str) -> Reply:
    pool, one = _chosen(desk, value)
    if one.way(pool) not in (How.COMMAND, How.FILES):
        raise BadInput(f"{one.title} of {pool.short} comes from people by now: `/rgs companions {pool.short}`.")
    run = await desk.engine.start("companion", pool.fqdn, person, facts=KIND.to(one.key))
    sentence = f"Taking a copy: {one.title} of {pool.short}, run {run.id}. You are told directly when it is kept."
    return Reply(blocks.sentence(sentence))


async def ask_for_files(desk: Desk, args: AsyncArgs, person: Person, value: str) -> None:
    await permit(desk, person, Need.ADMIN, NAME)
    await open_view(args, companion_views.files_form(*_chosen(desk, value)))


async def ask_for_word(desk: Desk, args: AsyncArgs, person: Person, value: str) -> None:
    await permit(desk, person, Need.ADMIN, NAME)
    pool, one = _chosen(desk, value)
    await open_view(args, companion_views.word_form(pool, one, _today(desk, pool)))


async def details(desk: Desk, args: AsyncArgs, person: Person, value: str) -> None:
    """The exact commands may hold numbers, so only holders of the role see them."""
    await permit(desk, person, Need.ADMIN, NAME)
    pool, one = _chosen(desk, value)
    (found,) = await _coverages(desk, pool)
    cover = next(cover for cover in found.covers if cover.companion == one)
    record = (await desk.runs.records([pool.fqdn]))[pool.fqdn]
    serves = serving(pool, desk.estate.partner(pool), record.state)
    await open_view(args, companion_views.detail(pool, cover, serves))


async def sent(desk: Desk, args: AsyncArgs, person: Person) -> Reply | None:
    """Names and sizes are checked before the form closes; the files are fetched by a run."""
    view = args.body["view"]
    pool, one = _chosen(desk, view.get("private_metadata") or "")
    files = actions.files(view.get("state") or {}, companion_views.FILES.key)
    named = [(str(file.get("name") or ""), int(file.get("size") or 0)) for file in files]
    if fault := complaint(one, named):
        return await complain(args, {actions.field_block(companion_views.FILES.key): fault})
    brought = [{"id": str(file["id"]), "name": name} for file, (name, _) in zip(files, named, strict=True)]
    run = await desk.engine.start("companion", pool.fqdn, person, facts=KIND.to(one.key) | FILES.to(brought))
    sentence = f"Fetching {one.title} of {pool.short}, run {run.id}. You are told directly when it is kept."
    return Reply(blocks.sentence(sentence))


async def attested(desk: Desk, args: AsyncArgs, person: Person) -> Reply | None:
    view = args.body["view"]
    pool, one = _chosen(desk, view.get("private_metadata") or "")
    form = actions.answers(view.get("state") or {})
    day, fault = _day(form.get(companion_views.WHEN.key, ""), _today(desk, pool))
    faults = complaints((companion_views.WHERE, companion_views.NOTE), form, desk.now())
    if faults := faults | ({actions.field_block(companion_views.WHEN.key): fault} if fault else {}):
        return await complain(args, faults)
    word = _word(form, day, pool)
    await desk.engine.start("companion", pool.fqdn, person, facts=KIND.to(one.key) | WORD.to(word))
    sentence = f"Your word for {one.title} of {pool.short} is taken down. You are told directly when it is kept."
    return Reply(blocks.sentence(sentence))


async def send(desk: Desk, args: AsyncArgs, person: Person, value: str) -> Reply:
    """Only for holders of the role, and only to themselves."""
    await permit(desk, person, Need.ADMIN, NAME)
    pool, one = _chosen(desk, value)
    kept = (await desk.companions.newest([pool.fqdn], desk.now()))[pool.fqdn][one.key]
    if kept is None or not kept.files:
        raise BadInput(f"No file of {one.title} of {pool.short} is kept.")
    missed = partial(say, desk.slack, person.slack_id, f"{one.title} of {pool.short} did not get to you.")
    desk.errands.send(f"copy {kept.id}", partial(_send, desk, person, pool, one, kept), missed)
    return Reply(blocks.sentence("The files are on their way to you, as a direct message that nobody else sees."))


async def _send(desk: Desk, person: Person, pool: Pool, one: Companion, kept: CompanionCopy) -> None:
    data = {file.name: await desk.companions.load(kept.id, file.name) for file in kept.files}
    packed = await asyncio.to_thread(_zipped, data)
    day = day_of(kept.as_of, pool.time_zone)
    what = f"{shown(one.title)} of {exact(pool.short)}, {numbered(len(data), 'file')} of {day}."
    comment = f"{what} {shown(one.note, 600)}"
    await send_file(desk.slack, person.slack_id, f"{pool.short}-{one.key}-{day}.zip", packed, one.title, comment)


def _zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name.replace("\\", "/")), data)
    return out.getvalue()


async def _coverages(desk: Desk, *pools: Pool) -> tuple[Coverage, ...]:
    newest = await desk.companions.newest([pool.fqdn for pool in pools], desk.now())
    return tuple(coverage(pool, newest[pool.fqdn], desk.rules, desk.now()) for pool in pools)


def _chosen(desk: Desk, value: str) -> tuple[Pool, Companion]:
    fqdn, kind = actions.decode_companion(value)
    if fqdn not in desk.estate.pools:
        raise BadInput(f"{fqdn[:80]} is not among the pools any more. Nothing was changed.")
    return desk.estate.pools[fqdn], companion(kind)


def _today(desk: Desk, pool: Pool) -> date:
    return day_of(desk.now(), pool.time_zone)


def _word(form: Mapping[str, str], day: date, pool: Pool) -> dict[str, Any]:
    """What somebody attests, as a run carries it."""
    where, note = (form.get(field.key, "").strip() for field in (companion_views.WHERE, companion_views.NOTE))
    at = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(pool.time_zone)).timestamp()
    return {"at": at, "about": where, "note": note}


def _day(text: str, today: date) -> tuple[date, str]:
    """The day that was chosen, and what is wrong with it."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today, "Choose the day of the backup."
    if day > today:
        return day, "That day is still to come. Choose the day of a backup that was made."
    too_old = (today - day).days > OLDEST_D
    return day, f"A backup older than {OLDEST_D} days is none to rely on. Make a new one first." if too_old else ""
