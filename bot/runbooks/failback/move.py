"""The pool itself is failed back, and whether anything was edited meanwhile (runbooks: failback 6 and 7)."""

from __future__ import annotations

from bot.domain.deployment.cmdlets import Cmdlet, cmdlet
from bot.domain.deployment.impact import Stage
from bot.domain.deployment.server_state import HOME
from bot.domain.groups.compare import compare, in_words
from bot.domain.model import Mark, PoolState, Verdict
from bot.domain.runs.acts import Acts, ReadGroups, ReadState, Seen
from bot.domain.runs.run import Phase, Run, partner
from bot.domain.runs.runbook import Choice, Step, Then
from bot.runbooks.failback.arrival import read_export
from bot.runbooks.failback.facts import LOST
from bot.runbooks.failback.lost import bare, without_backup_pool
from bot.runbooks.rows.facts import MOVED
from bot.runbooks.rows.moving import Move
from bot.runbooks.rows.people import board_tell
from bot.runbooks.rows.prerequisites import edge_first, groups_exported, is_back
from bot.runbooks.rows.verifying import tally

_PRICE = "What was written on {backup} since the failover is lost."


def _command(run: Run) -> Cmdlet:
    """The same PoolFqdn as at failover (seed 004)."""
    return cmdlet("Invoke-CsPoolFailBack", PoolFqdn=run.primary.fqdn, DisasterMode=LOST.of(run) or None)


def _effect(run: Run) -> tuple[str, ...]:
    price = (_PRICE.format(backup=partner(run).short),) if LOST.of(run) else ()
    return (
        *price,
        f"The users of {run.primary.short} are served by {run.primary.short} again.",
        "Conferences of theirs end, and waiting calls drop.",
        "It takes up to 60 minutes for 20,000 users.",
    )


def _done(run: Run) -> Verdict:
    return Verdict(Mark.PASS, "It serves its users again, with its old groups until the import.")


MOVE = Move(
    key="failback",
    stretch="move",
    title="Fail the pool back",
    where=lambda run: run.primary,
    command=_command,
    effect=_effect,
    explain=lambda run: f"From now until the import, calls reach {run.primary.short}'s old configuration.",
    prerequisites=lambda run: (is_back(run), groups_exported(run), edge_first(run)),
    becomes=HOME,
    leaves=PoolState.FAILING_BACK,
    done=_done,
    reached=PoolState.FAILING_BACK,
    moded=without_backup_pool,
    tells=lambda run: (board_tell(Stage.FAILING_BACK, True),),
).rows()


def _read_again(run: Run) -> Acts:
    primary, backup = run.primary.fqdn, partner(run).fqdn
    state: Acts = {"state": ReadState(primary, primary)}
    if bare(run):
        return state
    return {**state, **read_export(run), "live": ReadGroups(backup, backup, primary)}


def _judge_again(run: Run, seen: Seen) -> Verdict:
    """The export was taken before the failback; if B has changed since, it is taken again. P has to be home."""
    said = seen["state"].said(run.primary.short)
    if seen["state"].known and not seen["state"].is_home:
        return Verdict(Mark.STOP, f"{said}. It is not home any longer, so nothing is imported.")
    if bare(run):
        return Verdict(Mark.PASS, f"{said}. Nothing was exported from {partner(run).short}, so it is not compared.")
    found = compare(seen["export"], seen["live"])
    if found.is_clean:
        return Verdict(Mark.PASS, f"{said}. {partner(run).short} is as it was when it was exported.")
    sentence = f"{partner(run).short} was edited since the export ({tally(found)}): exporting again."
    return Verdict(Mark.WARN, sentence, in_words(found), back_to="export")


def _offer_again(run: Run) -> tuple[Choice, ...]:
    if run.phase is not Phase.STOPPED:
        return ()
    said = "asked to fail the pool back again."
    move = Choice("move-again", "Fail it back again", said, MOVED.to(None), then=Then.BACK, to="failback-before")
    return (move, *without_backup_pool(run))


REREAD = Step(
    key="reread",
    stretch="reread",
    title="Check where it stands, and for edits since the export",
    reads=_read_again,
    judge=_judge_again,
    choices=_offer_again,
)
