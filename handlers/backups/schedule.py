"""`/rgs schedule`: when every pool is exported and how loud a late backup is, and what a death of a pool would cost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot.clock.wall_clock import next_due
from bot.domain.access import Need
from bot.domain.backups.loss import MOST, Loss, Proposal, loss, proposal, sentences
from bot.domain.backups.schedule import (
    LONGEST_OBJECTIVE_H,
    Override,
    Timing,
    crowded,
    every,
    minutes,
    never_quiet,
    schedule_of,
    times,
    timing,
)
from bot.domain.errors import BadInput
from bot.domain.model import Pool, PoolRecord, PoolState, Who
from bot.domain.runs.opening import source_of
from bot.domain.runs.run import Entry, Tell
from handlers.asked import Asked, named_pool, permit, usage
from handlers.backups import schedule_view
from handlers.backups.schedule_view import Planned
from handlers.blocks import blocks
from handlers.blocks.blocks import Block
from handlers.blocks.wording import joined
from handlers.desk import Desk
from handlers.slack.replies import Reply

Way = Callable[[Sequence[str], Override, Timing], Override]
"""From the words behind the pool, what was said so far and what holds: what is said from now on."""


async def schedule(asked: Asked) -> Reply:
    """Of every pool, of one, or changed: anybody may look."""
    if not asked.words:
        return Reply(schedule_view.every_pool(list((await plan(asked.desk)).values())))
    pool = named_pool(asked)
    if len(asked.words) > 1:
        return await _change(asked, pool)
    planned = (await plan(asked.desk))[pool.fqdn]
    return Reply(schedule_view.one_pool(planned, *await loss_of(asked.desk, planned)))


async def plan(desk: Desk) -> Mapping[str, Planned]:
    """When each pool is exported by what holds now; by FQDN."""
    said, now = await desk.schedules.overrides(), desk.now()
    return {fqdn: _planned(pool, desk.timings[fqdn], said.get(fqdn), now) for fqdn, pool in desk.estate.pools.items()}


def _planned(pool: Pool, configured: Timing, said: Override | None, now: float) -> Planned:
    coming = next_due(schedule_of(pool, configured, said), datetime.fromtimestamp(now, UTC))
    return Planned(pool, timing(configured, said), configured, said, coming[1].timestamp() if coming else None)


async def loss_of(desk: Desk, planned: Planned) -> tuple[Loss, Proposal | None]:
    """What a death of the pool would cost now, and a tighter schedule if the rate of edits calls for one."""
    pool = planned.pool
    backups, records = await asyncio.gather(
        desk.backups.dated(pool.fqdn, desk.now(), MOST), desk.runs.records([pool.fqdn])
    )
    keepings = await desk.keepings.read([backup.id for backup in backups]) if backups else ()
    unsound = {backup.id for backup, keeping in zip(backups, keepings, strict=True) if keeping.damage or keeping.shrunk}
    record = records[pool.fqdn]
    holder = source_of(record, pool, desk.estate.partner(pool))
    found = replace(
        loss(backups, record.since if _is_down(record) else desk.now(), planned.due, unsound),
        stands_in="" if holder == pool else holder.short,
        down=_is_down(record),
    )
    return found, proposal(found, planned.timing.at)


def _is_down(record: PoolRecord) -> bool:
    return record.state is PoolState.OUTAGE


async def loss_lines(desk: Desk, pool: Pool) -> tuple[str, ...]:
    """The same in sentences, not yet escaped; there is always a first one."""
    return sentences(pool.short, *await loss_of(desk, (await plan(desk))[pool.fqdn]))


async def loss_buttons(desk: Desk, pool: Pool) -> list[Block]:
    """A button that accepts the tighter schedule; none when there is nothing to propose."""
    _, better = await loss_of(desk, (await plan(desk))[pool.fqdn])
    return schedule_view.accepting(pool, better)


async def _change(asked: Asked, pool: Pool) -> Reply:
    desk, now = asked.desk, asked.desk.now()
    await permit(desk, asked.person, Need.ADMIN, asked.row.name)
    configured, was = desk.timings[pool.fqdn], (await desk.schedules.overrides()).get(pool.fqdn)
    who, held = Who.person(asked.person), timing(configured, was)
    said = replace(was, by=who, changed_at=now) if was else Override(pool.fqdn, who, now)
    try:
        new = _said(asked.words[1:], said, held)
    except BadInput as fault:
        raise BadInput(f"{fault.sentence} {usage(asked.row)} Nothing was changed.") from None
    holds = timing(configured, new)
    if holds == held and (new.at, new.objective_h) == (said.at, said.objective_h):
        return Reply(blocks.sentence(f"{schedule_view.in_words(pool, held)} That is how it was; nothing was changed."))
    sentence = f"{asked.person.name} changed the schedule: {schedule_view.in_words(pool, holds)}"
    before = f"Before: {schedule_view.in_words(pool, held)}"
    entry = Entry(now, who, "changed", asked.row.name, sentence, {"pool": pool.fqdn, "before": before})
    await desk.schedules.change(new, was, entry, Tell("notifications", f"{sentence} {before}"))
    said_so = joined((schedule_view.in_words(pool, holds), never_quiet(holds), "Every Switchback follows within 30 s."))
    return Reply(blocks.sentence(said_so))


def _said(words: Sequence[str], said: Override, held: Timing) -> Override:
    new = _WAYS.get(words[0].casefold(), _times)(words, said, held)
    if fault := crowded(new.at):
        raise BadInput(f"That {fault}")
    return new


def _times(words: Sequence[str], said: Override, held: Timing) -> Override:
    return replace(said, at=times(words), since=said.changed_at)


def _every(words: Sequence[str], said: Override, held: Timing) -> Override:
    return replace(said, at=every(minutes(_one(words, "every 6h")), held.at), since=said.changed_at)


def _objective(words: Sequence[str], said: Override, held: Timing) -> Override:
    hours = minutes(_one(words, "objective 12h")) / 60
    if not 1 <= hours <= LONGEST_OBJECTIVE_H:
        raise BadInput("An objective is from 1h to 366d.")
    return replace(said, objective_h=hours)


def _default(words: Sequence[str], said: Override, held: Timing) -> Override:
    if len(words) > 1:
        raise BadInput("Nothing stands behind “default”.")
    return Override(said.pool, said.by, said.changed_at, since=said.changed_at)


_WAYS: Mapping[str, Way] = {"every": _every, "objective": _objective, "default": _default}


def _one(words: Sequence[str], example: str) -> str:
    if len(words) != 2:
        raise BadInput(f"“{words[0].casefold()}” takes one length of time, such as “{example}”.")
    return words[1]
