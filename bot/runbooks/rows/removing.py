"""Removing the groups of a pool from another one: exported first, kept, then read again."""

from __future__ import annotations

from bot.domain.errors import BadInput, DriverError
from bot.domain.groups.groups import Inventory, counted
from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Acts, Attempt, Collect, Invoke, ReadGroups, Seen
from bot.domain.runs.run import Finding, Found, Run, fresh_file, partner
from bot.domain.runs.runbook import Plan
from bot.runbooks.rows.exporting import export_command, kept
from bot.runbooks.rows.importing import basis


def removal_plan(run: Run, step: str, copies: Inventory) -> Plan:
    """The groups of P leave B: exported first, brought here and kept, then B is read again (seed 003 step 12).

    What left is kept but not listed: it is older than what it made room for. Raises BadInput when nothing is there.
    """
    backup = partner(run)
    if not copies.objects:
        raise BadInput(f"Nothing of {run.primary.short} lies on {backup.short}, so there is nothing to remove.")
    file, name = fresh_file(run, backup, step), f"{run.id}-{step}-{run.attempt + 1}"
    command = export_command(backup, file, owner=run.primary, remove=True)
    effect = (
        f"Removes {counted(copies.counts())} of {run.primary.short} from {backup.short}. "
        "They are exported first, and that file is kept as a backup.",
        f"{backup.short}'s own groups stay.",
    )
    acts = {
        "removed": Invoke(backup.fqdn, command),
        "collected": Collect(backup.fqdn, file, name, run.primary.fqdn, run.id, because=_gone(run)),
        "copies": ReadGroups(backup.fqdn, backup.fqdn, run.primary.fqdn),
    }
    return Plan(acts, effect, basis(copies))


def look_for_removal(run: Run, step: str) -> Acts:
    """Whether the groups are gone, and the file that was written before they went."""
    backup = partner(run)
    file, name = f"{backup.folder}\\{run.id}-{step}-{run.attempt}.zip", f"{run.id}-{step}-{run.attempt}"
    return {
        "copies": ReadGroups(backup.fqdn, backup.fqdn, run.primary.fqdn),
        "collected": Attempt(Collect(backup.fqdn, file, name, run.primary.fqdn, run.id, because=_gone(run))),
    }


def _gone(run: Run) -> str:
    return f"what was removed from {partner(run).short} in the {run.runbook} of {run.primary.short}"


def removed(run: Run, seen: Seen) -> Verdict:
    """Afterwards nothing that P owns may lie on B."""
    left = len(seen["copies"].objects)
    where = f"{run.primary.short}'s groups on {partner(run).short}"
    if left:
        return Verdict(Mark.STOP, f"{where}: {left} objects are still there.")
    return Verdict(Mark.PASS, f"{where} are removed; what they were is kept as {kept(seen).id}.")


def found_removal(run: Run, seen: Seen) -> Finding:
    """What a lost removal has done."""
    left, file = len(seen["copies"].objects), seen["collected"]
    if not left:
        there = f"lies on {partner(run).short} in {partner(run).folder}"
        where = there if isinstance(file, DriverError) else f"is kept as {kept(seen).id}"
        sentence = f"Nothing of {run.primary.short} lies on {partner(run).short}: they were removed."
        return Finding(Found.DONE, f"{sentence} What they were {where}.")
    sentence = f"{left} objects of {run.primary.short} still lie on {partner(run).short}."
    return Finding(Found.PARTLY, f"{sentence} Removing again removes what is left.")
