"""The daily export of one pool, read back and compared before it counts (seeds 000, 001, 003 step 2)."""

from __future__ import annotations

from bot.domain.errors import DriverError
from bot.domain.groups.audit import audit
from bot.domain.groups.compare import compare as compare_objects
from bot.domain.groups.compare import in_words
from bot.domain.groups.groups import counted
from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Acts, Attempt, Collect, Invoke, Load, ReadGroups, Seen
from bot.domain.runs.run import Phase, Run, fresh_file, source
from bot.domain.runs.runbook import Choice, Left, Plan, Runbook, Step, StepKind, Then
from bot.runbooks.backup import keeping, origin
from bot.runbooks.rows.exporting import export_command, kept, strangers
from bot.runbooks.rows.verifying import tally


def _export(run: Run, seen: Seen) -> Plan:
    file = fresh_file(run, source(run), "export")
    return Plan({"export": Invoke(source(run).fqdn, export_command(source(run), file, owner=origin.owner(run)))})


def _judge_export(run: Run, seen: Seen) -> Verdict:
    facts = {"file": f"{source(run).folder}\\{run.id}-export-{run.attempt}.zip", "kept": f"{run.id}-{run.attempt}"}
    return Verdict(Mark.PASS, f"Exported on {source(run).short}.", facts=facts)


def _fetch(run: Run) -> Acts:
    settings = run.fact("settings")
    where = source(run).fqdn
    return {"collected": Collect(where, run.fact("file"), run.fact("kept"), run.primary.fqdn, run.id, settings)}


def _judge_fetch(run: Run, seen: Seen) -> Verdict:
    backup = kept(seen)
    facts = {"sha256": backup.sha256, "size": backup.size, "counts": dict(backup.counts)}
    return Verdict(Mark.PASS, f"{backup.size:,} bytes are here; both ends agree on them.", facts=facts)


def _kept_zip(run: Run) -> Acts:
    return {"zip": Load(run.fact("kept"))}


def _judge_owners(run: Run, seen: Seen) -> Verdict:
    foreign = tuple(strangers(seen["zip"], run.primary))
    if not seen["zip"].objects and not run.fact("empty"):
        sentence = (
            f"The export holds nothing of {run.primary.short}. An empty backup would restore nothing, "
            "so older backups stay the newest."
        )
        return Verdict(Mark.STOP, sentence)
    if not foreign:
        return Verdict(Mark.PASS, f"It holds {counted(run.fact('counts', {}))}, all owned by {run.primary.short}.")
    if run.fact("with_owner"):
        return Verdict(Mark.STOP, f"The export holds objects that {run.primary.short} does not own.", foreign)
    sentence = f"The export holds copies of another pool; exporting again with -Owner {run.primary.fqdn}."
    return Verdict(Mark.WARN, sentence, foreign, {"with_owner": True}, back_to="export")


def _empty(run: Run) -> tuple[Choice, ...]:
    """For a pool that never had a group."""
    if run.phase is not Phase.STOPPED or any(run.fact("counts", {}).values()):
        return ()
    return (Choice("empty", "It is meant to be empty", "says it is meant to be.", {"empty": True}, then=Then.AGAIN),)


def _live(run: Run) -> Acts:
    owner = origin.owner(run)
    return {**_kept_zip(run), "live": ReadGroups(source(run).fqdn, source(run).fqdn, owner.fqdn if owner else None)}


def _judge_live(run: Run, seen: Seen) -> Verdict:
    found = compare_objects(seen["zip"], seen["live"])
    if found.is_clean:
        return Verdict(Mark.PASS, f"The export and the pool agree on all {found.expected} objects.")
    if not run.fact("exported_twice"):
        sentence = f"The export and the pool disagree ({tally(found)}); somebody may be editing. Exporting once more."
        return Verdict(Mark.WARN, sentence, in_words(found), {"exported_twice": True}, back_to="export")
    sentence = f"The export and the pool still disagree ({tally(found)}): somebody is editing. The backup is kept."
    return Verdict(Mark.WARN, sentence, in_words(found), {"edited": tally(found)})


def _deployment(run: Run) -> Acts:
    return {**_kept_zip(run), "everywhere": Attempt(ReadGroups(source(run).fqdn, None, show_all=True))}


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
    return Verdict(Mark.WARN, sentence, warnings, {"warnings": list(warnings)})


def _left(run: Run) -> Left:
    return Left("Nothing was changed on the pool, and older backups stay as they are.")


BACKUP = Runbook(
    key="backup",
    title="Backup",
    quiet=True,
    left=_left,
    steps=(
        Step(
            "answers", "1", "Ask the pool", StepKind.JUDGE, reads=origin.answers, judge=origin.judge_answers, again=True
        ),
        *origin.while_there_is_something(
            Step("export", "2", "Export", StepKind.CMD, plan=_export, judge=_judge_export, again=True),
            Step("fetch", "3", "Bring the export here", StepKind.WORK, reads=_fetch, judge=_judge_fetch),
            Step(
                "owners",
                "4",
                "Check whose groups these are",
                StepKind.JUDGE,
                reads=_kept_zip,
                judge=_judge_owners,
                choices=_empty,
            ),
            Step("live", "5", "Compare export and pool", StepKind.JUDGE, reads=_live, judge=_judge_live),
            Step(
                "audit", "6", "Check names, references and audio", StepKind.JUDGE, reads=_deployment, judge=_judge_audit
            ),
            Step("rehearse", "7", "Rehearse", StepKind.WORK, reads=keeping.rehearse, judge=keeping.judge_rehearsal),
            Step(
                "size", "8", "Compare with the one before", StepKind.JUDGE, reads=keeping.size, judge=keeping.judge_size
            ),
            Step(
                "store",
                "8",
                "Store",
                StepKind.WORK,
                reads=keeping.store,
                judge=keeping.judge_store,
                tells=keeping.store_tells,
            ),
        ),
        Step(
            "shrunk",
            "8",
            "Is it meant to be this small?",
            StepKind.ASK,
            skip=keeping.not_shrunk,
            explain=keeping.shrunk_explained,
            choices=keeping.shrunk_ways,
        ),
        Step(
            "whole",
            "8",
            "Count it as whole",
            StepKind.WORK,
            skip=keeping.not_meant,
            reads=keeping.unflag,
            judge=keeping.judge_unflagged,
        ),
        Step("told", "9", "Told", StepKind.TELL, reads=origin.told, judge=keeping.judge_told, tells=keeping.tell),
    ),
)
