"""The pool itself is failed back, and whether anything was edited meanwhile (runbooks: failback 5 and 6)."""

from __future__ import annotations

from bot.domain.deployment.cmdlets import Cmdlet, cmdlet
from bot.domain.deployment.impact import Stage
from bot.domain.groups.compare import compare, in_words
from bot.domain.model import Mark, PoolState, Verdict
from bot.domain.runs.acts import Acts, ReadGroups, Seen
from bot.domain.runs.run import Run, partner
from bot.domain.runs.runbook import Step
from bot.runbooks.failback.home import read_export
from bot.runbooks.rows.facts import MOVED
from bot.runbooks.rows.moving import HOME, completion_row, move_rows
from bot.runbooks.rows.people import board_tell
from bot.runbooks.rows.verifying import tally


def _command(run: Run) -> Cmdlet:
    """The same PoolFqdn as at failover (seed 004)."""
    return cmdlet("Invoke-CsPoolFailBack", PoolFqdn=run.primary.fqdn)


def _effect(run: Run) -> str:
    return (
        f"The users of {run.primary.short} are served by {run.primary.short} again. Waiting calls drop. "
        "It may take up to 60 minutes for 20,000 users."
    )


def _judge_move(run: Run, seen: Seen) -> Verdict:
    sentence = (
        f"{run.primary.short} serves its users again, with its old groups until the import. "
        "Still to do by hand, for conference contents: "
        f"`Invoke-CsBackupServiceSync -PoolFqdn {partner(run).fqdn} -BackupModule ConfServices.DataConf`."
    )
    return Verdict(Mark.WARN, sentence, facts=MOVED.to("here"))


MOVE = move_rows(
    key="failback",
    stretch="move",
    title="Fail the pool back",
    explain=lambda run: f"From now until the import, calls reach {run.primary.short}'s old configuration.",
    where=lambda run: run.primary,
    command=_command,
    effect=_effect,
    becomes=HOME,
    judge=_judge_move,
    tells=lambda run: (board_tell(Stage.FAILING_BACK, True),),
    leaves=PoolState.FAILING_BACK,
)

COMPLETE = completion_row("failback", "It is done elsewhere. The import waits until it is complete.", stretch="move")


def _read_again(run: Run) -> Acts:
    backup = partner(run).fqdn
    return {**read_export(run), "live": ReadGroups(backup, backup, run.primary.fqdn)}


def _judge_again(run: Run, seen: Seen) -> Verdict:
    """The export was taken before the failback; if B has changed since, it is taken again."""
    found = compare(seen["export"], seen["live"])
    if found.is_clean:
        return Verdict(Mark.PASS, f"{partner(run).short} is as it was when it was exported.")
    sentence = f"{partner(run).short} was edited since the export ({tally(found)}): exporting again."
    return Verdict(Mark.WARN, sentence, in_words(found), back_to="export")


REREAD = Step(
    key="reread",
    stretch="reread",
    title="Check for edits since the export",
    reads=_read_again,
    judge=_judge_again,
)
