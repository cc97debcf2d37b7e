"""The new pool stands in the place of the lost one; what a run leaves behind, and what to change (recovery §10)."""

from __future__ import annotations

from bot.domain.deployment.impact import Stage
from bot.domain.measures import lasted
from bot.domain.model import PoolState, Verdict
from bot.domain.runs.acts import Clock, Seen
from bot.domain.runs.run import Run, Tell, partner, replacement
from bot.domain.runs.runbook import Left, Step, unless
from bot.runbooks.failback.arrival import VERIFY
from bot.runbooks.failback.end import read_cleaned, unclean
from bot.runbooks.failback.start import FREEZE_OVER
from bot.runbooks.rows.companions import still_open, unpublished
from bot.runbooks.rows.copies import carried
from bot.runbooks.rows.ending import ended, ended_tell
from bot.runbooks.rows.facts import REPLICATION, STARTED, TAKES_PLACE, WAS_IMPORTED, before
from bot.runbooks.rows.people import (
    agents_row,
    board_tell,
    call_rows,
    read_answers,
    routes_row,
)
from bot.runbooks.rows.prerequisites import called, every_group
from bot.runbooks.rows.removing import removal_row
from bot.runbooks.rows.replication import SWITCH_ON, offer_ended

ROUTES = routes_row(
    stretch="people",
    title="Route calls to the new pool",
    said=lambda run: f"says gateways and DNS point to {replacement(run).short}.",
    to=replacement,
    away=partner,
)

CALLS = call_rows("people", unless(lambda run: arrived(run), VERIFY), ROUTES)

AGENTS = agents_row(stretch="people", pool=replacement)

REMOVE = removal_row(
    key="clean",
    stretch="cleanup",
    title="Remove the groups from the backup pool",
    reads=read_cleaned,
    unfit=unclean,
    prerequisites=lambda run: (every_group(run), called("inside", "outside")),
    choices=offer_ended,
)
"""Before the lost pool leaves the topology: afterwards nobody could name their owner (facts: recovery §10, row 19)."""


def configured(run: Run) -> tuple[str, ...]:
    """What to change in the configuration of Switchback, line by line."""
    primary, backup, new = run.primary.fqdn, partner(run).fqdn, replacement(run).fqdn
    return (
        f'[[pools]] fqdn = "{new}": add backup_pool = "{backup}"',
        f'[[pools]] fqdn = "{backup}": backup_pool = "{new}" in place of "{primary}"',
        f'[[pools]] fqdn = "{primary}": take the whole table out',
    )


def _done(run: Run) -> str:
    primary, backup, new = run.primary.short, partner(run).short, replacement(run).short
    return (
        f"{new} has taken the place of {primary}, and is paired with {backup}. {primary} is retired. "
        f"Until Switchback's configuration says so, {new} gets backups only."
    )


def _left(run: Run) -> tuple[str, ...]:
    """What is still open, a line each."""
    return (*configured(run), still_open(run, run.primary), _switched_off(run))


def _switched_off(run: Run) -> str:
    if REPLICATION.of(run) != "on" or not _passed(run, REMOVE.key):
        return ""
    return f"Replication of groups was switched off. Switch it on again, for all pools: {SWITCH_ON}."


def _judge(run: Run, seen: Seen) -> Verdict:
    return ended(run, seen, _done(run), f"It took {lasted(seen['now'] - run.opened_at)}.", left=_left(run))


def _tell(run: Run) -> tuple[Tell, ...]:
    told = ended_tell(run, _done(run), FREEZE_OVER, left=_left(run))
    return told, board_tell(Stage.FAILED_BACK, True)


DONE = Step(
    key="done",
    stretch="done",
    title="Done",
    reads=lambda run: {"now": Clock(), **read_answers(run)},
    judge=_judge,
    tells=_tell,
    leaves=PoolState.RETIRED,
)


def carry(run: Run) -> dict[str, object]:
    """Once users have begun to move, only the same pool can take the place; what is done then is not done again."""
    if run.pool_state not in (PoolState.REPLACING, PoolState.RETIRED):
        return carried(run)
    return {
        **carried(run),
        **TAKES_PLACE.to(replacement(run).fqdn),
        **STARTED.to(before(run, STARTED) or _passed(run, "start-seen")),
        **WAS_IMPORTED.to(before(run, WAS_IMPORTED) and not _passed(run, REMOVE.key)),
    }


def _passed(run: Run, step: str) -> bool:
    record = run.record_of(step)
    return record is not None and record.mark in ("pass", "warn")


def started(run: Run) -> str | None:
    """Why a row that needs stopped services falls away, if it does."""
    return f"Done before: {replacement(run).short} is started." if before(run, STARTED) else None


def arrived(run: Run) -> str | None:
    """Why a row that brings the groups over falls away, if it does."""
    gone = before(run, TAKES_PLACE) and before(run, WAS_IMPORTED) is False
    return f"Done before: the groups are {replacement(run).short}'s." if gone else None


def left(run: Run) -> Left:
    """What is offered can be started from where it leaves the pool."""
    primary, new, open_ = run.primary.short, replacement(run).short, unpublished(run, replacement(run))
    if run.pool_state is PoolState.REPLACING:
        return Left(
            f"{primary} is being replaced by {new}, and cannot be failed back any more. "
            f"`/rgs start replace {primary} {new}` goes on: each row reads what is done already.{open_}"
        )
    return Left(
        f"{primary} is failed over still, and nothing of it was moved to {new}. Start this again, or "
        f"`/rgs failback {primary}` if it comes back after all.{open_}"
    )
