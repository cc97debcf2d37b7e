"""How schedules, objectives and losses look in Slack."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.backups.loss import Loss, Proposal, sentences
from bot.domain.backups.schedule import Override, Timing, never_quiet
from bot.domain.model import Pool
from handlers.blocks import actions, blocks
from handlers.blocks.blocks import Block, Message, listing
from handlers.blocks.wording import exact, mention, shown, when

_SHOWN = 8


@dataclass(frozen=True, slots=True)
class Planned:
    """When a pool is exported: `timing` holds, `said` in place of what is `configured`; `due` next, in seconds."""

    pool: Pool
    timing: Timing
    configured: Timing
    said: Override | None
    due: float | None


def every_pool(planned: Sequence[Planned]) -> Message:
    """The schedules of all pools."""
    none = "No pool is configured yet: `python -m bot check` says what is missing."
    foot = "`/rgs schedule pool-a 02:30 14:30` changes one, `/rgs schedule pool-a default` goes back."
    return listing("Schedules", [_line(one) for one in planned] or [none], foot)


def one_pool(planned: Planned, found: Loss, better: Proposal | None) -> Message:
    """The schedule of one pool, what its death would cost now, and a button for what would cost less."""
    lines = [_line(planned), *(shown(line) for line in sentences(planned.pool.short, found, better))]
    return listing(f"Schedule of {planned.pool.short}", lines, more=accepting(planned.pool, better))


def accepting(pool: Pool, better: Proposal | None) -> list[Block]:
    """The button that does what was proposed; it is the subcommand, so whoever presses it needs the role."""
    if better is None:
        return []
    label = "Back up every hour" if better.every_h == 1 else f"Back up every {better.every_h} hours"
    words = f"schedule {pool.fqdn} {' '.join(better.at)}"
    reads = f"{label}: {pool.short}"
    return [blocks.actions([blocks.button(label, f"{actions.DO}schedule", words, reads=reads)])]


def in_words(pool: Pool, held: Timing) -> str:
    """When it is exported, such as "at 02:30 (Europe/Paris)", and how old its newest backup may get."""
    at = f"at {_times(held.at)} ({pool.time_zone})" if held.at else "only when somebody asks"
    return f"{pool.short} is exported {at}. You are warned when the newest backup is older than {held.objective_h:g} h."


def _line(one: Planned) -> str:
    first = f"*{shown(one.pool.fqdn, 260)}* · {exact(_times(one.timing.at) or 'none')} ({exact(one.pool.time_zone)})"
    due = f" · next {when(one.due)}" if one.due else ""
    alert = f"alert after {one.timing.objective_h:g} h without a backup"
    wrong = f"\n      ⚠️ {fault}" if (fault := never_quiet(one.timing)) else ""
    return f"{first}{due}\n      {alert}{_changed(one)}{wrong}"


def _changed(one: Planned) -> str:
    """Who changed it, and what the configuration says instead."""
    if one.said is None:
        return " (set in the file)"
    by = f"\n      changed by {mention(one.said.by)} {when(one.said.changed_at)}"
    if one.timing == one.configured:
        return f"{by}, back to what is set in the file"
    return f"{by}; set in the file: {exact(_times(one.configured.at) or 'none')}, {one.configured.objective_h:g} h"


def _times(at: Sequence[str]) -> str:
    """All of them, or how many and the first and last ones."""
    if len(at) <= _SHOWN:
        return ", ".join(at)
    return f"{len(at)} times: {', '.join(at[:3])} … {at[-1]}"
