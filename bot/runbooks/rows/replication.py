"""Whether servers replicate Response Groups by themselves: then nothing is imported over the replicas (failover 8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.domain.access import Need
from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.readings import modules
from bot.domain.errors import DriverError
from bot.domain.model import Mark, Pool, Verdict
from bot.domain.runs.acts import Acts, Attempt, Invoke, Seen
from bot.domain.runs.run import Phase, Run, partner
from bot.domain.runs.runbook import Choice, Step, Then
from bot.runbooks.rows.facts import REPLICATION

_MODULES = "ApplicationServer.RGS"
_SAID = {
    "on": "The Backup Service replicates Response Groups here, so nothing is imported over the replicas.",
    "off": "The Backup Service does not replicate Response Groups here.",
    "": "Whether {backup} replicates Response Groups could not be read.",
}


def replication_rows(stretch: str, *, asked: Callable[[Run], Pool] = partner) -> tuple[Step, Step]:
    """What the servers say, and what people say where no server does: it is never taken for off."""
    mode = Step(
        key="mode",
        stretch=stretch,
        title="Check for replicated groups",
        skip=_skip,
        reads=lambda run: _reads(asked(run)),
        judge=lambda run, seen: _judge(asked(run), seen),
    )
    doubt = Step(
        key="mode-doubt",
        stretch=stretch,
        title="Say whether groups are replicated",
        asks=True,
        need=Need.ADMIN,
        skip=lambda run: _skip(run) or ("Not needed: the servers say it." if REPLICATION.of(run) else None),
        explain=lambda run: (
            "An import over replicas may do harm, and without an import groups may be missing. Look on a server: "
            "`Get-CsBackupServiceConfiguration`, EnableRgsBackupService."
        ),
        choices=lambda run: (
            Choice("replicated", "They are replicated", "says the groups are replicated.", REPLICATION.to("on")),
            Choice("imported", "They are not", "says the groups are not replicated.", REPLICATION.to("off")),
        ),
    )
    return mode, doubt


def refused_rows(stretch: str, *, asked: Callable[[Run], Pool] = partner) -> tuple[Step, Step, Step]:
    """For what is not done at all beside replicas."""
    refused = Step(
        key="mode-refused",
        stretch=stretch,
        title="Keep away from replicas",
        skip=lambda run: None if REPLICATION.of(run) == "on" else "Not needed: the groups are not replicated.",
        judge=_judge_refused,
        choices=lambda run: (_ASK_AGAIN,) if run.phase is Phase.STOPPED else (),
    )
    return *replication_rows(stretch, asked=asked), refused


_ASK_AGAIN = Choice("mode-again", "Look again", "has it looked again.", REPLICATION.to(""), then=Then.BACK, to="mode")


def _judge_refused(run: Run, seen: Seen) -> Verdict:
    """What replication put there is its own, and removing or importing over it may do harm (failover 8)."""
    sentence = (
        f"Servers replicate the groups of {run.primary.short} to {partner(run).short} by themselves. So nothing is "
        "imported or removed there, and nothing was changed. Abandon this run."
    )
    return Verdict(Mark.STOP, sentence)


def replicated(run: Run) -> str | None:
    """Why nothing is exported or imported in replication mode, if it is on."""
    return "Not needed: the servers replicate the groups themselves." if REPLICATION.of(run) == "on" else None


def _skip(run: Run) -> str | None:
    """Only 2019 CU1 and later replicate groups (facts: lync §7)."""
    if all(pool.version == "2019" for pool in run.pools):
        return None
    return "Not needed: servers of this version do not replicate Response Groups."


def _reads(pool: Pool) -> Acts:
    status = cmdlet("Get-CsBackupServiceStatus", PoolFqdn=pool.fqdn, Category="RGS")
    return {
        "service": Attempt(Invoke(pool.fqdn, status)),
        "configuration": Attempt(Invoke(pool.fqdn, cmdlet("Get-CsBackupServiceConfiguration"))),
    }


def _judge(pool: Pool, seen: Seen) -> Verdict:
    found = _by_modules(seen["service"]) or _by_configuration(seen["configuration"])
    mark = Mark.PASS if found == "off" else Mark.WARN
    return Verdict(mark, _SAID[found].format(backup=pool.short), facts=REPLICATION.to(found))


def _by_modules(status: Any) -> str:
    if isinstance(status, DriverError):
        return ""
    found = [one for one in modules(status) if one.identity.startswith(_MODULES)]
    return ("on" if any(one.is_on for one in found) else "off") if found else ""


def _by_configuration(rows: Any) -> str:
    """The second source; servers before the update know no such property."""
    if isinstance(rows, DriverError) or not rows:
        return ""
    return "on" if rows[0].get("EnableRgsBackupService") is True else "off"
