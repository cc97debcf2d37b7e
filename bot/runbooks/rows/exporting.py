"""Exporting under a fresh name, and bringing the file here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.domain.backups.backup import Backup
from bot.domain.deployment.cmdlets import Cmdlet, cmdlet
from bot.domain.groups.groups import Inventory, service
from bot.domain.model import Pool, Verdict
from bot.domain.runs.acts import Act, Acts, Collect, Invoke, Pin, Seen
from bot.domain.runs.facts import FILE, KEPT_AS
from bot.domain.runs.run import Run, fresh_file
from bot.domain.runs.runbook import Plan, Step


def export_command(source: Pool, file: str, *, owner: Pool | None = None, remove: bool = False) -> Cmdlet:
    """Owner and removal only where they are meant; the file name is always fresh (facts: lync §1.1)."""
    return cmdlet(
        "Export-CsRgsConfiguration",
        Source=service(source.fqdn),
        Owner=service(owner.fqdn) if owner else None,
        FileName=file,
        RemoveExportedConfiguration=remove or None,
    )


def fresh(run: Run, source: Pool, step: str) -> dict[str, str]:
    """The names of the next export, which no attempt used before: its file there, and its id here."""
    return FILE.to(fresh_file(run, source, step)) | KEPT_AS.to(f"{run.id}-{step}-{run.attempt + 1}")


def pin(run: Run, backup: str, because: str) -> Acts:
    """What a run has used never goes."""
    return {"used": Pin(backup, run.id, because)}


def export_row(
    *,
    source: Callable[[Run], Pool],
    owner: Callable[[Run], Pool | None],
    judge: Callable[[Run, Seen], Verdict],
    because: Callable[[Run], str] | None = None,
    also: Callable[[Run], Acts] = lambda run: {},
    listed: bool = True,
    kept_as: Callable[[Run], str] | None = None,
    **rest: Any,
) -> Step:
    """Exports the groups of `owner` from `source`, brings them here and keeps them for ever `because` of something.

    A `listed` one is among the owner's backups from then on, if it holds groups, and only the owner's. `also` is read
    afterwards, for the judge. Without any `because` the file stays there until a later row fetches it; `kept_as` is
    then the id that it will have.
    """

    def plan(run: Run, seen: Seen) -> Plan:
        where, whose, names = source(run), owner(run), fresh(run, source(run), rest["key"])
        names |= KEPT_AS.to(kept_as(run)) if kept_as else {}
        file, name = FILE.among(names), KEPT_AS.among(names)
        acts: dict[str, Act] = {"exporting": Invoke(where.fqdn, export_command(where, file, owner=whose))}
        if because and whose:
            why = because(run)
            acts["collected"] = Collect(where.fqdn, file, name, whose.fqdn, run.id, because=why, listed=listed)
        return Plan({**acts, **also(run)}, facts=names)

    return Step(plan=plan, judge=judge, again=True, **rest)


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
