"""The pool itself is failed over, before anything about its groups: its users come first (runbooks: failover 6)."""

from __future__ import annotations

from bot.domain.deployment.cmdlets import Cmdlet, cmdlet
from bot.domain.deployment.impact import Stage
from bot.domain.deployment.server_state import AWAY
from bot.domain.model import Mark, PoolState, Verdict
from bot.domain.runs.acts import Acts, Attempt, ReadState, Seen
from bot.domain.runs.run import Run, partner
from bot.domain.runs.runbook import Choice, Then
from bot.runbooks.failover.facts import ANSWERED, MODE
from bot.runbooks.rows.facts import WAS_IMPORTED, before
from bot.runbooks.rows.moving import Move, told
from bot.runbooks.rows.people import board_tell
from bot.runbooks.rows.prerequisites import central_works, no_hop, pair_fit

_EXPLAINED = "Branch appliances of {primary} are not covered by this run."
_BACK = "If {primary} is well again, abandon this run instead. "


def _command(run: Run) -> Cmdlet:
    """PoolFqdn is always the pool that first homed the users (seed 004)."""
    disaster = True if MODE.of(run) != "planned" else None
    return cmdlet("Invoke-CsPoolFailOver", PoolFqdn=run.primary.fqdn, DisasterMode=disaster)


def _effect(run: Run) -> tuple[str, ...]:
    """The target time is the only figure that the documents give (facts: recovery §0.17, §0.18)."""
    return (
        f"All users of {run.primary.short} are signed out. Calls and meetings are cut.",
        f"They sign in again on {partner(run).short}. No user is moved for good.",
        "Microsoft's target is 15 to 20 minutes, with 40,000 active users.",
    )


def _explain(run: Run) -> str:
    """It may come back while people wait here, and nobody reads it again: a dead pool would hold up the others."""
    said = _EXPLAINED if MODE.of(run) == "planned" else _BACK + _EXPLAINED
    return said.format(primary=run.primary.short)


def _read_other(run: Run) -> Acts:
    return {"other": Attempt(ReadState(partner(run).fqdn, partner(run).fqdn))}


def _unfit(run: Run, seen: Seen) -> str:
    """The order was checked some rows ago, and others may have moved the backup pool since (seed 004, Important)."""
    backup, state = partner(run).short, told(seen["other"])
    away = state.known and not state.is_home
    return f"{state.said(backup)}. Bring it home first: `/rgs start adopt {backup}`." if away else ""


def _is_disaster(run: Run) -> Choice:
    pool = run.primary.short
    return Choice(
        "disaster",
        "Use -DisasterMode",
        "asked to run it as for a disaster.",
        MODE.to("disaster"),
        then=Then.AGAIN,
        confirm=f"Invoke-CsPoolFailOver for {pool} gets -DisasterMode. That is for a pool that does not answer, or "
        f"whose database is down. What {pool} has not copied yet is lost. {_NOT_YET}",
    )


def _is_planned(run: Run) -> Choice:
    pool = run.primary.short
    silent = f"{pool} did not answer when it was asked. " if ANSWERED.of(run) == "no" else ""
    return Choice(
        "planned",
        "Without -DisasterMode",
        "asked to run it as a planned move.",
        MODE.to("planned"),
        then=Then.AGAIN,
        confirm=f"Invoke-CsPoolFailOver for {pool} loses -DisasterMode. That is for a pool that still runs, with its "
        f"database. {silent}{_NOT_YET}",
    )


_NOT_YET = "Nothing is sent yet: you approve the new command next."


def _done(run: Run) -> Verdict:
    return Verdict(Mark.PASS, f"Its users are served by {partner(run).short}.")


MOVE = Move(
    key="failover",
    stretch="move",
    title="Fail the pool over",
    where=partner,
    command=_command,
    effect=_effect,
    explain=_explain,
    prerequisites=lambda run: (pair_fit(run), central_works(partner(run), run.primary), no_hop(run)),
    becomes=AWAY,
    leaves=PoolState.FAILING_OVER,
    done=_done,
    reached=PoolState.FAILED_OVER,
    reads=_read_other,
    unfit=_unfit,
    moded=lambda run: (_is_disaster(run) if MODE.of(run) == "planned" else _is_planned(run),),
    tells=lambda run: (board_tell(Stage.FAILING_OVER, before(run, WAS_IMPORTED)),),
    tells_reached=lambda run: (board_tell(Stage.FAILED_OVER, before(run, WAS_IMPORTED)),),
).rows()
