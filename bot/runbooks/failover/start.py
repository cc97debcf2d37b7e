"""Before anything is done: the outage is declared, backups end, the pair is looked at (runbooks: failover 1 to 4)."""

from __future__ import annotations

from typing import Any

from bot.domain.backups.backup import Backup
from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.impact import Stage
from bot.domain.errors import DriverError
from bot.domain.groups.capacity import capacity, slow
from bot.domain.groups.groups import Inventory, Kind, service
from bot.domain.model import Mark, Pool, PoolState, Verdict
from bot.domain.runs.acts import (
    Acts,
    Attempt,
    Invoke,
    Newest,
    PinNewest,
    ReadGroups,
    ReadSettings,
    Records,
    Seen,
    Supersede,
)
from bot.domain.runs.facts import ABLE, CALL_LIST
from bot.domain.runs.run import Run, Tell, partner
from bot.domain.runs.runbook import Choice, Field, Step
from bot.runbooks.failover.facts import OUTAGE_SINCE, REACHABLE, SEEN
from bot.runbooks.rows.moments import moment
from bot.runbooks.rows.people import board_tell

_RGS_MODULES = "ApplicationServer.RGS"
_AT_REST = ("FinalState", "SteadyState", "NotInitialized")


def _offer_declare(run: Run) -> tuple[Choice, ...]:
    hint = "For example: all Front Ends unreachable"
    fields = (
        Field(SEEN.key, "What is seen?", hint=hint, multiline=True, max_length=300),
        Field(OUTAGE_SINCE.key, "Since when?", hint="For example: 02:40", max_length=60),
        Field(
            REACHABLE.key,
            "Does the pool still answer?",
            options=(("no", "No, it is inaccessible"), ("yes", "Yes, it still answers")),
        ),
    )
    said = "declared an outage since {outage_since}: {seen}"
    return (Choice("declare", "Declare the outage", said, fields=fields, style="primary"),)


def _tell_declared(run: Run) -> tuple[Tell, ...]:
    names = tuple(CALL_LIST.of(run))
    calls = (Tell("thread", "Whom to call:", names),) if names else ()
    return board_tell(Stage.OUTAGE, None), *calls


DECLARE = Step(
    key="declare",
    stretch="outage",
    title="Declare the outage",
    asks=True,
    explain=lambda run: f"{run.primary.short} is then marked in outage. Nothing is changed on any server yet.",
    choices=_offer_declare,
    tells=_tell_declared,
    leaves=PoolState.OUTAGE,
)


def _do_quiet(run: Run, seen: Seen) -> Acts:
    """The backup from before the outage is never lost, whatever is imported in the end."""
    because = "An outage of this pool was declared, so this backup ended. Older backups stay as they are."
    last = f"the last one before the outage of {moment(run.opened_at, run.primary)}"
    return {
        "superseded": Supersede(run.primary.fqdn, because),
        "pinned": PinNewest(run.primary.fqdn, f"{run.id}:outage", last),
    }


def _judge_quiet(run: Run, seen: Seen) -> Verdict:
    ended = seen["superseded"]
    if not ended:
        return Verdict(Mark.PASS, "No backup of this pool was running.")
    return Verdict(
        Mark.PASS, f"Ended {len(ended)} backup that was still running; older backups stay as they are.", ended
    )


QUIET = Step(key="quiet", stretch="outage", title="End running backups", does=_do_quiet, judge=_judge_quiet)


def _read_order(run: Run) -> Acts:
    return {"records": Records(tuple(pool.fqdn for pool in run.pools))}


def _judge_order(run: Run, seen: Seen) -> Verdict:
    """Refused only while B is itself failed over onto P (seed 004)."""
    backup, primary = partner(run), run.primary
    state = seen["records"][backup.fqdn].state
    if state in (PoolState.FAILING_OVER, PoolState.FAILED_OVER, PoolState.FAILING_BACK):
        first = "failback" if state is not PoolState.FAILING_OVER else "failover"
        sentence = (
            f"{backup.short} is itself {state}, onto {primary.short}, so {primary.short} cannot fail over to it. "
            f"Finish that first: `/rgs {first} {backup.short}`, and fail {backup.short} back. Then start this again."
        )
        return Verdict(Mark.STOP, sentence)
    return Verdict(Mark.PASS, f"{backup.short} is not failed over to {primary.short}.")


ORDER = Step(key="order", stretch="order", title="Check what has to come first", reads=_read_order, judge=_judge_order)


def _read_pair(run: Run) -> Acts:
    primary, backup = run.primary.fqdn, partner(run).fqdn
    acts: Acts = {
        "relation": Attempt(Invoke(backup, cmdlet("Get-CsPoolBackupRelationship", PoolFqdn=primary))),
        "settings": ReadSettings(backup, backup),
        "held": ReadGroups(backup, backup, show_all=True),
        "newest": Newest(primary, 1),
    }
    if REACHABLE.of(run) == "yes":
        status = cmdlet("Get-CsBackupServiceStatus", PoolFqdn=primary)
        return {**acts, "service": Attempt(Invoke(backup, status))}
    return acts


