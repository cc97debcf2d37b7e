"""Removing the groups of a pool from another one: exported first, kept, then read again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from bot.domain.errors import BadInput, DriverError
from bot.domain.groups.compare import contents
from bot.domain.groups.groups import Inventory, counted
from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Acts, Attempt, Collect, Invoke, ReadGroups, Seen
from bot.domain.runs.facts import FILE, KEPT_AS
from bot.domain.runs.run import Finding, Found, Run, partner
from bot.domain.runs.runbook import Plan, Step
from bot.runbooks.rows.exporting import export_command, fresh, kept
from bot.runbooks.rows.facts import OWN_GROUPS
from bot.runbooks.rows.moving import read_place, refuse_away


def removal_row(
    *,
    unfit: Callable[[Run, Seen], str] = lambda run, seen: "",
    reads: Callable[[Run], Acts] = lambda run: {},
    **rest: Any,
) -> Step:
    """The groups of P leave B: exported first, brought here and kept, then B is read again (seed 003 step 12).

    What left is kept but not listed: it is older than what it made room for. `unfit` says why nothing may be removed
    now, if so; it sees what lies on B as "copies", and what the row `reads` besides. B's own groups have to be the same
    by name before and afterwards.
    """

    def plan(run: Run, seen: Seen) -> Plan:
        """Raises BadInput when there is nothing to remove, or it may not go."""
        refuse_away(partner(run), seen)
        if why := unfit(run, seen):
            raise BadInput(why)
        return _plan(run, rest["key"], seen)

    return Step(
        plan=plan,
        judge=judge_removed,
        approvals=lambda run: 2,
        reads=lambda run: {**_read_all(run), **reads(run), **read_place(partner(run))},
        look=_read_all,
        stands=lambda run, seen: contents(seen["copies"]),
        breaks=True,
        saves=_save,
        found=found_removal,
        **rest,
    )


def read_copies(run: Run) -> Acts:
    """What lies on B and belongs to P."""
    return {"copies": ReadGroups(partner(run).fqdn, partner(run).fqdn, run.primary.fqdn)}


def _read_all(run: Run) -> Acts:
    """B's own groups as well: they stay."""
    return {**read_copies(run), "own": ReadGroups(partner(run).fqdn, partner(run).fqdn)}


def _plan(run: Run, step: str, seen: Seen) -> Plan:
    backup, copies, names = partner(run), seen["copies"], fresh(run, partner(run), step)
    if not copies.objects:
        raise BadInput(f"Nothing of {run.primary.short} lies on {backup.short}, so there is nothing to remove.")
    command = export_command(backup, FILE.among(names), owner=run.primary, remove=True)
    effect = (
        f"Removes {counted(copies.counts())} of {run.primary.short} from {backup.short}. "
        "They are exported first, and that file is kept as a backup.",
        f"{backup.short}'s own groups stay.",
    )
    collected = _collect(run, FILE.among(names), KEPT_AS.among(names))
    acts = {"removed": Invoke(backup.fqdn, command), "collected": collected, **_read_all(run)}
    return Plan(acts, effect, contents(copies), names | OWN_GROUPS.to(names_of(seen["own"])))


def names_of(own: Inventory) -> str:
    """A digest of what there is by kind and name, and nothing of what is in it: people may go on editing."""
    names = sorted(f"{kind}/{name}" for kind, name in (item.key for item in own.objects))
    return f"{len(names)}:{hashlib.sha256(chr(10).join(names).encode()).hexdigest()[:16]}"


def _kept_its_own(run: Run, seen: Seen) -> bool:
    """A removal that a version before sent knows nothing of them."""
    return OWN_GROUPS.of(run) in ("", names_of(seen["own"]))


def _collect(run: Run, file: str, name: str) -> Collect:
    because = f"what was removed from {partner(run).short} in the {run.runbook} of {run.primary.short}"
    return Collect(partner(run).fqdn, file, name, run.primary.fqdn, run.id, because=because)


def _save(run: Run, seen: Seen) -> Acts:
    """The file that a lost removal wrote before the groups went, if it did."""
    return {"collected": Attempt(_collect(run, FILE.of(run), KEPT_AS.of(run)))}


def judge_removed(run: Run, seen: Seen) -> Verdict:
    """Afterwards nothing that P owns may lie on B, and everything that B owns."""
    left = len(seen["copies"].objects)
    where = f"{run.primary.short}'s groups on {partner(run).short}"
    if left:
        return Verdict(Mark.STOP, f"{where}: {left} objects are still there.")
    if not _kept_its_own(run, seen):
        sentence = (
            f"{where} are removed, but {partner(run).short}'s own groups are not the same as before. Compare them with "
            f"its last backup. What was removed is kept as {kept(seen).id}."
        )
        return Verdict(Mark.STOP, sentence)
    return Verdict(Mark.PASS, f"{where} are removed; what they were is kept as {kept(seen).id}.")


def found_removal(run: Run, seen: Seen) -> Finding:
    """What a lost removal has done."""
    left, file = len(seen["copies"].objects), seen["collected"]
    if not left:
        there = f"lies on {partner(run).short} in {partner(run).folder}"
        where = there if isinstance(file, DriverError) else f"is kept as {kept(seen).id}"
        sentence = f"Nothing of {run.primary.short} lies on {partner(run).short}: they were removed."
        lost = f" {partner(run).short}'s own groups are not the same as before: compare them with its last backup."
        return Finding(Found.DONE, f"{sentence} What they were {where}.{'' if _kept_its_own(run, seen) else lost}")
    counts = counted(seen["copies"].counts())
    sentence = f"{left} objects of {run.primary.short} still lie on {partner(run).short}: {counts}."
    return Finding(Found.PARTLY, f"{sentence} Removing again removes what is left.")
