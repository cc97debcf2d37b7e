"""What comes home: exported under the freeze, and what the outage changed in it (runbooks: failback 3 and 4)."""

from __future__ import annotations

from bot.domain.deployment.rehearsal import rehearse_import
from bot.domain.groups.compare import compare, in_words
from bot.domain.groups.groups import counted
from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Acts, Seen
from bot.domain.runs.run import Run, partner
from bot.domain.runs.runbook import Choice, Step
from bot.runbooks.failback.facts import EXPORTED, ONLY_ON_PRIMARY
from bot.runbooks.failback.home import import_command, more_than, read_export, read_primary
from bot.runbooks.failback.last import nothing_to_compare, pin_last, read_last
from bot.runbooks.rows.exporting import export_row, exported, strangers
from bot.runbooks.rows.facts import FORMAL, RESOLVED, before
from bot.runbooks.rows.importing import with_settings
from bot.runbooks.rows.people import formal_groups
from bot.runbooks.rows.verifying import equal, tally


def _offer_names(run: Run) -> tuple[Choice, ...]:
    said = f"renamed the objects on {partner(run).short} back."
    return (
        Choice("names-back", "Names are back", said, style="primary"),
        Choice("names-stay", "Leave the new names", "leaves the new names; they come home."),
    )


NAMES = Step(
    key="names",
    stretch="export",
    title="Change names back",
    asks=True,
    skip=lambda run: None if before(run, RESOLVED) else "Not needed: nothing was renamed.",
    explain=lambda run: 'Names such as "Help Desk (2)" would come home. Rename them on the backup pool first.',
    choices=_offer_names,
)


def _judge_export(run: Run, seen: Seen) -> Verdict:
    """Every OwnerPool is P, and the import into P was rehearsed."""
    found, listed = exported(seen), seen["listed"]
    foreign = tuple(strangers(found, run.primary))
    if foreign:
        return Verdict(Mark.STOP, f"The export holds objects that {run.primary.short} does not own.", foreign)
    if not found.objects:
        return Verdict(
            Mark.STOP, f"{partner(run).short} holds nothing of {run.primary.short}: there is nothing to bring home."
        )
    facts = EXPORTED.to(listed.id) | FORMAL.to(formal_groups(found))
    held = with_settings(seen["held"], seen["settings"])
    tried = rehearse_import(run.primary, held, found, import_command(run, "rehearsal.zip"))
    if tried.refused:
        return Verdict(
            Mark.STOP, f"The import into {run.primary.short} would fail: {tried.refused}", tried.sentences, facts
        )
    sentence = f"Exported and kept: {counted(found.counts())}. The import into {run.primary.short} would work."
    return Verdict(Mark.PASS, sentence, facts=facts)


EXPORT = export_row(
    # Before the pool's failback, under the freeze (the seeds disagree; runbooks, row 6).
    key="export",
    stretch="export",
    title="Export the groups",
    source=partner,
    owner=lambda run: run.primary,
    because=lambda run: f"what came home in the failback of {run.primary.short}",
    also=read_primary,
    judge=_judge_export,
)


def _read_changes(run: Run) -> Acts:
    return {**read_export(run), **read_primary(run), **read_last(run)}


def _judge_changes(run: Run, seen: Seen) -> Verdict:
    """What the outage changed, by name: import deletes nothing, so what was deleted on B is listed."""
    primary, backup = run.primary.short, partner(run).short
    there = {item.key: item for item in seen["held"].owned_by(run.primary.fqdn).objects}
    coming = {item.key for item in seen["export"].objects}
    only = more_than(coming, there.values())
    facts = ONLY_ON_PRIMARY.to(only)
    if why := nothing_to_compare(seen):
        return Verdict(Mark.WARN, f"{why} So edits cannot be told.", tuple(only), facts)
    found = compare(seen["backup"], seen["export"])
    if found.is_clean and not only:
        return equal(f"Nothing was edited on {backup} during the outage.", found, facts)
    sentence = f"Edited on {backup} during the outage: {tally(found)}. These edits come home."
    if found.missing:
        sentence += f" What was deleted on {backup} stays on {primary}: import deletes nothing."
    return Verdict(Mark.WARN, sentence, (*in_words(found), *(f"Only on {primary}: {name}" for name in only)), facts)


CHANGES = Step(
    key="changes",
    stretch="changes",
    title="Find what the outage changed",
    reads=_read_changes,
    does=pin_last,
    judge=_judge_changes,
)
