"""What the rows of failback read, what their commands are, and how they are judged (runbooks, "failback")."""

from __future__ import annotations

from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.rehearsal import rehearse_import
from bot.domain.errors import BadInput, BotError
from bot.domain.groups.compare import compare, in_words
from bot.domain.groups.groups import ServiceSettings, counted, service
from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Acts, Attempt, Invoke, ReadGroups, Seen
from bot.domain.runs.run import Run, partner
from bot.domain.runs.runbook import Plan
from bot.runbooks.failback.home import before, home, import_command, more_than, primary_now
from bot.runbooks.rows.exporting import export_plan, exported, strangers, using
from bot.runbooks.rows.importing import with_settings
from bot.runbooks.rows.people import formal_groups
from bot.runbooks.rows.removing import look_for_removal, removal_plan, removed
from bot.runbooks.rows.verifying import tally


def back(run: Run) -> Acts:
    return {**primary_now(run), **_last(run)}


def _last(run: Run) -> Acts:
    """The last backup before the outage, as far as it is known; it is compared with, and nothing is made from it."""
    known = before(run, "backup")
    acts = using(run, str(known), f"compared in the failback of {run.primary.short}") if known else {}
    return {name: Attempt(act, kept=True) for name, act in acts.items()}


def _unknown(seen: Seen) -> str:
    """Why there is nothing to compare with; empty when there is."""
    last = seen.get("backup")
    if isinstance(last, BotError):
        return f"The backup that was imported cannot be read: {last.sentence}"
    return "" if last else "Which backup was imported is not known."


def judge_back(run: Run, seen: Seen) -> Verdict:
    """Only objects owned by P count: all of the last backup's, none of them, or something else (runbooks, row 1)."""
    pool, own = run.primary.short, seen["held"].owned_by(run.primary.fqdn)
    if why := _unknown(seen):
        sentence = f"{pool} answers. {why} So look yourself whether it was rebuilt."
        return Verdict(Mark.WARN, sentence, facts={"rebuilt": "unclear"})
    expected = {item.key for item in seen["backup"].objects}
    there = len(expected & {item.key for item in own.objects})
    if expected and there == len(expected):
        sentence = f"{pool} answers and still holds all {there} objects of the last backup: it was not rebuilt."
        return Verdict(Mark.PASS, sentence, facts={"rebuilt": "no"})
    if not there and seen["settings"] == ServiceSettings():
        sentence = f"{pool} answers, holds nothing of the last backup, and has default settings: it looks rebuilt."
        return Verdict(Mark.WARN, sentence, facts={"rebuilt": "likely"})
    sentence = f"{pool} answers, but holds {there} of {len(expected)} objects of the last backup. Was it rebuilt?"
    return Verdict(Mark.WARN, sentence, facts={"rebuilt": "unclear"})


def judge_rebuilt(run: Run, seen: Seen) -> Verdict:
    """Rebuild is not built yet: the run stops with the commands to run by hand, filled in."""
    primary, backup = run.primary, partner(run)
    file = f"{backup.folder}\\rebuild-{run.id}.zip"
    out = cmdlet("Export-CsRgsConfiguration", Source=service(backup.fqdn), Owner=service(primary.fqdn), FileName=file)
    into = cmdlet(
        "Import-CsRgsConfiguration",
        Destination=service(primary.fqdn),
        FileName=f"{primary.folder}\\rebuild-{run.id}.zip",
        OverwriteOwner=True,
    )
    sentence = "A rebuilt pool is not brought home by this run yet. Run these by hand, then abandon this run."
    settings = f"Add -ReplaceExistingRgsSettings to the import if {primary.short} shall take {backup.short}'s settings."
    move = str(cmdlet("Invoke-CsPoolFailBack", PoolFqdn=primary.fqdn))
    return Verdict(Mark.STOP, sentence, (str(out), move, str(into), settings))


def judge_freeze(run: Run, seen: Seen) -> Verdict:
    sentence = f"Nobody edits the groups of {run.primary.short}, on either pool, until this run is done."
    return Verdict(Mark.PASS, sentence)


def export(run: Run, seen: Seen) -> Plan:
    """Before the pool's failback, under the freeze (the seeds disagree; runbooks, row 6)."""
    because = f"what came home in the failback of {run.primary.short}"
    acts = export_plan(run, "export", partner(run), run.primary, because).acts
    return Plan({**acts, **primary_now(run)})


