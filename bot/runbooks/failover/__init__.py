"""Bringing the groups of a dead pool up on its backup pool (seeds 000 and 003; runbooks, "failover")."""

from __future__ import annotations

from bot.domain.access import Need
from bot.domain.deployment.impact import Stage
from bot.domain.model import PoolState
from bot.domain.runs.run import Found, Phase, Run, Tell, partner
from bot.domain.runs.runbook import Left, Runbook, Step, StepKind
from bot.runbooks.failover import backup as offers
from bot.runbooks.failover import choices, judges, plans
from bot.runbooks.rows.moving import completion, move_ways, once
from bot.runbooks.rows.people import board_tell, tell_agents, test_call

_SETTINGS_CAUTION = (
    "A pool has one set of application-level settings: ring-back grace, default music, call context. "
    "*Keep*: {backup} keeps its own; if {primary} can never be recovered, its settings live on in the backup's record "
    "only. *Replace*: {primary}'s settings overwrite {backup}'s own, for its own groups too; {backup}'s are kept first."
)
_BEFORE_MOVE = (
    "Until the pool failover completes, agents homed on {primary} cannot be reached, so it is never left out. "
    "If an Edge pool has {primary} as its next hop, change that first: "
    '`Set-CsEdgeServer -Identity "EdgeServer:<Edge FQDN>" -Registrar "Registrar:{backup_fqdn}"`. '
    "If the Central Management store is on {primary} or down, move it first, on a Front End of {backup}: "
    "`Invoke-CsManagementServerFailover -BackupSqlServerFqdn <SQL FQDN> -BackupSqlInstanceName <instance> -Force` "
    "(without parameters if {primary} still answers). Branch appliances of {primary} are not covered by this run. "
    "Nor are its Call Park and its announcements: `/rgs companions {primary}` has the copies and the commands."
)


def _kept_copies(run: Run) -> str | None:
    return "Not needed: the copies that are there are kept." if run.fact("copies") == "kept" else None


def _no_import(run: Run) -> str | None:
    if run.fact("copies") == "kept" and not run.fact("replace"):
        return f"Not needed: the copies that are on {partner(run).short} are kept, and so are its settings."
    return None


def _carry(run: Run) -> dict[str, object]:
    """What failback needs: the last backup before the outage, and what imports did, an abandoned run's included."""
    before = run.fact("before", {})
    imported = _imported(run) != "no"
    return {
        "backup": run.fact("arrived", "") or run.fact("chosen", "") or before.get("backup", ""),
        "replaced": (bool(run.fact("replace")) and imported) or bool(before.get("replaced")),
        "resolved": (bool(run.fact("resolve")) and imported) or bool(before.get("resolved")),
        "failover": run.id,
        "imported": imported or run.fact("copies") == "kept",
        "own": run.fact("own", "") or before.get("own", ""),
    }


_IN_DOUBT = (Phase.RUNNING, Phase.LOOKING, Phase.LOST)


def _imported(run: Run) -> str:
    """ "yes", "no" or "unknown": a run can be abandoned while nobody knows."""
    record = run.record_of("import")
    if run.step == "import" and run.phase in _IN_DOUBT:
        return "yes" if run.finding and run.finding.found is Found.DONE else "unknown"
    return "yes" if record is not None and record.mark in ("pass", "warn") else "no"


def _moving(run: Run) -> bool:
    return run.fact("moved") is not None or (run.step == "failover" and run.phase in _IN_DOUBT)


def _touched(run: Run) -> bool:
    sent = {record.step for record in run.records if record.mark in ("pass", "warn")} & {"clear", "failover", "import"}
    return bool(sent) or run.attempt > 0 or _moving(run)


_WHAT_IS_THERE = {
    "yes": "its groups were imported",
    "no": "its groups were not imported",
    "unknown": "whether its groups were imported is not known",
}


def _left(run: Run) -> Left:
    primary, backup = run.primary.short, partner(run).short
    if not _touched(run):
        stood = PoolState(run.fact("stood", PoolState.ACTIVE))
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


def _declared_tells(run: Run) -> tuple[Tell, ...]:
    names = tuple(run.fact("call_list", ()))
    calls = (Tell("thread", "Whom to call:", names),) if names else ()
    return board_tell(Stage.OUTAGE, None), *calls


def _done_tells(run: Run) -> tuple[Tell, ...]:
    done = Tell("notifications", judges.done(run, {}).sentence)
    return done, board_tell(Stage.FAILED_OVER, True)


