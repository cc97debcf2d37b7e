"""Bringing the groups home to their pool without losing an edit (seeds 000 and 003; runbooks, "failback")."""

from __future__ import annotations

from bot.domain.access import Need
from bot.domain.deployment.impact import Stage
from bot.domain.model import PoolState
from bot.domain.runs.run import Phase, Run, Tell, partner
from bot.domain.runs.runbook import Choice, Left, Runbook, Step, StepKind, Then
from bot.runbooks.failback import back as parts
from bot.runbooks.failback import home
from bot.runbooks.rows.moving import completion, move_ways, once
from bot.runbooks.rows.people import board_tell, tell_agents, test_call
from bot.runbooks.rows.removing import found_removal
from bot.runbooks.rows.verifying import accept_differences


def _back(run: Run) -> tuple[Choice, ...]:
    if run.phase is Phase.STOPPED:
        return ()
    likely = run.fact("rebuilt") == "likely"
    same = Choice(
        "same", "It was not rebuilt", "says the pool is back and was not rebuilt.", {"rebuilt": "no"}, style="primary"
    )
    rebuilt = Choice("rebuilt", "It was rebuilt", "says the pool was rebuilt.", {"rebuilt": "yes"})
    return (rebuilt, same) if likely else (same, rebuilt)


def _names(run: Run) -> tuple[Choice, ...]:
    said = f"renamed the objects on {partner(run).short} back."
    return (
        Choice("names-back", "Names are back", said, style="primary"),
        Choice("names-stay", "Leave the new names", "leaves the new names; they come home."),
    )


def _again_or_accept(run: Run) -> tuple[Choice, ...]:
    if run.phase is not Phase.STOPPED:
        return ()
    again = Choice("import-again", "Import again", "has it imported again.", then=Then.BACK, to="import")
    return again, accept_differences()


def _extras_explained(run: Run) -> str:
    names = ", ".join(run.fact("only_on_primary", ())[:10])
    return (
        f"{names}. They were perhaps deleted on {partner(run).short} during the outage: import deletes nothing. "
        "To remove one, by hand: `Get-CsRgs<type> -Name <name> | Remove-CsRgs<type> -Force`."
    )


def _extras(run: Run) -> tuple[Choice, ...]:
    return (
        Choice("extras-kept", "Keep them", "keeps them.", style="primary"),
        Choice("extras-removed", "They are removed", "says they were removed by hand.", then=Then.BACK, to="verify"),
    )


def _routes(run: Run) -> tuple[Choice, ...]:
    said = f"says gateways and DNS lead to {run.primary.short} again."
    return (Choice("routed", "All of this is so", said, style="primary"),)


def _pre_stage(run: Run) -> Choice:
    said = f"keeps the copies on {partner(run).short} as a pre-stage."
    return Choice("pre-stage", "Keep as pre-stage", said, {"clean": False})


def _clean(run: Run) -> tuple[Choice, ...]:
    said = f"has the copies on {partner(run).short} removed."
    return _pre_stage(run), Choice("clean", "Clean up", said, {"clean": True})


def _left(run: Run) -> Left:
    primary, backup = run.primary.short, partner(run).short
    imported = run.record_of("import")
    where = f"its groups were imported on {primary}" if imported else f"its groups are on {backup} still"
    if run.step == "import" and run.phase in (Phase.RUNNING, Phase.LOOKING, Phase.LOST):
        where = f"whether its groups were imported on {primary} is not known, and they are on {backup} still"
    down = f" If {primary} is down again, start a failover instead."
    return Left(f"{primary} is marked {run.pool_state}; {where}. Start a failback again to go on.{down}")


def _carry(run: Run) -> dict[str, object]:
    """Once P is active nothing is carried on; an abandoned failback leaves what the failover left."""
    return {} if run.pool_state is PoolState.ACTIVE else dict(run.fact("before", {}))


def _freeze_tell(run: Run) -> tuple[Tell, ...]:
    sentence = (
        f"Change freeze: please do not edit Response Groups of {run.primary.short} now, "
        f"neither there nor on {partner(run).short}, until the failback is done."
    )
    return (Tell("notifications", sentence, loud=True),)


def _done_tells(run: Run) -> tuple[Tell, ...]:
    done = Tell("notifications", f"{parts.judge_done(run, {}).sentence} The change freeze is over.")
    return done, board_tell(Stage.FAILED_BACK, True)


