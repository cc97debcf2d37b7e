"""Replicas of Central Management: those of living servers are up to date, or are sent it once more (R2 5e)."""

from __future__ import annotations

from collections.abc import Callable

from bot.domain.access import Need
from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.readings import replicas_behind
from bot.domain.errors import BotError
from bot.domain.groups.groups import checked_fqdn
from bot.domain.measures import numbered
from bot.domain.model import Mark, Pool, Undone, Verdict
from bot.domain.runs.acts import Acts, Attempt, Invoke, Seen
from bot.domain.runs.run import Phase, Run
from bot.domain.runs.runbook import Choice, Plan, Step, Then
from bot.runbooks.rows.facts import CMS_BEHIND, CMS_NEED, CMS_PUSHED
from bot.runbooks.rows.machines import machines

_NEVER = (
    "One that never gets there keeps old settings until it does. See to the service REPLICA on it, and to port 4443 or "
    "its file share from the server that is active. You can go on without it."
)
STATUS = cmdlet("Get-CsManagementStoreReplicationStatus")


def replica_rows(
    *,
    stretch: str,
    source: Callable[[Run], Pool],
    target: Callable[[Run], Pool],
    skip: Callable[[Run], str | None],
) -> tuple[Step, Step]:
    """Sent once more to those that people have it sent to; then all of living servers are looked at.

    While `source` is lost its own stay behind, and none of them is waited for.
    """

    push = Step(
        key="cms-push",
        stretch=stretch,
        title="Send Central Management once more",
        need=Need.SERVER_ADMIN,
        skip=lambda run: skip(run) or (None if CMS_PUSHED.of(run) else "Skipped: nobody asked for it."),
        plan=lambda run, seen: _plan(run, target(run)),
        judge=lambda run, seen: Verdict(Mark.PASS, f"Sent to {numbered(len(CMS_BEHIND.of(run)), 'server')} once more."),
        choices=lambda run: (_without(),) if run.phase in (Phase.WAITING, Phase.STOPPED) else (),
        approvals=lambda run: 1,
        again=True,
    )
    look = Step(
        key="cms-replicas",
        stretch=stretch,
        title="See that replicas are up to date",
        need=Need.SERVER_ADMIN,
        skip=skip,
        explain=lambda run: _NEVER if run.phase is Phase.STOPPED else "",
        reads=lambda run: {
            "replicas": Attempt(Invoke(target(run).fqdn, STATUS)),
            "pool": Attempt(Invoke(target(run).fqdn, cmdlet("Get-CsPool", Identity=source(run).fqdn))),
        },
        judge=lambda run, seen: _judged(run, seen, source(run)),
        choices=_offer,
    )
    return push, look


def _judged(run: Run, seen: Seen, source: Pool) -> Verdict:
    if isinstance(seen["replicas"], BotError):
        return Verdict(Mark.STOP, f"The replicas could not be read: {seen['replicas'].sentence}")
    dead = set(machines(seen["pool"])) if CMS_NEED.of(run) == "disaster" else set()
    behind = replicas_behind(seen["replicas"])
    waited = [one for one in behind if one not in dead]
    beside = f" Those of {source.short} are not waited for." if dead & set(behind) else ""
    if waited:
        said = f"{numbered(len(waited), 'replica')} not up to date yet.{beside}"
        return Verdict(Mark.STOP, said, tuple(waited), CMS_BEHIND.to(waited))
    return Verdict(Mark.PASS, f"Every replica is up to date.{beside}", facts=CMS_BEHIND.to([]))


def _plan(run: Run, target: Pool) -> Plan:
    to = [checked_fqdn(one) for one in CMS_BEHIND.of(run)]
    acts: Acts = {
        one: Invoke(target.fqdn, cmdlet("Invoke-CsManagementStoreReplication", ReplicaFqdn=one)) for one in to
    }
    return Plan(acts, ("Central Management is sent to these servers once more; nothing else changes.",))


def _without() -> Choice:
    return Choice("cms-behind", "Go on without them", "goes on while replicas are behind.", undone=Undone.NOT_DONE)


def _offer(run: Run) -> tuple[Choice, ...]:
    if run.phase is not Phase.STOPPED:
        return ()
    said = "asked to send it once more."
    push = Choice("cms-push-now", "Send it once more", said, CMS_PUSHED.to(True), Then.BACK, "cms-push")
    return (*((push,) if CMS_BEHIND.of(run) else ()), _without())
