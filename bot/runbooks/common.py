"""What the rows of several runbooks share: commands, comparisons, test calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from bot.domain.acts import Acts, Attempt, Collect, Delete, Invoke, ListBackup, Load, Pin, Put, ReadGroups, Seen
from bot.domain.backup import Backup
from bot.domain.cmdlets import Cmdlet, cmdlet
from bot.domain.compare import Comparison, compare, compare_settings, contents, in_words
from bot.domain.difference import change_in_words
from bot.domain.errors import BadInput, DriverError
from bot.domain.groups import Inventory, Kind, ServiceSettings, service
from bot.domain.impact import Stage, board
from bot.domain.model import Mark, Pool, Verdict
from bot.domain.run import Run, fresh_file
from bot.domain.runbook import Finding, Found, Plan, Tell


def partner(run: Run) -> Pool:
    """B of a run that holds a pair."""
    if run.backup is None:
        raise LookupError(f"{run.id} has no backup pool")
    return run.backup


def source(run: Run) -> Pool:
    """Where a backup finds the objects now: on the pool itself, or on its backup pool while it is failed over."""
    return next(pool for pool in run.pools if pool.fqdn == run.fact("source"))


def moment(at: float, pool: Pool) -> str:
    """“21 Nov 2026, 02:30 Europe/Berlin”: the pool's own wall clock."""
    return f"{datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(pool.time_zone)):%d %b %Y, %H:%M} {pool.time_zone}"


def age(seconds: float) -> str:
    """“35 minutes”, “7 hours”, “3 days”: rounded down."""
    for size, word in ((86400, "day"), (3600, "hour"), (60, "minute")):
        count = int(seconds // size)
        if count:
            return f"{count} {word}{'s' if count > 1 else ''}"
    return "less than a minute"


def counted(counts: Mapping[str, int]) -> str:
    """“24 workflows, 18 queues, …”, of what there is."""
    parts = [
        f"{counts[kind]} {kind.singular if counts[kind] == 1 else kind.plural}" for kind in Kind if counts.get(kind)
    ]
    return ", ".join(parts) or "nothing"


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


def with_settings(held: Inventory, settings: ServiceSettings) -> Inventory:
    """What a pool holds, read in two commands."""
    return replace(held, settings=settings)


def basis(*inventories: Inventory) -> str:
    """One digest of everything that a prediction rests on."""
    return "+".join(contents(inventory) for inventory in inventories)


def strangers(inventory: Inventory, owner: Pool) -> list[str]:
    """Names of objects in an export that somebody else owns."""
    return [
        f"{item.kind.singular} “{item.name}” of {item.owner}" for item in inventory.objects if item.owner != owner.fqdn
    ]


def compared(expected: Inventory, actual: Inventory, where: str, *, tolerate: str = "") -> Verdict:
    """Object by object. A difference stops, unless `tolerate` says why it was expected; an empty answer always does."""
    if not expected.objects:
        return Verdict(Mark.STOP, f"{where}: there is nothing to compare with, so nothing was verified.")
    found = compare(expected, actual)
    if found.nothing_arrived:
        return Verdict(Mark.STOP, f"{where}: nothing came back. {' '.join(in_words(found))}")
    if found.is_clean:
        return Verdict(Mark.PASS, f"{where}: all {found.expected} objects are there and equal.")
    sentence = f"{where}: {tally(found)}."
    if tolerate:
        return Verdict(Mark.WARN, f"{sentence} {tolerate}", in_words(found))
    return Verdict(Mark.STOP, sentence, in_words(found))


def tally(found: Comparison) -> str:
    """“2 missing, 1 changed”, in the order of how much they hurt."""
    changed = len({(change.kind, change.name) for change in found.changed})
    counts = (
        (len(found.missing), "missing"),
        (changed, "changed"),
        (len(found.renamed), "renamed"),
        (len(found.extra), "more than expected"),
        (len(found.audio or ()), "recordings that differ"),
    )
    return ", ".join(f"{count} {word}" for count, word in counts if count) or "no difference"


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


def recordings_differ(expected: Inventory, actual: Inventory, *, settings: bool) -> tuple[str, ...]:
    """One sentence for each recording whose bytes are not the same; the default music only with `settings`.

    Objects that the import renamed are compared under the name they had.
    """
    if not settings:
        expected, actual = (replace(side, settings=None) for side in (expected, actual))
    return tuple(change_in_words(change) for change in compare(expected, actual, audio=True).audio or ())


def settings_judged(expected: ServiceSettings | None, actual: ServiceSettings, where: str) -> Verdict:
    changes = compare_settings(expected, actual)
    if not changes:
        return Verdict(Mark.PASS, f"{where}: the application-level settings are as they should be.")
    lines = tuple(change_in_words(change) for change in changes)
    return Verdict(Mark.STOP, f"{where}: the application-level settings differ.", lines)


def formal_groups(inventory: Inventory) -> tuple[str, ...]:
    """Names of the agent groups whose agents have to sign in again (seed 000; seed 003 step 6)."""
    groups = inventory.of(Kind.AGENT_GROUP)
    return tuple(item.name for item in groups if item.properties.get("ParticipationPolicy") == "Formal")


def tell_agents(pool: Callable[[Run], Pool]) -> Callable[[Run], tuple[Tell, ...]]:
    """The message with the list of formal groups, for the thread of the card."""

    def tells(run: Run) -> tuple[Tell, ...]:
        names = tuple(str(name) for name in run.fact("formal", ()))
        if not names:
            return ()
        sentence = (
            f"Agents of the formal groups below have to sign in to their groups again, on {pool(run).short}. "
            "Until they do, their groups ring nobody."
        )
        return (Tell("thread", sentence, names, loud=True),)

    return tells


def board_tell(stage: Stage, imported: bool | None) -> Tell:
    """What callers and agents see at this stage (seed 002), for the thread of the card."""
    lines = tuple(f"{line.subject}: {bullet.text}" for line in board(stage, imported) for bullet in line.bullets)
    return Tell("thread", f"What callers and agents see {stage}:", lines)


def kept(seen: Seen) -> Backup:
    """The backup that a Collect gave."""
    return seen["collected"][0]


def exported(seen: Seen) -> Inventory:
    """The inventory that a Collect gave."""
    return seen["collected"][1]
