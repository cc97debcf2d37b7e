"""Calls are led home, tested, agents sign in, copies go or stay, and what a run leaves behind (failback 10 to 14)."""

from __future__ import annotations

from bot.domain.deployment.impact import Stage
from bot.domain.deployment.world import CONFERENCES
from bot.domain.groups.compare import compare
from bot.domain.measures import lasted
from bot.domain.model import PoolState, Verdict
from bot.domain.runs.acts import Acts, Clock, Seen
from bot.domain.runs.run import Phase, Run, Tell, home, partner
from bot.domain.runs.runbook import Choice, Left, Step, unless
from bot.runbooks.failback.arrival import VERIFY, read_export
from bot.runbooks.failback.facts import BARE, CAME_HOME, CLEAN, EXPORTED, LOST, REBUILT
from bot.runbooks.failback.lost import bare, lost, without_backup_pool
from bot.runbooks.failback.start import FREEZE_OVER, not_rebuilt
from bot.runbooks.rows.companions import companions_row, lost_location_rows, still_open, unpublished
from bot.runbooks.rows.copies import asked_in, carried
from bot.runbooks.rows.ending import ended, ended_tell
from bot.runbooks.rows.facts import OWN_SETTINGS, PRESTAGED, WAS_IMPORTED, before
from bot.runbooks.rows.people import (
    agents_row,
    ask_agents_row,
    board_tell,
    call_rows,
    read_answers,
    routes_row,
)
from bot.runbooks.rows.prerequisites import called, every_group
from bot.runbooks.rows.removing import removal_row
from bot.runbooks.rows.replication import read_mode, replicas_stay, replicated
from bot.runbooks.rows.syncing import sync_rows
from bot.runbooks.rows.verifying import tally

CONTENTS = sync_rows(
    key="conferences",
    stretch="conferences",
    title="Bring the contents of conferences home",
    of=partner,
    module=CONFERENCES,
    effect=lambda run: f"Contents of conferences go from {partner(run).short} to {run.primary.short}. It may be long.",
    skip=lost,
    ways=without_backup_pool,
)
"""A must after every failback, although the page says that nothing more has to be done (facts: recovery §9)."""

LOCATIONS = lost_location_rows(serving=home, stretch="locations", skip=not_rebuilt)
"""Before users come home: from then on their emergency calls carry what is there."""

COMPANIONS = unless(not_rebuilt, companions_row(serving=home, of=lambda run: run.primary, stretch="companions"))
"""An empty pool has lost them."""

ROUTES = routes_row(
    stretch="people",
    title="Route calls back to the pool",
    said=lambda run: f"says gateways and DNS point to {home(run).short} again.",
    to=home,
    away=partner,
)

CALLS = call_rows("people", VERIFY, ROUTES)

ASK_AGENTS = ask_agents_row(
    stretch="verify",
    skip=lambda run: None if EXPORTED.of(run) else "Skipped: nothing is known to come home.",
    reads=read_export,
    groups=lambda seen: seen["export"],
    why=lambda run: (
        f"{home(run).short} answers your Response Groups from now on. "
        "You were signed out of them, and they do not ring you until you sign in again."
    ),
)
AGENTS = agents_row(stretch="people", pool=home)


def _pre_stage(run: Run) -> Choice:
    said = f"keeps the copies on {partner(run).short} for a faster failover."
    return Choice("pre-stage", "Keep the copies", said, CLEAN.to(False))


def _offer_cleanup(run: Run) -> tuple[Choice, ...]:
    said = f"asked to remove the copies on {partner(run).short}."
    return _pre_stage(run), Choice("clean", "Clean up", said, CLEAN.to(True))


CLEANUP = Step(
    key="cleanup",
    stretch="cleanup",
    title="Choose: clean up or keep",
    asks=True,
    skip=lambda run: bare(run) or replicated(run),
    explain=lambda run: (
        f"The copies on {partner(run).short} can stay: the next failover is faster then. "
        "Or they can be removed. That needs a second person."
    ),
    choices=_offer_cleanup,
)


def read_cleaned(run: Run) -> Acts:
    return {**read_export(run), **read_mode(run)}


def unclean(run: Run, seen: Seen) -> str:
    """Why nothing may be removed from B now, if so."""
    return replicas_stay(run, seen) or _edited(run, seen)


def _edited(run: Run, seen: Seen) -> str:
    """B is cleaned only while its set is still what was brought home; otherwise an edit would be lost."""
    found = compare(seen["export"], seen["copies"])
    if found.is_clean:
        return ""
    return (
        f"{partner(run).short} was edited since the export ({tally(found)}), and these edits are not at home. "
        "Nothing was removed. Keep the copies, or undo the edits and try again."
    )


