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
from bot.domain.runs.run import Phase, Run, home, partner
from bot.domain.runs.runbook import Choice, Step, Then
from bot.runbooks.rows.attesting import attested
from bot.runbooks.rows.facts import REPLICATION, REPLICATION_ENDED

_MODULES = "ApplicationServer.RGS"
_SAID = {
    "on": "The Backup Service replicates Response Groups here, so nothing is imported over the replicas.",
    "off": "The Backup Service does not replicate Response Groups here.",
    "": "Whether {backup} replicates Response Groups could not be read.",
}
_BESIDE = (
    "The Backup Service replicates Response Groups between the two pools of a pair. {new} is in no pair yet, so its "
    "groups are imported. The replicas on {backup} stay until replication is switched off."
)
SWITCH_OFF, SWITCH_ON = (
    f"`Set-CsBackupServiceConfiguration -EnableRgsBackupService ${word}`" for word in ("false", "true")
)
"""For people to run: it holds for all pools (facts: lync §7)."""


def replication_rows(stretch: str, *, asked: Callable[[Run], Pool] = partner) -> tuple[Step, Step]:
    """What the servers say, and what people say where no server does: it is never taken for off."""
    mode = Step(
        key="mode",
        stretch=stretch,
        title="Check for replicated groups",
        skip=_skip,
        reads=lambda run: _reads(asked(run)),
        judge=lambda run, seen: _judge(run, asked(run), seen),
    )
    doubt = Step(
        key="mode-doubt",
        stretch=stretch,
        title="Say whether groups are replicated",
        asks=True,
        need=Need.ADMIN,
        skip=lambda run: _skip(run) or ("Skipped: the servers said it themselves." if REPLICATION.of(run) else None),
        explain=_explain_doubt,
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
        skip=lambda run: None if REPLICATION.of(run) == "on" else "Skipped: the groups are not replicated.",
        judge=_judge_refused,
        choices=lambda run: (ASK_AGAIN,) if run.phase is Phase.STOPPED else (),
    )
    return *replication_rows(stretch, asked=asked), refused


ASK_AGAIN = Choice("mode-again", "Look again", "asked to look again.", REPLICATION.to(""), then=Then.BACK, to="mode")


def _judge_refused(run: Run, seen: Seen) -> Verdict:
    """What replication put there is its own, and removing or importing over it may do harm (failover 8)."""
    sentence = (
        f"Servers replicate the groups of {run.primary.short} to {partner(run).short} by themselves. So nothing is "
        "imported or removed there, and nothing was changed. Abandon this run."
    )
    return Verdict(Mark.STOP, sentence)


def replicated(run: Run) -> str | None:
    """Why nothing is exported or imported in replication mode, if it is on.

    Servers copy groups between the two pools of a pair (lync §7). A new pool is in none yet: only an import brings
    them there, and it meets no replicas.
    """
    if REPLICATION.of(run) != "on" or run.replacement:
        return None
    return "Skipped: the servers replicate the groups themselves."


def read_mode(run: Run) -> Acts:
    """For a row that removes groups from the backup pool: what servers say by then."""
    return {} if _skip(run) else _reads(partner(run))


def replicas_stay(run: Run, seen: Seen) -> str:
    """Why nothing may be removed from the backup pool now, if so; where no server says it, what people said holds."""
    word = "off" if REPLICATION_ENDED.of(run) else REPLICATION.of(run)
    if _skip(run) or (_found(seen) or word) != "on":
        return ""
    sentence = (
        f"Servers replicate the groups of {run.primary.short} to {partner(run).short} by themselves, so nothing is "
        "removed there. Nothing was sent."
    )
    if run.replacement is None:
        return sentence
    return (
        f"{sentence} Switch it off first, for all pools: {SWITCH_OFF}. {run.replacement.short} has its groups, so none "
        "are lost. Then try again."
    )


def offer_ended(run: Run) -> tuple[Choice, ...]:
    """For a row that was stopped by that, where no server can say that it was switched off."""
    if run.phase is not Phase.STOPPED or REPLICATION.of(run) != "on":
        return ()
    said, means = "says that groups are not replicated any more", "Where a server says it, that counts."
    ended = REPLICATION_ENDED.to(True)
    return (attested("replicas-off", "Replication is off", said, means, ended, then=Then.AGAIN),)


def _skip(run: Run) -> str | None:
    """Only 2019 CU1 and later replicate groups (facts: lync §7)."""
    if all(pool.version == "2019" for pool in run.pools):
        return None
    return "Skipped: servers of this version do not replicate Response Groups."


def _reads(pool: Pool) -> Acts:
    status = cmdlet("Get-CsBackupServiceStatus", PoolFqdn=pool.fqdn, Category="RGS")
    return {
        "service": Attempt(Invoke(pool.fqdn, status)),
        "configuration": Attempt(Invoke(pool.fqdn, cmdlet("Get-CsBackupServiceConfiguration"))),
    }


def _found(seen: Seen) -> str:
    return _by_modules(seen["service"]) or _by_configuration(seen["configuration"])


def _judge(run: Run, pool: Pool, seen: Seen) -> Verdict:
    found = _found(seen)
    mark = Mark.PASS if found == "off" else Mark.WARN
    said = _BESIDE if found == "on" and run.replacement else _SAID[found]
    return Verdict(mark, said.format(backup=pool.short, new=home(run).short), facts=REPLICATION.to(found))


def _explain_doubt(run: Run) -> str:
    where = "Look on a server: `Get-CsBackupServiceConfiguration`, EnableRgsBackupService."
    if run.replacement:
        return f"Replicas must not be removed from {partner(run).short} while servers keep copying. {where}"
    return f"An import over replicas may do harm, and without an import groups may be missing. {where}"


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
