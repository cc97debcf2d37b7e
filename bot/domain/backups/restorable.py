"""A backup tried on copies, there and home again: whether it is restorable, and what to know beforehand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from bot.domain.backups.backup import Stamp
from bot.domain.deployment.apply import apply
from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.imports import Clash
from bot.domain.deployment.rehearsal import Rehearsal, described, rehearse_import
from bot.domain.deployment.world import LivePool, world_of
from bot.domain.groups.audit import audit
from bot.domain.groups.capacity import crowded
from bot.domain.groups.compare import Comparison, compare, compare_settings, in_words
from bot.domain.groups.difference import quoted
from bot.domain.groups.fingerprint import contents, recordings, settings_print
from bot.domain.groups.groups import Inventory, Kind, RgsObject, service
from bot.domain.model import Pool

RULES = 2
"""The number of these rules: a stamp that rests on older ones holds no more."""

_SHOWN = 5
_FILE = "rehearsal.zip"


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """A backup of `primary` imported into a copy of `backup`, verified, exported with -Owner, and imported back home.

    `arrived` compares the backup with what `-Owner` shows on the backup pool, `returned` with what the primary pool
    owns afterwards, both None when the import was refused; `exported` is what left the backup pool in between.
    """

    primary: Pool
    backup: Pool
    file: Inventory
    there: Rehearsal
    arrived: Comparison | None = None
    exported: Inventory = field(default_factory=Inventory)
    home: Rehearsal | None = None
    returned: Comparison | None = None

    @property
    def faults(self) -> tuple[str, ...]:
        """What keeps the backup from being restorable, a sentence each."""
        return tuple(_faults(self))


def rests_on(primary: Pool, backup: Pool, held: Inventory) -> str:
    """A digest of everything that the verdict of a rehearsal rests on, beside the backup itself.

    `held` is what the backup pool holds, read with -ShowAll, and its settings. GUIDs count: an import knows a renamed
    object again by its GUID.
    """
    pools = [f"{pool.fqdn};{pool.edition};{pool.version};{pool.backup_pool}" for pool in (primary, backup)]
    rows = sorted(f"{item.kind};{item.guid};{item.owner};{item.name}" for item in held.objects)
    settings = settings_print(held.settings, held.audio)
    text = "\n".join([f"rules {RULES}", *pools, contents(held), settings, *rows])
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def rehearse(primary: Pool, backup: Pool, held: Inventory, file: Inventory, at: float) -> Stamp:
    """The stamp of a backup of `primary` whose contents are `file`; `held` as for `rests_on`, `at` in seconds.

    Takes seconds for thousands of objects.
    """
    trip = round_trip(primary, backup, held, file)
    faults = trip.faults
    sentences = faults or (_worked(trip),)
    return Stamp(at, not faults, backup.fqdn, rests_on(primary, backup, held), (*sentences, *_to_know(trip, held)))


def round_trip(primary: Pool, backup: Pool, held: Inventory, file: Inventory, *, resolve: bool = False) -> RoundTrip:
    """There as failover imports, home as failback does; `resolve` gives the import -ResolveNameConflicts."""
    out = cmdlet(
        "Import-CsRgsConfiguration",
        Destination=service(backup.fqdn),
        FileName=_FILE,
        ResolveNameConflicts=resolve or None,
    )
    there = rehearse_import(backup, held, file, out)
    if there.refused:
        return RoundTrip(primary, backup, file, there)
    shown, exported = _asked(primary, backup, there.after)
    back = cmdlet("Import-CsRgsConfiguration", Destination=service(primary.fqdn), FileName=_FILE, OverwriteOwner=True)
    home = rehearse_import(primary, _at_home(primary, file), exported, back)
    returned = None if home.refused else compare(file, home.after.owned_by(primary.fqdn))
    return RoundTrip(primary, backup, file, there, compare(file, shown), exported, home, returned)


def _asked(primary: Pool, backup: Pool, after: Inventory) -> tuple[Inventory, Inventory]:
    """What the backup pool then shows for -Owner, and what it exports for it, each as its cmdlet does."""
    there = LivePool(backup.fqdn, backup.edition, backup.version).holding(after.objects, after.settings, after.audio)
    world, owner = world_of([there]), service(primary.fqdn)
    shown: list[RgsObject] = []
    for kind in Kind:
        listing = cmdlet(f"Get-CsRgs{kind}", Identity=service(backup.fqdn), Owner=owner)
        shown += (RgsObject.from_row(kind, row) for row in apply(world, backup.fqdn, listing)[1])
    export = cmdlet("Export-CsRgsConfiguration", Source=service(backup.fqdn), Owner=owner, FileName=_FILE)
    written = apply(world, backup.fqdn, export)[0].pools[backup.fqdn].file(_FILE)
    return Inventory(tuple(shown)), (written and written.inventory) or Inventory()


def _at_home(primary: Pool, file: Inventory) -> Inventory:
    """The primary pool as the backup knows it: a failback that is no rebuild finds its objects still there."""
    objects = (item if item.parent == primary.fqdn else item.moved(primary.fqdn, item.owner) for item in file.objects)
    return replace(file, objects=tuple(objects))


def _faults(trip: RoundTrip) -> Iterator[str]:
    backup, primary = trip.backup.short, trip.primary.short
    if not trip.file.objects:
        yield "It holds no objects, so there is nothing in it to restore."
    elif trip.there.clashes and trip.there.refused:
        yield from _conflicts(trip)
    elif trip.there.refused:
        yield f"The import on {backup} would be refused, and nothing would change: {trip.there.refused}"
    elif trip.home and trip.home.refused:
        yield f"It would arrive on {backup}, but its way home to {primary} would be refused: {trip.home.refused}"
    else:
        yield from _lost(trip.arrived, f"Not everything would arrive on {backup} as it is in the backup")
        yield from _lost(trip.returned, f"Not everything would come home to {primary} as it is in the backup")
        lost = _lost_recordings(trip)
        if lost:
            yield f"{lost} recording(s) would not come back from {backup} as they are in the backup."


def _lost(found: Comparison | None, sentence: str) -> Iterator[str]:
    """What is only on the pool is no loss: an import deletes nothing."""
    if found and (found.missing or found.changed or found.renamed):
        yield f"{sentence}: {' '.join(in_words(replace(found, extra=(), audio=None))[:_SHOWN])}"


def _lost_recordings(trip: RoundTrip) -> int:
    """One that the zip does not hold cannot be lost on the way; `_to_know` names it."""
    before, after = (recordings(replace(side, settings=None)) for side in (trip.file, trip.exported))
    return sum(bool(sha256) and after.get(key) != sha256 for key, sha256 in before.items())


def _conflicts(trip: RoundTrip) -> Iterator[str]:
    """Both ways on from a conflict (seed 000)."""
    backup = trip.backup.short
    mine = {id(item) for item in trip.file.objects}
    twins = [clash for clash in trip.there.clashes if id(clash.held) in mine]
    taken = [clash for clash in trip.there.clashes if id(clash.held) not in mine]
    if taken:
        yield (
            f"The import on {backup} would be refused, and nothing would be imported: "
            f"{backup} has other objects with the name of {_named(taken)}."
        )
    if twins:
        yield (
            f"The import on {backup} would be refused, and nothing would be imported: "
            f"the backup itself has more than one {_named(twins)}."
        )
    where = backup if taken else trip.primary.short
    yield (
        f"Two ways on: rename them on {where} before an outage, and nothing else changes; "
        "or let the import rename with -ResolveNameConflicts."
    )


def _named(clashes: Iterable[Clash]) -> str:
    return _listed(f"{clash.item.kind.singular} {quoted(clash.item.name)}" for clash in clashes)


def _worked(trip: RoundTrip) -> str:
    return (
        f"Rehearsed: all {len(trip.file.objects)} objects arrive on {trip.backup.short}, verify with -Owner, "
        f"and come home to {trip.primary.short} as they were."
    )


def _to_know(trip: RoundTrip, held: Inventory) -> Iterator[str]:
    """What is no obstacle, and better known before the night in which it counts."""
    if trip.there.clashes and trip.there.refused:
        trip = round_trip(trip.primary, trip.backup, held, trip.file, resolve=True)
        yield from _renames(trip)
    if trip.there.refused:
        return
    yield from _staying(trip)
    yield from _settings(trip, held)
    yield from crowded(trip.backup, trip.there.after)
    findings = audit(trip.file)
    yield from _few(findings.silent, "recordings")
    yield from _few(findings.unresolved, "references that lead nowhere")


def _renames(trip: RoundTrip) -> Iterator[str]:
    renamed = [
        f"{item.kind.singular} {quoted(older)} becomes {quoted(item.name)}" for older, item in trip.there.renamed
    ]
    if not renamed or trip.there.refused:
        return
    yield f"With -ResolveNameConflicts: {_listed(renamed)}."
    if trip.returned and trip.returned.renamed:
        yield (
            "Renamed ones differ from the backup when they are verified by name. They come home to "
            f"{trip.primary.short} under the new name, and keep it until somebody renames them back."
        )


def _staying(trip: RoundTrip) -> Iterator[str]:
    extra = trip.arrived.extra if trip.arrived else ()
    if extra:
        names = _listed(f"{item.kind.singular} {quoted(item.name)}" for item in extra)
        yield (
            f"{trip.backup.short} holds copies of {trip.primary.short} that this backup does not: {names}. An import "
            "deletes nothing, so they stay and would come home too, unless the copies are removed first."
        )


def _settings(trip: RoundTrip, held: Inventory) -> Iterator[str]:
    """Application-level settings, one set per pool: kept or replaced, something is lost (facts: lync §3.4)."""
    primary, backup, theirs = trip.primary.short, trip.backup.short, trip.file.settings
    if any(item.parent == trip.backup.fqdn for item in trip.file.objects):
        yield f"It was exported from {backup}, so the settings in it are {backup}'s, not {primary}'s."
    elif theirs is None or held.settings is None:
        yield f"It holds no application-level settings: {backup} keeps its own, whatever is chosen."
    elif compare_settings(theirs, held.settings):
        yield (
            f"Settings differ: {primary} has {described(theirs)}; {backup} has {described(held.settings)}. "
            f"If they are kept, {backup} keeps its own, and {primary}'s are in this backup only. "
            f"If they are replaced, {primary}'s overwrite {backup}'s, for its own groups too, and come home with "
            "the groups."
        )


def _few(sentences: tuple[str, ...], what: str) -> Iterator[str]:
    yield from sentences[:_SHOWN]
    if len(sentences) > _SHOWN:
        yield f"And {len(sentences) - _SHOWN} more {what}."


def _listed(parts: Iterable[str]) -> str:
    every = tuple(parts)
    more = f" and {len(every) - _SHOWN} more" if len(every) > _SHOWN else ""
    return ", ".join(every[:_SHOWN]) + more