def judge_export(run: Run, seen: Seen) -> Verdict:
    """Every OwnerPool is P, and the import into P was rehearsed."""
    found, listed = exported(seen), seen["listed"]
    foreign = tuple(strangers(found, run.primary))
    if foreign:
        return Verdict(Mark.STOP, f"The export holds objects that {run.primary.short} does not own.", foreign)
    if not found.objects:
        return Verdict(
            Mark.STOP, f"{partner(run).short} holds nothing of {run.primary.short}: there is nothing to bring home."
        )
    facts = {"export": listed.id, "formal": list(formal_groups(found))}
    tried = rehearse_import(
        run.primary, with_settings(seen["held"], seen["settings"]), found, import_command(run, "rehearsal.zip")
    )
    if tried.refused:
        return Verdict(
            Mark.STOP, f"The import into {run.primary.short} would fail: {tried.refused}", tried.sentences, facts
        )
    sentence = f"Exported and kept: {counted(found.counts())}. The import into {run.primary.short} would work."
    return Verdict(Mark.PASS, sentence, facts=facts)


def changes(run: Run) -> Acts:
    return {**home(run), **primary_now(run), **_last(run)}


def judge_changes(run: Run, seen: Seen) -> Verdict:
    """What the outage changed, by name: import deletes nothing, so what was deleted on B is listed."""
    primary, backup = run.primary.short, partner(run).short
    there = {item.key: item for item in seen["held"].owned_by(run.primary.fqdn).objects}
    coming = {item.key for item in seen["export"].objects}
    only = more_than(coming, there.values())
    facts = {"only_on_primary": only}
    if why := _unknown(seen):
        return Verdict(Mark.WARN, f"{why} So edits cannot be told.", tuple(only), facts)
    found = compare(seen["backup"], seen["export"])
    if found.is_clean and not only:
        return Verdict(Mark.PASS, f"Nothing was edited on {backup} during the outage.", facts=facts)
    sentence = f"Edited on {backup} during the outage: {tally(found)}. These edits come home."
    if found.missing:
        sentence += f" What was deleted on {backup} stays on {primary}: import deletes nothing."
    return Verdict(Mark.WARN, sentence, (*in_words(found), *(f"Only on {primary}: {name}" for name in only)), facts)


def failback(run: Run, seen: Seen) -> Plan:
    """The same PoolFqdn as at failover (seed 004)."""
    command = cmdlet("Invoke-CsPoolFailBack", PoolFqdn=run.primary.fqdn)
    effect = (
        f"The users of {run.primary.short} are served by {run.primary.short} again. Waiting calls drop. "
        "It may take up to 60 minutes for 20,000 users.",
    )
    return Plan({"failback": Invoke(run.primary.fqdn, command)}, effect)


def judge_failback(run: Run, seen: Seen) -> Verdict:
    sentence = (
        f"{run.primary.short} serves its users again, with its old groups until the import. "
        "Still to do by hand, for conference contents: "
        f"`Invoke-CsBackupServiceSync -PoolFqdn {partner(run).fqdn} -BackupModule ConfServices.DataConf`."
    )
    return Verdict(Mark.WARN, sentence, facts={"moved": "here"})


def reread(run: Run) -> Acts:
    backup = partner(run).fqdn
    return {**home(run), "live": ReadGroups(backup, backup, run.primary.fqdn)}


def judge_reread(run: Run, seen: Seen) -> Verdict:
    """The export was taken before the failback; if B has changed since, it is taken again."""
    found = compare(seen["export"], seen["live"])
    if found.is_clean:
        return Verdict(Mark.PASS, f"{partner(run).short} is as it was when it was exported.")
    sentence = f"{partner(run).short} was edited since the export ({tally(found)}): exporting again."
    return Verdict(Mark.WARN, sentence, in_words(found), back_to="export")


def left_on_backup(run: Run) -> Acts:
    backup = partner(run).fqdn
    return {**home(run), "copies": ReadGroups(backup, backup, run.primary.fqdn)}


def cleaning(run: Run) -> Acts:
    return look_for_removal(run, "clean")


def clean(run: Run, seen: Seen) -> Plan:
    """B is cleaned only while its set is still what was brought home; otherwise an edit would be lost."""
    found = compare(seen["export"], seen["copies"])
    if not found.is_clean:
        raise BadInput(
            f"{partner(run).short} was edited since the export ({tally(found)}), and these edits are not at home. "
            "Nothing was removed. Keep the copies, or undo the edits and try again."
        )
    return removal_plan(run, "clean", seen["copies"])


def judge_clean(run: Run, seen: Seen) -> Verdict:
    return removed(run, seen)


def judge_agents(run: Run, seen: Seen) -> Verdict:
    groups = run.fact("formal", [])
    if not groups:
        return Verdict(Mark.PASS, "There are no formal groups, so nobody has to sign in again.")
    return Verdict(Mark.PASS, f"{len(groups)} formal groups: their agents were asked, in the thread, to sign in again.")


def judge_done(run: Run, seen: Seen) -> Verdict:
    primary, backup = run.primary.short, partner(run).short
    kept = "" if run.fact("clean") else f" Its copies stay on {backup} as a pre-stage."
    undo = f" {backup}'s own settings are in the backup {before(run, 'own')}." if before(run, "replaced") else ""
    return Verdict(Mark.PASS, f"{primary} is active again.{kept}{undo}")