REMOVE = removal_row(
    key="clean",
    stretch="cleanup",
    title="Remove the copies",
    skip=lambda run: bare(run) or replicated(run) or (None if CLEAN.of(run) else "The copies are kept."),
    reads=read_cleaned,
    unfit=unclean,
    prerequisites=lambda run: (every_group(run), called("inside", "outside")),
    choices=lambda run: (_pre_stage(run),) if run.phase is Phase.STOPPED else (),
)

SYNC = tuple(
    step
    for key, of, other in (
        ("sync-home", home, partner),
        ("sync-back", partner, home),
    )
    for step in sync_rows(
        key=key,
        stretch="sync",
        title=f"Bring everything over, {'first' if key == 'sync-home' else 'then the other'} way",
        of=of,
        effect=lambda run, of=of, other=other: f"All that {of(run).short} has is brought to {other(run).short}.",
        skip=lambda run: lost(run) or not_rebuilt(run),
        ways=without_backup_pool,
    )
)
"""Both ways: P to B and B to P are different states (facts: recovery, procedure 1)."""


_STAY = "Copies stay on {backup}, so the next failover is faster."


def _done(run: Run) -> str:
    primary, backup = run.primary.short, partner(run).short
    stay = f"The servers keep copying its groups to {backup}." if replicated(run) else _STAY.format(backup=backup)
    kept = "" if CLEAN.of(run) or bare(run) else f" {stay}"
    return f"{primary} is active again.{kept}"


def _left(run: Run) -> tuple[str, ...]:
    """What is still open, a line each."""
    primary, backup, own = run.primary.short, partner(run).short, before(run, OWN_SETTINGS)
    undo = f"{backup}'s own settings are in the backup {own}: `/rgs start undo {primary}` puts them back."
    dead = f"{backup} is dead: until it is built again, {primary} has no backup pool."
    return (undo if own else "", dead if LOST.of(run) else "", still_open(run, run.primary))


def _judge_done(run: Run, seen: Seen) -> Verdict:
    """With measured times: how long it all took, and how long users waited for their groups."""
    moved, verified = run.record_of("failback-after"), run.record_of("verify")
    groups = f"The groups were there {lasted(verified.at - moved.at)} after the users." if moved and verified else ""
    return ended(run, seen, _done(run), f"It took {lasted(seen['now'] - run.opened_at)}.", groups, left=_left(run))


def _tell_done(run: Run) -> tuple[Tell, ...]:
    return ended_tell(run, _done(run), FREEZE_OVER, left=_left(run)), board_tell(Stage.FAILED_BACK, True)


DONE = Step(
    key="done",
    stretch="done",
    title="Done",
    reads=lambda run: {"now": Clock(), **read_answers(run)},
    judge=_judge_done,
    tells=_tell_done,
    leaves=PoolState.ACTIVE,
)


def carry(run: Run) -> dict[str, object]:
    """Once P is active, what still lies on B is carried on; an abandoned failback leaves what the failover left.

    Of a dead B nobody knows what will lie on it when it is back. Replicas are no pre-stage: servers refresh them.
    """
    if run.pool_state is not PoolState.ACTIVE:
        return carried(run)
    stays = None if LOST.of(run) else not (CLEAN.of(run) or BARE.of(run))
    stage = PRESTAGED.to(CAME_HOME.of(run) if stays and not replicated(run) else {})
    return OWN_SETTINGS.to(before(run, OWN_SETTINGS)) | WAS_IMPORTED.to(stays) | stage | asked_in(run)


def left(run: Run) -> Left:
    """What is offered can be started from where it leaves the pool."""
    primary, backup = run.primary.short, partner(run).short
    imported = run.record_of("import")
    verified = imported is not None and imported.mark in ("pass", "warn")
    where = f"its groups were imported on {primary}" if verified else f"its groups are on {backup} still"
    if run.step == "import" and run.phase in (Phase.RUNNING, Phase.LOOKING, Phase.LOST):
        where = f"whether its groups were imported on {primary} is not known, and they are on {backup} still"
    again = "rebuild" if REBUILT.of(run) == "yes" else "failback"
    down = f" If {primary} is down again, start a failover instead." * (run.pool_state is PoolState.FAILING_BACK)
    return Left(
        f"{primary} is marked {run.pool_state}; {where}. `/rgs start {again} {primary}` goes on from here: it reads "
        f"where the pool stands.{down}{unpublished(run, home(run))}"
    )
