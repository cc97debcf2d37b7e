"""Calls are led over, tested, agents sign in, and what a run leaves behind (runbooks: failover 12 to 15)."""

from __future__ import annotations

from bot.domain.deployment.impact import Stage
from bot.domain.model import Mark, PoolState, Verdict
from bot.domain.runs.acts import Seen
from bot.domain.runs.facts import STOOD
from bot.domain.runs.run import Found, Phase, Run, Tell, partner
from bot.domain.runs.runbook import Left, Step
from bot.runbooks.failover.backup import pin_chosen, read_chosen
from bot.runbooks.failover.facts import ARRIVED, CHOSEN, COPIES, OWN, REPLACE, RESOLVE
from bot.runbooks.rows.facts import (
    FAILOVER_RUN,
    IMPORTED_BACKUP,
    MOVED,
    OWN_SETTINGS,
    REPLACED,
    RESOLVED,
    WAS_IMPORTED,
    before,
)
from bot.runbooks.rows.people import agents_row, board_tell, call_rows, formal_groups, routes_row

ROUTES = routes_row(
    stretch="routes",
    title="Lead calls to the backup pool",
    explain=lambda run: (
        f"Gateways send {run.primary.short}'s numbers to a living Mediation Server; "
        f"DNS and the agent console's address answer from {partner(run).short}."
    ),
    said=lambda run: f"says gateways, DNS and agent console answer from {partner(run).short}.",
)

CALLS = call_rows("calls")

AGENTS = agents_row(
    stretch="agents",
    pool=partner,
    reads=read_chosen,
    does=pin_chosen,
    groups=lambda run, seen: formal_groups(seen["backup"]),
)


def _judge_done(run: Run, seen: Seen) -> Verdict:
    return Verdict(Mark.PASS, _done(run))


def _done(run: Run) -> str:
    primary, backup = run.primary.short, partner(run).short
    return (
        f"{primary} is failed over to {backup}. Until failback its groups are managed by Management Shell only, "
        "not by Control Panel nor the Response Group Configuration Tool. "
        f"{backup} is exported for {primary} on {primary}'s schedule, so edits are not lost."
    )


def _tell_done(run: Run) -> tuple[Tell, ...]:
    return Tell("notifications", _done(run)), board_tell(Stage.FAILED_OVER, True)


DONE = Step(key="done", stretch="done", title="Done", judge=_judge_done, tells=_tell_done, leaves=PoolState.FAILED_OVER)


_IN_DOUBT = (Phase.RUNNING, Phase.LOOKING, Phase.LOST)
_WHAT_IS_THERE = {
    "yes": "its groups were imported",
    "no": "its groups were not imported",
    "unknown": "whether its groups were imported is not known",
}


def carry(run: Run) -> dict[str, object]:
    """What failback needs: the last backup before the outage, and what imports did, an abandoned run's included."""
    imported = _imported(run) != "no"
    return {
        **IMPORTED_BACKUP.to(ARRIVED.of(run) or CHOSEN.of(run) or before(run, IMPORTED_BACKUP)),
        **REPLACED.to((REPLACE.of(run) and imported) or before(run, REPLACED)),
        **RESOLVED.to((RESOLVE.of(run) and imported) or before(run, RESOLVED)),
        **FAILOVER_RUN.to(run.id),
        **WAS_IMPORTED.to(imported or COPIES.of(run) == "kept"),
        **OWN_SETTINGS.to(OWN.of(run) or before(run, OWN_SETTINGS)),
    }


def left(run: Run) -> Left:
    primary, backup = run.primary.short, partner(run).short
    if not _touched(run):
        stood = PoolState(STOOD.of(run))
        return Left(
            f"Nothing was changed on either pool, and {primary} is marked {stood}, as it was before. "
            "If it really is down, start a failover again.",
            stood,
        )
    if run.pool_state is PoolState.FAILED_OVER:
        return Left(f"{primary} is failed over to {backup}; the remaining rows were not done.")
    state = PoolState.FAILING_OVER if _moving(run) else run.pool_state
    return Left(
        f"{primary} is marked {state}; {_WHAT_IS_THERE[_imported(run)]} on {backup}. Start a failover again to go on "
        f"from here: it reads what lies on {backup} and offers to keep it.",
        state,
    )


def _imported(run: Run) -> str:
    """ "yes", "no" or "unknown": a run can be abandoned while nobody knows."""
    record = run.record_of("import")
    if run.step == "import" and run.phase in _IN_DOUBT:
        return "yes" if run.finding and run.finding.found is Found.DONE else "unknown"
    return "yes" if record is not None and record.mark in ("pass", "warn") else "no"


def _moving(run: Run) -> bool:
    return MOVED.of(run) is not None or (run.step == "failover" and run.phase in _IN_DOUBT)


def _touched(run: Run) -> bool:
    sent = {record.step for record in run.records if record.mark in ("pass", "warn")} & {"clear", "failover", "import"}
    return bool(sent) or run.attempt > 0 or _moving(run)
