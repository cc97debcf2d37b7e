"""Calls are led home, tested, agents sign in, copies go or stay, and what a run leaves behind (failback 9 to 11)."""

from __future__ import annotations

from bot.domain.deployment.impact import Stage
from bot.domain.groups.compare import compare
from bot.domain.model import Mark, PoolState, Verdict
from bot.domain.runs.acts import Seen
from bot.domain.runs.facts import BEFORE
from bot.domain.runs.run import Phase, Run, Tell, partner
from bot.domain.runs.runbook import Choice, Left, Step
from bot.runbooks.failback.facts import CLEAN
from bot.runbooks.failback.home import read_export
from bot.runbooks.rows.facts import FORMAL, OWN_SETTINGS, REPLACED, before
from bot.runbooks.rows.people import agents_row, board_tell, call_rows, routes_row
from bot.runbooks.rows.removing import read_copies, removal_row
from bot.runbooks.rows.verifying import tally

ROUTES = routes_row(
    stretch="people",
    title="Lead calls back to the pool",
    explain=lambda run: f"Gateways and DNS lead to {run.primary.short} again.",
    said=lambda run: f"says gateways and DNS lead to {run.primary.short} again.",
)

CALLS = call_rows("people")

AGENTS = agents_row(stretch="people", pool=lambda run: run.primary, groups=lambda run, seen: FORMAL.of(run))


def _pre_stage(run: Run) -> Choice:
    said = f"keeps the copies on {partner(run).short} as a pre-stage."
    return Choice("pre-stage", "Keep as pre-stage", said, CLEAN.to(False))


def _offer_cleanup(run: Run) -> tuple[Choice, ...]:
    said = f"has the copies on {partner(run).short} removed."
    return _pre_stage(run), Choice("clean", "Clean up", said, CLEAN.to(True))


CLEANUP = Step(
    key="cleanup",
    stretch="cleanup",
    title="Choose: clean up or keep",
    asks=True,
    explain=lambda run: (
        f"The copies on {partner(run).short} may stay as a pre-stage, which makes the next failover shorter, "
        "or be removed, which needs a second person."
    ),
    choices=_offer_cleanup,
)


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
    skip=lambda run: None if CLEAN.of(run) else "Kept as a pre-stage.",
    reads=lambda run: {**read_export(run), **read_copies(run)},
    unfit=_edited,
    choices=lambda run: (_pre_stage(run),) if run.phase is Phase.STOPPED else (),
)


def _done(run: Run) -> str:
    primary, backup = run.primary.short, partner(run).short
    kept = "" if CLEAN.of(run) else f" Its copies stay on {backup} as a pre-stage."
    own = before(run, OWN_SETTINGS)
    undo = f" {backup}'s own settings are in the backup {own}." if before(run, REPLACED) else ""
    return f"{primary} is active again.{kept}{undo}"


def _judge_done(run: Run, seen: Seen) -> Verdict:
    return Verdict(Mark.PASS, _done(run))


def _tell_done(run: Run) -> tuple[Tell, ...]:
    return Tell("notifications", f"{_done(run)} The change freeze is over."), board_tell(Stage.FAILED_BACK, True)


DONE = Step(key="done", stretch="done", title="Done", judge=_judge_done, tells=_tell_done, leaves=PoolState.ACTIVE)


def carry(run: Run) -> dict[str, object]:
    """Once P is active nothing is carried on; an abandoned failback leaves what the failover left."""
    return {} if run.pool_state is PoolState.ACTIVE else dict(BEFORE.of(run))


def left(run: Run) -> Left:
    primary, backup = run.primary.short, partner(run).short
    imported = run.record_of("import")
    where = f"its groups were imported on {primary}" if imported else f"its groups are on {backup} still"
    if run.step == "import" and run.phase in (Phase.RUNNING, Phase.LOOKING, Phase.LOST):
        where = f"whether its groups were imported on {primary} is not known, and they are on {backup} still"
    down = f" If {primary} is down again, start a failover instead."
    return Left(f"{primary} is marked {run.pool_state}; {where}. Start a failback again to go on.{down}")