def _judge_pair(run: Run, seen: Seen) -> Verdict:
    """What would make the pair unfit is said, and the run goes on: the outage will not wait (facts: lync §5.9)."""
    warnings = tuple(_pair_warnings(run, seen))
    backup = partner(run).short
    if warnings:
        return Verdict(Mark.WARN, f"{backup} answers. {len(warnings)} thing(s) to know about the pair.", warnings)
    return Verdict(Mark.PASS, f"{backup} answers, is the paired pool, of the same edition, and has room for both.")


def _pair_warnings(run: Run, seen: Seen):
    primary, backup = run.primary, partner(run)
    relation = seen["relation"]
    if isinstance(relation, DriverError):
        yield f"The pairing could not be read from {backup.short}. Look at it in Topology Builder."
    elif not any(_names(row, backup.fqdn) for row in relation):
        yield f"The server does not name {backup.short} as the backup pool of {primary.short}. Look at the topology."
    if primary.edition is not backup.edition:
        yield f"{primary.short} is {primary.edition}, {backup.short} is {backup.edition} Edition: not a supported pair."
    if primary.site and primary.site == backup.site:
        yield f"Both pools are in the site {primary.site}: what took one may take the other."
    yield from ABLE.of(run)
    yield from _capacity(backup, seen["held"], next(iter(seen["newest"]), None))
    yield from _replicated(seen.get("service"))


def _names(row: Any, fqdn: str) -> bool:
    return any(str(value).casefold() == fqdn for value in row.values())


def _capacity(backup: Pool, held: Inventory, newest: Backup | None):
    """Each pool of a pair must carry both pools' groups (seed 000); a backup's counts do not tell menus apart."""
    most = capacity(backup).workflows
    counts = newest.counts if newest else {}
    workflows = len(held.of(Kind.WORKFLOW)) + int(counts.get(Kind.WORKFLOW, 0))
    if workflows > most:
        yield f"{backup.short} would carry {workflows} workflows; {most} are supported in an Enterprise pool."
    yield from slow(backup)


def _replicated(service: Any):
    """A green Backup Service is never counted as protection of Response Groups (runbooks, "Guards")."""
    if service is None:
        return
    if isinstance(service, DriverError):
        yield "The state of the Backup Service could not be read."
        return
    behind = [module["Identity"] for module in _modules(service) if module["ExportStatus"] not in _AT_REST]
    if behind:
        yield f"The Backup Service has not caught up: {', '.join(behind)}. Users' latest data may be missing."


def _modules(service: Any) -> list[Any]:
    return [module for row in service for module in row.get("BackupModules", ())]


PAIR = Step(key="pair", stretch="pair", title="Check the pair", reads=_read_pair, judge=_judge_pair)


def _skip_mode(run: Run) -> str | None:
    """Only 2019 CU1 and later replicate groups (facts: lync §7)."""
    if all(pool.version == "2019" for pool in run.pools):
        return None
    return "Not needed: servers of this version do not replicate Response Groups."


def _read_mode(run: Run) -> Acts:
    backup = partner(run).fqdn
    status = cmdlet("Get-CsBackupServiceStatus", PoolFqdn=backup, Category="RGS")
    return {"service": Attempt(Invoke(backup, status))}


def _judge_mode(run: Run, seen: Seen) -> Verdict:
    """Replication mode is not built yet: with it on, an import would meet the replicas (facts: lync §7)."""
    status = seen["service"]
    if isinstance(status, DriverError):
        sentence = f"Whether {partner(run).short} replicates Response Groups could not be read. Treated as off."
        return Verdict(Mark.WARN, sentence)
    modules = [module for module in _modules(status) if str(module["Identity"]).startswith(_RGS_MODULES)]
    if all(module["ExportStatus"] == "NotInitialized" for module in modules):
        return Verdict(Mark.PASS, "The Backup Service does not replicate Response Groups here.")
    commands = (
        str(cmdlet("Invoke-CsPoolFailOver", PoolFqdn=run.primary.fqdn, DisasterMode=True)),
        str(cmdlet("Get-CsRgsWorkflow", Identity=service(partner(run).fqdn), ShowAll=True)),
    )
    sentence = "The Backup Service replicates Response Groups here, so nothing may be imported. Do it by hand:"
    return Verdict(Mark.STOP, sentence, commands)


MODE = Step(
    key="mode",
    stretch="mode",
    title="Check for replicated groups",
    skip=_skip_mode,
    reads=_read_mode,
    judge=_judge_mode,
)