FAILOVER = Runbook(
    key="failover",
    title="Failover",
    moves_pools=True,
    opens=frozenset({PoolState.ACTIVE, PoolState.OUTAGE, PoolState.FAILING_OVER, PoolState.FAILING_BACK}),
    carry=_carry,
    left=_left,
    steps=(
        Step(
            "declare",
            "1",
            "Declare the outage",
            StepKind.ASK,
            explain=lambda run: f"{run.primary.short} is then marked in outage. Nothing is changed on any server yet.",
            choices=choices.declare,
            tells=_declared_tells,
            leaves=PoolState.OUTAGE,
        ),
        Step("quiet", "1", "End running backups", StepKind.WORK, reads=plans.supersede, judge=judges.superseded),
        Step("order", "2", "Check what has to come first", StepKind.JUDGE, reads=plans.standing, judge=judges.order),
        Step("pair", "3", "Check the pair", StepKind.JUDGE, reads=plans.pair, judge=judges.pair),
        Step(
            "mode",
            "4",
            "Check for replicated groups",
            StepKind.JUDGE,
            skip=plans.cannot_replicate,
            reads=plans.replication,
            judge=judges.replication,
        ),
        Step("find", "5", "Look for a restorable backup", StepKind.JUDGE, reads=offers.find, judge=offers.judge_found),
        Step(
            "backup",
            "5",
            "Choose the backup",
            StepKind.ASK,
            reads=offers.offered,
            judge=offers.judge_offered,
            choices=choices.pick,
        ),
        Step(
            "clear",
            "5",
            "Remove older copies",
            StepKind.CMD,
            skip=lambda run: None if run.fact("copies") == "clear" else "Not needed.",
            reads=plans.before_clearing,
            plan=plans.clear,
            judge=judges.cleared,
            approvals=lambda run: 2,
            look=plans.clearing,
            found=judges.found_clear,
            choices=choices.cleared,
        ),
        Step(
            "rehearse",
            "6",
            "Rehearse the import",
            StepKind.JUDGE,
            skip=lambda run: (
                "Not needed: the copies that are there are kept." if run.fact("copies") == "kept" else None
            ),
            reads=plans.rehearsal,
            judge=judges.rehearsed,
            explain=choices.renaming,
            choices=choices.conflict_ways,
        ),
        Step(
            "failover",
            "7",
            "Fail the pool over",
            StepKind.CMD,
            need=Need.SERVER_ADMIN,
            explain=lambda run: _BEFORE_MOVE.format(
                primary=run.primary.short, backup=partner(run).short, backup_fqdn=partner(run).fqdn
            ),
            skip=once,
            plan=plans.failover,
            judge=judges.moved,
            accepted={"moved": "here"},
            choices=move_ways,
            approvals=lambda run: 1,
            leaves=PoolState.FAILING_OVER,
        ),
        Step(
            "settings",
            "8",
            "Choose the application-level settings",
            StepKind.ASK,
            explain=lambda run: _SETTINGS_CAUTION.format(primary=run.primary.short, backup=partner(run).short),
            reads=plans.settings,
            judge=judges.settings_choice,
            choices=choices.settings,
        ),
        Step(
            "keep",
            "8",
            "Keep the backup pool's own settings",
            StepKind.CMD,
            skip=lambda run: None if run.fact("replace") else "Not needed: they are not replaced.",
            plan=plans.keep_own,
            judge=judges.own_kept,
            again=True,
        ),
        Step(
            "import",
            "9",
            "Import the groups",
            StepKind.CMD,
            skip=_no_import,
            reads=plans.rehearsal,
            plan=plans.import_,
            judge=judges.imported,
            choices=choices.to_rehearsal,
            approvals=lambda run: 2 if run.fact("replace") or run.fact("resolve") else 1,
            look=plans.arrived,
            found=judges.found_import_,
        ),
        Step(
            "verify",
            "10",
            "Verify every object",
            StepKind.JUDGE,
            reads=plans.arrived,
            judge=judges.verified,
            choices=choices.again_or_accept,
        ),
        Step(
            "audio",
            "11",
            "Verify every recording",
            StepKind.CMD,
            reads=plans.chosen,
            plan=plans.audio,
            judge=judges.audio,
            choices=choices.again_or_accept,
            again=True,
        ),
        completion("12", "failover", "It is done elsewhere. Until it is complete, agents homed there are not reached."),
        Step(
            "routes",
            "12",
            "Lead calls to the backup pool",
            StepKind.ASK,
            need=Need.ANYONE,
            explain=lambda run: (
                f"Gateways send {run.primary.short}'s numbers to a living Mediation Server; "
                f"DNS and the agent console's address answer from {partner(run).short}."
            ),
            choices=choices.routes,
        ),
        test_call("inside", "13", "Test call from inside", "from inside"),
        test_call("outside", "13", "Test call from the telephone network", "from the telephone network", "routes"),
        Step(
            "agents",
            "14",
            "Ask formal agents to sign in",
            StepKind.TELL,
            reads=plans.chosen,
            judge=judges.agents,
            tells=tell_agents(partner),
        ),
        Step("done", "15", "Done", StepKind.TELL, judge=judges.done, tells=_done_tells, leaves=PoolState.FAILED_OVER),
    ),
)
