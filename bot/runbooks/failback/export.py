"""What comes home, exported under the freeze, with the names that it had before (runbooks: failback 3)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.domain.access import Need
from bot.domain.deployment.cmdlets import quoted
from bot.domain.deployment.rehearsal import rehearse_import
from bot.domain.groups.groups import Inventory, RgsObject, counted
from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Seen
from bot.domain.runs.run import Phase, Run, home, partner
from bot.domain.runs.runbook import Choice, Step, Then
from bot.runbooks.failback.arrival import import_command, read_home
from bot.runbooks.failback.facts import CAME_HOME, EXPORTED, NAMES_STAY, NOTHING_THERE
from bot.runbooks.failback.lost import bare, lost, without_backup_pool, without_groups
from bot.runbooks.rows.attesting import attested
from bot.runbooks.rows.copies import stage_of
from bot.runbooks.rows.editing import changed_by_hand
from bot.runbooks.rows.exporting import export_row, exported, kept, strangers
from bot.runbooks.rows.facts import RESOLVED, before
from bot.runbooks.rows.importing import with_settings
from bot.runbooks.rows.removing import read_copies
from bot.runbooks.rows.replication import replicated

_NUMBERED = re.compile(r"(?P<name>.+) \(\d+\)", re.DOTALL)


def _skip_names(run: Run) -> str | None:
    return lost(run) or (None if before(run, RESOLVED) else "Skipped: nothing was renamed.")


def _numbered(copies: Inventory) -> list[tuple[RgsObject, str]]:
    found = ((item, _NUMBERED.fullmatch(item.name)) for item in copies.objects)
    return [(item, match["name"]) for item, match in found if match]


def _judge_names(run: Run, seen: Seen) -> Verdict:
    found = _numbered(seen["copies"])
    lines = tuple(changed_by_hand(item, partner(run), "Name", quoted(name)) for item, name in found)
    return Verdict(Mark.PASS, f"{len(found)} name(s) with a number on {partner(run).short}.", lines)


def _offer_names(run: Run) -> tuple[Choice, ...]:
    if run.phase is Phase.STOPPED:
        return without_backup_pool(run)
    said = f"renamed the objects on {partner(run).short} back"
    means = "They are read again before anything is exported."
    stay = "leaves the new names; they come home."
    return (
        attested("names-back", "Names are back", said, means, NAMES_STAY.to(False), style="primary"),
        Choice("names-stay", "Leave the new names", stay, NAMES_STAY.to(True)),
    )


NAMES = Step(
    key="names",
    stretch="export",
    title="Change names back",
    asks=True,
    skip=_skip_names,
    explain=lambda run: 'Names such as "Help Desk (2)" would come home. Rename them on the backup pool first.',
    reads=read_copies,
    judge=_judge_names,
    choices=_offer_names,
)


def _judge_renamed(run: Run, seen: Seen) -> Verdict:
    names = tuple(f"{item.kind.singular} “{item.name}”" for item, _ in _numbered(seen["copies"]))
    if names:
        return Verdict(Mark.STOP, f"{len(names)} name(s) still have a number.", names)
    return Verdict(Mark.PASS, "No name has a number any longer.")


def _offer_renamed(run: Run) -> tuple[Choice, ...]:
    if run.phase is not Phase.STOPPED:
        return ()
    again = Choice("again", "Show the names", "asked to see the names again.", then=Then.BACK, to=NAMES.key)
    own = Choice("names-own", "They were always called so", "says these are the names they always had.")
    return (again, own, *without_backup_pool(run))


NAMES_READ = Step(
    key="names-seen",
    stretch="export",
    title="Read the names again",
    skip=lambda run: _skip_names(run) or ("Skipped: the new names stay." if NAMES_STAY.of(run) else None),
    reads=read_copies,
    judge=_judge_renamed,
    choices=_offer_renamed,
)


def _judge_export(run: Run, seen: Seen) -> Verdict:
    """Every OwnerPool is P, and the import at home was rehearsed; replicas are only kept."""
    found, backup = exported(seen), kept(seen)
    foreign = tuple(strangers(found, run.primary))
    if foreign:
        return Verdict(Mark.STOP, f"The export holds objects that {run.primary.short} does not own.", foreign)
    if not found.objects:
        sentence = f"{partner(run).short} holds nothing of {run.primary.short}: there is nothing to bring home."
        return Verdict(Mark.STOP, sentence, facts=NOTHING_THERE.to(True))
    facts = EXPORTED.to(backup.id) | CAME_HOME.to(stage_of(backup)) | NOTHING_THERE.to(False)
    if replicated(run):
        return Verdict(Mark.PASS, f"Exported and kept, to compare with: {counted(found.counts())}.", facts=facts)
    held = with_settings(seen["held"], seen["settings"])
    tried = rehearse_import(home(run), held, found, import_command(run, "rehearsal.zip"))
    where = home(run).short
    if tried.refused:
        return Verdict(Mark.STOP, f"The import into {where} would fail: {tried.refused}", tried.sentences, facts)
    renamed = tuple(_renamed(held, found))
    sentence = f"Exported and kept: {counted(found.counts())}. The import into {where} would work."
    if renamed:
        told = f"{sentence} It would rename {len(renamed)} living object(s) there."
        return Verdict(Mark.WARN, told, renamed, facts)
    return Verdict(Mark.PASS, sentence, facts=facts)


def _renamed(held: Inventory, coming: Inventory) -> Iterator[str]:
    """Living objects at home that the import would rename: the same ones, under another name."""
    there = {(item.kind, item.guid): item for item in held.objects}
    names = {item.key for item in held.objects}
    for item in coming.objects:
        living = there.get((item.kind, item.guid))
        if living is not None and living.key != item.key and item.key not in names:
            yield f"The living {item.kind.singular} “{living.name}” would be called “{item.name}”."


EXPORT = export_row(
    # Before the pool's failback, under the freeze (the seeds disagree; runbooks, row 7).
    key="export",
    stretch="export",
    title="Export the groups",
    need=Need.ADMIN,
    skip=bare,
    source=partner,
    owner=lambda run: run.primary,
    because=lambda run: f"what came home in the {run.runbook} of {run.primary.short}",
    also=read_home,
    judge=_judge_export,
    choices=lambda run: (*without_groups(run), *without_backup_pool(run)),
)
