"""What the rows of failover read and what their commands are."""

from __future__ import annotations

from bot.domain.deployment.cmdlets import Cmdlet, cmdlet
from bot.domain.deployment.rehearsal import Rehearsal, rehearse_import
from bot.domain.groups.groups import service
from bot.domain.model import Pool
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
from bot.domain.runs.run import Run, fresh_file, partner
from bot.domain.runs.runbook import Plan
from bot.runbooks.rows.exporting import export_plan, using
from bot.runbooks.rows.importing import basis, import_plan, with_settings
from bot.runbooks.rows.moments import moment
from bot.runbooks.rows.removing import look_for_removal, removal_plan


def supersede(run: Run) -> Acts:
    """The backup from before the outage is never lost, whatever is imported in the end."""
    because = "An outage of this pool was declared, so this backup ended. Older backups stay as they are."
    last = f"the last one before the outage of {moment(run.opened_at, run.primary)}"
    return {
        "superseded": Supersede(run.primary.fqdn, because),
        "pinned": PinNewest(run.primary.fqdn, f"{run.id}:outage", last),
    }


def standing(run: Run) -> Acts:
    return {"records": Records(tuple(pool.fqdn for pool in run.pools))}


def pair(run: Run) -> Acts:
    primary, backup = run.primary.fqdn, partner(run).fqdn
    acts: Acts = {
        "relation": Attempt(Invoke(backup, cmdlet("Get-CsPoolBackupRelationship", PoolFqdn=primary))),
        "settings": ReadSettings(backup, backup),
        "held": ReadGroups(backup, backup, show_all=True),
        "newest": Newest(primary, 1),
    }
    if run.fact("reachable") == "yes":
        status = cmdlet("Get-CsBackupServiceStatus", PoolFqdn=primary)
        return {**acts, "service": Attempt(Invoke(backup, status))}
    return acts


def cannot_replicate(run: Run) -> str | None:
    """Only 2019 CU1 and later replicate groups (facts: lync §7)."""
    if all(pool.version == "2019" for pool in run.pools):
        return None
    return "Not needed: servers of this version do not replicate Response Groups."


def replication(run: Run) -> Acts:
    backup = partner(run).fqdn
    status = cmdlet("Get-CsBackupServiceStatus", PoolFqdn=backup, Category="RGS")
    return {"service": Attempt(Invoke(backup, status))}


def copies(run: Run) -> Acts:
    """What lies on B and belongs to P."""
    return {"copies": ReadGroups(partner(run).fqdn, partner(run).fqdn, run.primary.fqdn)}


def clearing(run: Run) -> Acts:
    return look_for_removal(run, "clear")


def before_clearing(run: Run) -> Acts:
    """What is to take their place is pinned and read before anything leaves."""
    return {**copies(run), **chosen(run)}


def clear(run: Run, seen: Seen) -> Plan:
    return removal_plan(run, "clear", seen["copies"])


def settings(run: Run) -> Acts:
    return {"settings": ReadSettings(partner(run).fqdn, partner(run).fqdn), **chosen(run)}


def chosen(run: Run) -> Acts:
    return using(run, run.fact("chosen"), f"chosen for the failover of {run.primary.short}")


def rehearsal(run: Run) -> Acts:
    """Everything that the prediction of the import rests on."""
    backup = partner(run).fqdn
    return {"held": ReadGroups(backup, backup, show_all=True), **settings(run)}


def rehearse(run: Run, seen: Seen, file: str = "rehearsal.zip") -> Rehearsal:
    command = import_command(run, file)
    return rehearse_import(partner(run), with_settings(seen["held"], seen["settings"]), seen["backup"], command)


def import_command(run: Run, file: str) -> Cmdlet:
    """-OverwriteOwner is never given here: it would hide everything from `-Owner svc(P)` (facts: lync §3.3)."""
    return cmdlet(
        "Import-CsRgsConfiguration",
        Destination=service(partner(run).fqdn),
        FileName=file,
        ReplaceExistingRgsSettings=run.fact("replace") or None,
        ResolveNameConflicts=run.fact("resolve") or None,
    )


def import_(run: Run, seen: Seen) -> Plan:
    backup: Pool = partner(run)
    file = fresh_file(run, backup, "import")
    effect = rehearse(run, seen, file).sentences
    rests_on = basis(with_settings(seen["held"], seen["settings"]), seen["backup"])
    return import_plan(backup, file, run.fact("chosen"), import_command(run, file), effect, rests_on)


def failover(run: Run, seen: Seen) -> Plan:
    """PoolFqdn is always the pool that first homed the users (seed 004)."""
    disaster = True if run.fact("reachable") != "yes" else None
    command = cmdlet("Invoke-CsPoolFailOver", PoolFqdn=run.primary.fqdn, DisasterMode=disaster)
    effect = (
        f"The users of {run.primary.short} are served by {partner(run).short} from then on. "
        "It may take up to an hour; nobody is rehomed.",
    )
    return Plan({"failover": Invoke(partner(run).fqdn, command)}, effect)


def keep_own(run: Run, seen: Seen) -> Plan:
    backup = partner(run)
    because = f"what {backup.short} had before {run.primary.short}'s settings replaced its own"
    return export_plan(run, "keep", backup, backup, because)


def arrived(run: Run) -> Acts:
    return {"live": copies(run)["copies"], **settings(run)}


def audio(run: Run, seen: Seen) -> Plan:
    """Get-CsRgs* shows no bytes, so what arrived is exported again and compared by hash."""
    because = f"what arrived on {partner(run).short} in the failover of {run.primary.short}"
    exporting = export_plan(run, "audio", partner(run), run.primary, because, listed=False)
    return Plan({**exporting.acts, **settings(run)})
