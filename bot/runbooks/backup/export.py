"""The export itself: taken, brought here, checked against the pool and the deployment (seeds 000 and 003 step 2)."""

from __future__ import annotations

from bot.domain.errors import DriverError
from bot.domain.groups.audit import audit
from bot.domain.groups.compare import compare, in_words
from bot.domain.groups.groups import counted
from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Acts, Attempt, Collect, Load, ReadGroups, Seen
from bot.domain.runs.facts import FILE, KEPT_AS, source
from bot.domain.runs.run import Phase, Run
from bot.domain.runs.runbook import Choice, Step, Then
from bot.runbooks.backup.facts import (
    COUNTS,
    EDITED,
    EMPTY,
    EXPORTED_TWICE,
    SETTINGS,
    SHA256,
    SIZE,
    WARNINGS,
    WITH_OWNER,
)
from bot.runbooks.backup.origin import nothing_to_export, owner
from bot.runbooks.rows.exporting import export_row, kept, strangers
from bot.runbooks.rows.verifying import equal, tally


def _judge_export(run: Run, seen: Seen) -> Verdict:
    return Verdict(Mark.PASS, f"Exported on {source(run).short}.")


EXPORT = export_row(
    key="export",
    stretch="export",
    title="Export",
    skip=nothing_to_export,
    source=source,
    owner=owner,
    kept_as=lambda run: f"{run.id}-{run.attempt + 1}",
    judge=_judge_export,
)


def _do_fetch(run: Run, seen: Seen) -> Acts:
    file, name = FILE.of(run), KEPT_AS.of(run)
    return {"collected": Collect(source(run).fqdn, file, name, run.primary.fqdn, run.id, SETTINGS.of(run))}


def _judge_fetch(run: Run, seen: Seen) -> Verdict:
    backup = kept(seen)
    facts = SHA256.to(backup.sha256) | SIZE.to(backup.size) | COUNTS.to(dict(backup.counts))
    return Verdict(Mark.PASS, f"{backup.size:,} bytes are here; both ends agree on them.", facts=facts)


FETCH = Step(
    key="fetch",
    stretch="fetch",
    title="Bring the export here",
    skip=nothing_to_export,
    does=_do_fetch,
    judge=_judge_fetch,
)


def _read_zip(run: Run) -> Acts:
    return {"zip": Load(KEPT_AS.of(run))}


def _judge_owners(run: Run, seen: Seen) -> Verdict:
    foreign = tuple(strangers(seen["zip"], run.primary))
    if not seen["zip"].objects and not EMPTY.of(run):
        sentence = (
            f"The export holds nothing of {run.primary.short}. An empty backup would restore nothing, "
            "so older backups stay the newest."
        )
        return Verdict(Mark.STOP, sentence)
    if not foreign:
        return Verdict(Mark.PASS, f"It holds {counted(COUNTS.of(run))}, all owned by {run.primary.short}.")
    if WITH_OWNER.of(run):
        return Verdict(Mark.STOP, f"The export holds objects that {run.primary.short} does not own.", foreign)
    sentence = f"The export holds copies of another pool; exporting again with -Owner {run.primary.fqdn}."
    return Verdict(Mark.WARN, sentence, foreign, WITH_OWNER.to(True), back_to="export")


def _offer_owners(run: Run) -> tuple[Choice, ...]:
    """For a pool that never had a group."""
    if run.phase is not Phase.STOPPED or any(COUNTS.of(run).values()):
        return ()
    return (Choice("empty", "It is meant to be empty", "says it is meant to be.", EMPTY.to(True), then=Then.AGAIN),)


OWNERS = Step(
    key="owners",
    stretch="owners",
    title="Check whose groups these are",
    skip=nothing_to_export,
    reads=_read_zip,
    judge=_judge_owners,
    choices=_offer_owners,
)


def _read_live(run: Run) -> Acts:
    where, whose = source(run).fqdn, owner(run)
    return {**_read_zip(run), "live": ReadGroups(where, where, whose.fqdn if whose else None)}


def _judge_live(run: Run, seen: Seen) -> Verdict:
    found = compare(seen["zip"], seen["live"])
    if found.is_clean:
        return equal(f"The export and the pool agree on all {found.expected} objects.", found)
    if not EXPORTED_TWICE.of(run):
        sentence = f"The export and the pool disagree ({tally(found)}); somebody may be editing. Exporting once more."
        return Verdict(Mark.WARN, sentence, in_words(found), EXPORTED_TWICE.to(True), back_to="export")
    sentence = f"The export and the pool still disagree ({tally(found)}): somebody is editing. The backup is kept."
    return Verdict(Mark.WARN, sentence, in_words(found), EDITED.to(tally(found)))


LIVE = Step(
    key="live",
    stretch="live",
    title="Compare export and pool",
    skip=nothing_to_export,
    reads=_read_live,
    judge=_judge_live,
)


def _read_audit(run: Run) -> Acts:
    return {**_read_zip(run), "everywhere": Attempt(ReadGroups(source(run).fqdn, None, show_all=True))}


def _judge_audit(run: Run, seen: Seen) -> Verdict:
    everywhere = seen["everywhere"]
    unread = isinstance(everywhere, DriverError)
    elsewhere = () if unread else (item for item in everywhere.objects if item.owner != run.primary.fqdn)
    findings = audit(seen["zip"], elsewhere=elsewhere, owner=run.primary.fqdn)
    alone = "Another pool could not be read, so names were not compared across the deployment."
    warnings = (*findings.sentences, *([alone] if unread else []))
    if not warnings:
        return Verdict(Mark.PASS, "Names are unique in the deployment, audio is present, references resolve.")
    sentence = f"{len(warnings)} thing{'s' if len(warnings) > 1 else ''} to mend before an outage."
    return Verdict(Mark.WARN, sentence, warnings, WARNINGS.to(list(warnings)))


AUDIT = Step(
    key="audit",
    stretch="audit",
    title="Check names, references and audio",
    skip=nothing_to_export,
    reads=_read_audit,
    judge=_judge_audit,
)