FAILBACK = Runbook(
    key="failback",
    title="Failback",
    moves_pools=True,
    opens=frozenset({PoolState.FAILED_OVER, PoolState.FAILING_BACK}),
    carry=_carry,
    left=_left,
    steps=(
        Step(
            "back",
            "1",
            "See that the pool is back",
            StepKind.ASK,
            reads=parts.back,
            judge=parts.judge_back,
            choices=_back,
        ),
        Step(
            "rebuild",
            "1",
            "Bring a rebuilt pool home",
            StepKind.JUDGE,
            skip=lambda run: None if run.fact("rebuilt") == "yes" else "Not needed: it was not rebuilt.",
            judge=parts.judge_rebuilt,
        ),
        Step("freeze", "2", "Freeze changes", StepKind.TELL, judge=parts.judge_freeze, tells=_freeze_tell),
        Step(
            "names",
            "3",
            "Change names back",
            StepKind.ASK,
            skip=lambda run: None if home.before(run, "resolved") else "Not needed: nothing was renamed.",
            explain=lambda run: 'Names such as "Help Desk (2)" would come home. Rename them on the backup pool first.',
            choices=_names,
        ),
        Step("export", "3", "Export the groups", StepKind.CMD, plan=parts.export, judge=parts.judge_export, again=True),
        Step(
            "changes",
            "4",
            "Find what the outage changed",
            StepKind.JUDGE,
            reads=parts.changes,
            judge=parts.judge_changes,
        ),
        Step(
            "failback",
            "5",
            "Fail the pool back",
            StepKind.CMD,
            need=Need.SERVER_ADMIN,
            explain=lambda run: f"From now until the import, calls reach {run.primary.short}'s old configuration.",
            skip=once,
            plan=parts.failback,
            judge=parts.judge_failback,
            accepted={"moved": "here"},
            choices=move_ways,
            approvals=lambda run: 1,
            tells=lambda run: (board_tell(Stage.FAILING_BACK, True),),
            leaves=PoolState.FAILING_BACK,
        ),
        completion("5", "failback", "It is done elsewhere. The import waits until it is complete."),
        Step(
            "reread",
            "6",
            "Check for edits since the export",
            StepKind.JUDGE,
            reads=parts.reread,
            judge=parts.judge_reread,
        ),
        Step(
            "import",
            "7",
            "Import the groups",
            StepKind.CMD,
            reads=home.coming_home,
            plan=home.import_,
            judge=home.judge_import,
            approvals=lambda run: 2,
            look=home.coming_home,
            found=home.found_home,
        ),
        Step(
            "verify",
            "8",
            "Verify every object",
            StepKind.JUDGE,
            reads=home.verify,
            judge=home.judge_verify,
            choices=_again_or_accept,
        ),
        Step(
            "extras",
            "8",
            "Decide about what is only here",
            StepKind.ASK,
            skip=lambda run: (
                None if run.fact("only_on_primary") else "Not needed: there is nothing more than came home."
            ),
            explain=_extras_explained,
            choices=_extras,
        ),
        Step(
            "audio",
            "8",
            "Verify every recording",
            StepKind.CMD,
            plan=home.audio,
            judge=home.judge_audio,
            choices=_again_or_accept,
            again=True,
        ),
        Step(
            "routes",
            "9",
            "Lead calls back to the pool",
            StepKind.ASK,
            need=Need.ANYONE,
            explain=lambda run: f"Gateways and DNS lead to {run.primary.short} again.",
            choices=_routes,
        ),
        test_call("inside", "9", "Test call from inside", "from inside"),
        test_call("outside", "9", "Test call from the telephone network", "from the telephone network", "routes"),
        Step(
            "agents",
            "9",
            "Ask formal agents to sign in",
            StepKind.TELL,
            judge=parts.judge_agents,
            tells=tell_agents(lambda run: run.primary),
        ),
        Step(
            "cleanup",
            "10",
            "Choose: clean up or keep",
            StepKind.ASK,
            explain=lambda run: (
                f"The copies on {partner(run).short} may stay as a pre-stage, which makes the next failover shorter, "
                "or be removed, which needs a second person."
            ),
            choices=_clean,
        ),
        Step(
            "clean",
            "10",
            "Remove the copies",
            StepKind.CMD,
            skip=lambda run: None if run.fact("clean") else "Kept as a pre-stage.",
            reads=parts.left_on_backup,
            plan=parts.clean,
            judge=parts.judge_clean,
            approvals=lambda run: 2,
            look=parts.cleaning,
            found=found_removal,
            choices=lambda run: (_pre_stage(run),) if run.phase is Phase.STOPPED else (),
        ),
        Step("done", "11", "Done", StepKind.TELL, judge=parts.judge_done, tells=_done_tells, leaves=PoolState.ACTIVE),
    ),
)
