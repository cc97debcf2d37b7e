"""Exporting under a fresh name, and bringing the file here."""

from __future__ import annotations

from bot.domain.backups.backup import Backup
from bot.domain.deployment.cmdlets import Cmdlet, cmdlet
from bot.domain.groups.groups import Inventory, service
from bot.domain.model import Pool
from bot.domain.runs.acts import Acts, Collect, Invoke, ListBackup, Load, Pin, Seen
from bot.domain.runs.run import Run, fresh_file
from bot.domain.runs.runbook import Plan


def export_command(source: Pool, file: str, *, owner: Pool | None = None, remove: bool = False) -> Cmdlet:
    """Owner and removal only where they are meant; the file name is always fresh (facts: lync §1.1)."""
    return cmdlet(
        "Export-CsRgsConfiguration",
        Source=service(source.fqdn),
        Owner=service(owner.fqdn) if owner else None,
        FileName=file,
        RemoveExportedConfiguration=remove or None,
    )


def using(run: Run, backup: str, because: str) -> Acts:
    """A kept backup, pinned before it is read: what a run has used never goes."""
    return {"used": Pin(backup, run.id, because), "backup": Load(backup)}


def export_plan(run: Run, step: str, source: Pool, owner: Pool, because: str, *, listed: bool = True) -> Plan:
    """Export under a fresh name, bring it here, keep it for ever `because` of something.

    A `listed` one is among the owner's backups from then on.
    """
    file, name = fresh_file(run, source, step), f"{run.id}-{step}-{run.attempt + 1}"
    acts: Acts = {
        "exporting": Invoke(source.fqdn, export_command(source, file, owner=owner)),
        "collected": Collect(source.fqdn, file, name, owner.fqdn, run.id, because=because),
    }
    return Plan({**acts, "listed": ListBackup(name)} if listed else acts)


def strangers(inventory: Inventory, owner: Pool) -> list[str]:
    """Names of objects in an export that somebody else owns."""
    return [
        f"{item.kind.singular} “{item.name}” of {item.owner}" for item in inventory.objects if item.owner != owner.fqdn
    ]


def kept(seen: Seen) -> Backup:
    """The backup that a Collect gave."""
    return seen["collected"][0]


def exported(seen: Seen) -> Inventory:
    """The inventory that a Collect gave."""
    return seen["collected"][1]
