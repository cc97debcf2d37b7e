"""Importing a kept backup: the plan, what its prediction rests on, and what a lost import has done."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.deployment.cmdlets import Cmdlet
from bot.domain.groups.compare import compare, compare_settings, contents, in_words
from bot.domain.groups.groups import Inventory, ServiceSettings
from bot.domain.model import Pool
from bot.domain.runs.acts import Attempt, Delete, Invoke, Put
from bot.domain.runs.run import Finding, Found
from bot.domain.runs.runbook import Plan


def import_plan(
    destination: Pool, file: str, backup: str, command: Cmdlet, effect: tuple[str, ...], basis: str
) -> Plan:
    """The kept zip goes to the server, is imported, and the copy there is tidied away."""
    return Plan(
        {
            "put": Put(destination.fqdn, file, backup),
            "import": Invoke(destination.fqdn, command),
            "tidied": Attempt(Delete(destination.fqdn, file)),
        },
        effect,
        basis,
    )


def with_settings(held: Inventory, settings: ServiceSettings) -> Inventory:
    """What a pool holds, read in two commands."""
    return replace(held, settings=settings)


def basis(*inventories: Inventory) -> str:
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
    if found.nothing_arrived:
        return Finding(Found.NOT_DONE, "None of the objects is there: the import did nothing. It may be run again.")
    there = found.expected - len(found.missing)
    sentence = f"{there} of {found.expected} objects are there: the import did a part of its work."
    lost = () if replaced else ("The application-level settings were not replaced.",)
    return Finding(Found.PARTLY, f"{sentence} Importing again updates what is there.", (*in_words(found), *lost))
