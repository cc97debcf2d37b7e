"""What is only at home, since import deletes nothing: kept, or removed by hand and read again (failback 9)."""

from __future__ import annotations

from collections.abc import Iterator

from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.groups.difference import titled
from bot.domain.groups.groups import Inventory, Ref, RgsObject, service, walk
from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Seen
from bot.domain.runs.run import Phase, Run, home, partner
from bot.domain.runs.runbook import Choice, Step, Then
from bot.runbooks.failback.arrival import read_export, read_home
from bot.runbooks.failback.facts import COMES, ONLY_ON_PRIMARY
from bot.runbooks.rows.attesting import attested


def removal(item: RgsObject, pool: str) -> str:
    """The line for a person to run. Its question is wanted, so it goes without -Force (runbooks: failback 9)."""
    found = cmdlet(f"Get-CsRgs{item.kind}", Identity=service(pool), Name=item.name)
    return f"{found} | Remove-CsRgs{item.kind}"


def leading_to(item: RgsObject, held: Inventory) -> Iterator[str]:
    """What still leads to it: workflows, and overflow and timeout of other queues, which no cmdlet checks."""
    for other in held.objects:
        for path, value in walk(other.properties):
            if isinstance(value, Ref) and value.guid == item.guid and other.guid != item.guid:
                yield f"{titled(item.kind, item.name)} is the target of {titled(other.kind, other.name)}: {path}."


def _judge(run: Run, seen: Seen) -> Verdict:
    where, keys = home(run).fqdn, {item.key for item in seen["export"].objects}
    own = seen["held"].owned_by(where)
    only = [item for item in own.objects if item.key not in keys]
    leads = [line for item in only for line in leading_to(item, own)]
    told = f" {len(leads)} thing(s) still point there. Point them elsewhere first." if leads else ""
    return Verdict(
        Mark.PASS, f"{len(only)} object(s) only here.{told}", (*leads, *(removal(one, where) for one in only))
    )


def _explain(run: Run) -> str:
    return (
        f"They were perhaps deleted on {partner(run).short} during the outage: import deletes nothing. Each line "
        "removes one, run by hand in the Management Shell; it asks before it does."
    )


def _offer(run: Run) -> tuple[Choice, ...]:
    if run.phase is Phase.STOPPED:
        return ()
    means = "The pool is read again. What is still there is asked about again."
    return (
        Choice("extras-kept", "Keep them", "keeps them.", style="primary"),
        attested("extras-removed", "They are removed", "says they were removed", means, then=Then.BACK, to="verify"),
    )


def _skip(run: Run) -> str | None:
    if ONLY_ON_PRIMARY.of(run) and COMES.of(run):
        return None
    return "Skipped: there is nothing more than came home."


EXTRAS = Step(
    key="extras",
    stretch="verify",
    title="Decide about what is only here",
    asks=True,
    skip=_skip,
    explain=_explain,
    reads=lambda run: {**read_export(run), **read_home(run)},
    judge=_judge,
    choices=_offer,
)
