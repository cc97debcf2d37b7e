"""The pool itself is failed over, here or elsewhere (runbooks: failover 7 and 12)."""

from __future__ import annotations

from bot.domain.deployment.cmdlets import Cmdlet, cmdlet
from bot.domain.model import Mark, PoolState, Verdict
from bot.domain.runs.acts import Seen
from bot.domain.runs.run import Run, partner
from bot.runbooks.failover.facts import REACHABLE
from bot.runbooks.rows.facts import MOVED
from bot.runbooks.rows.moving import AWAY, completion_row, move_rows

_BEFORE_MOVE = (
    "Until the pool failover completes, agents homed on {primary} cannot be reached, so it is never left out. "
    "If an Edge pool has {primary} as its next hop, change that first: "
    '`Set-CsEdgeServer -Identity "EdgeServer:<Edge FQDN>" -Registrar "Registrar:{backup_fqdn}"`. '
    "If the Central Management store is on {primary} or down, move it first, on a Front End of {backup}: "
    "`Invoke-CsManagementServerFailover -BackupSqlServerFqdn <SQL FQDN> -BackupSqlInstanceName <instance> -Force` "
    "(without parameters if {primary} still answers). Branch appliances of {primary} are not covered by this run. "
    "Nor are its Call Park and its announcements: `/rgs companions {primary}` has the copies and the commands."
)


def _command(run: Run) -> Cmdlet:
    """PoolFqdn is always the pool that first homed the users (seed 004)."""
    disaster = True if REACHABLE.of(run) != "yes" else None
    return cmdlet("Invoke-CsPoolFailOver", PoolFqdn=run.primary.fqdn, DisasterMode=disaster)


def _effect(run: Run) -> str:
    return (
        f"The users of {run.primary.short} are served by {partner(run).short} from then on. "
        "It may take up to an hour; nobody is rehomed."
    )


def _judge(run: Run, seen: Seen) -> Verdict:
    return Verdict(Mark.PASS, f"{run.primary.short} is failed over to {partner(run).short}.", facts=MOVED.to("here"))


MOVE = move_rows(
    key="failover",
    stretch="move",
    title="Fail the pool over",
    explain=lambda run: _BEFORE_MOVE.format(
        primary=run.primary.short, backup=partner(run).short, backup_fqdn=partner(run).fqdn
    ),
    where=partner,
    command=_command,
    effect=_effect,
    becomes=AWAY,
    judge=_judge,
    leaves=PoolState.FAILING_OVER,
)

COMPLETE = completion_row(
    "failover",
    "It is done elsewhere. Until it is complete, agents homed there are not reached.",
    stretch="routes",
)
