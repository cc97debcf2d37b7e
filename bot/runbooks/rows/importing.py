"""Importing a kept backup: the row, what its prediction rests on, and what a lost import has done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bot.domain.deployment.cmdlets import Cmdlet
from bot.domain.deployment.rehearsal import rehearse_import
from bot.domain.errors import BadInput
from bot.domain.groups.compare import compare, compare_settings, contents, in_words
from bot.domain.groups.groups import Inventory, Kind, ServiceSettings, counted
from bot.domain.model import Mark, Pool, Verdict
from bot.domain.runs.acts import Acts, Attempt, Delete, Invoke, Put, Seen
from bot.domain.runs.facts import FILE
from bot.domain.runs.run import Finding, Found, Run, fresh_file
from bot.domain.runs.runbook import Plan, Step
from bot.runbooks.rows.moving import read_place, refuse_away


def import_row(
    *,
    destination: Callable[[Run], Pool],
    backup: Callable[[Run], str],
    contents_of: str,
    command: Callable[[Run, str], Cmdlet],
    reads: Callable[[Run], Acts],
    unfit: Callable[[Run, Seen], str] = lambda run, seen: "",
    **rest: Any,
) -> Step:
    """The kept `backup` goes to the server of `destination`, is imported, and the copy there is tidied away.

    The row has to read and look at what the pool holds and its settings as "held" and "settings", and as `contents_of`
    what the backup holds: on these the import is rehearsed once more, and the approval rests on them. `unfit` says why
    nothing may be imported now, if so.
    """

    def plan(run: Run, seen: Seen) -> Plan:
        """Raises BadInput where that pool is away, or nothing may be imported."""
        refuse_away(destination(run), seen)
        if why := unfit(run, seen):
            raise BadInput(why)
        pool, held = destination(run), with_settings(seen["held"], seen["settings"])
        file = fresh_file(run, pool, "import")
        importing = command(run, file)
        acts: Acts = {
            "put": Put(pool.fqdn, file, backup(run)),
            "import": Invoke(pool.fqdn, importing),
            "tidied": Attempt(Delete(pool.fqdn, file)),
        }
        effect = rehearse_import(pool, held, seen[contents_of], importing).sentences
        return Plan(acts, effect, _basis(held, seen[contents_of]), FILE.to(file))

    def judge(run: Run, seen: Seen) -> Verdict:
        return Verdict(Mark.PASS, f"Imported on {destination(run).short}. Whether everything arrived is checked next.")

    def stands(run: Run, seen: Seen) -> str:
        return _basis(with_settings(seen["held"], seen["settings"]))

    return Step(
        key="import",
        title="Import the groups",
        reads=lambda run: {**reads(run), **read_place(destination(run))},
        plan=plan,
        judge=judge,
        stands=stands,
        breaks=True,
        **rest,
    )


def without(held: Inventory, owner: Pool) -> Inventory:
    """What a pool holds once the groups of `owner` have left it."""
    return replace(held, objects=tuple(item for item in held.objects if item.owner != owner.fqdn))


def with_settings(held: Inventory, settings: ServiceSettings) -> Inventory:
    """What a pool holds, read in two commands."""
    return replace(held, settings=settings)


def _basis(*inventories: Inventory) -> str:
    """One digest of everything that a prediction rests on."""
    return "+".join(contents(inventory) for inventory in inventories)


def found_import(
    expected: Inventory, actual: Inventory, settings: tuple[ServiceSettings | None, ServiceSettings] | None
) -> Finding:
    """What a lost import has done, by what lies there; an import may always be run again (facts: lync §3.6)."""
    found = compare(expected, actual)
    replaced = not settings or not compare_settings(*settings)
    if not (found.missing or found.extra or found.changed) and replaced:
        return Finding(Found.DONE, f"All {found.expected} objects are there and equal: nothing is left to import.")
    wanted, lacks = expected.counts(), Counter(item.kind for item in found.missing)
    there = {kind: wanted[kind] - lacks[kind] for kind in Kind}
    changed = len({(change.kind, change.name) for change in found.changed})
    said = (
        f"{sum(there.values())} of {sum(wanted.values())} objects are there: {counted(there)}.",
        f"{changed} of them are not as in the backup yet." if changed and not lacks else "",
        "Importing again updates what is there.",
    )
    missing = (f"Missing: {counted(lacks)}.",) if lacks else ()
    lost = () if replaced else ("The settings were not replaced.",)
    return Finding(Found.PARTLY, " ".join(filter(None, said)), (*missing, *lost, *in_words(found)))
