"""The way home itself: the import into P, and the proof that everything is there (runbooks: failback 7 and 8)."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import replace

from bot.domain.deployment.cmdlets import Cmdlet, cmdlet
from bot.domain.deployment.rehearsal import rehearse_import
from bot.domain.groups.fingerprint import Key
from bot.domain.groups.groups import Inventory, RgsObject, service
from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Acts, Load, ReadGroups, ReadSettings, Seen
from bot.domain.runs.run import Finding, Run, fresh_file
from bot.domain.runs.runbook import Plan
from bot.runbooks.rows.exporting import export_plan, exported
from bot.runbooks.rows.importing import basis, found_import, import_plan, with_settings
from bot.runbooks.rows.verifying import compared, recordings_differ, settings_judged


def before(run: Run, key: str, default: object = None) -> object:
    """What the failover left behind: "backup", "replaced", "resolved", "imported"."""
    return run.fact("before", {}).get(key, default)


def primary_now(run: Run) -> Acts:
    """P as it is: everything on it, and its settings."""
    where = run.primary.fqdn
    return {"held": ReadGroups(where, where, show_all=True), "settings": ReadSettings(where, where)}


def home(run: Run) -> Acts:
    return {"export": Load(run.fact("export"))}


def more_than(coming: Set[Key], objects: Iterable[RgsObject]) -> list[str]:
    """Names of objects that do not come home: import deletes nothing, so they stay."""
    return [f"{item.kind.singular} “{item.name}”" for item in objects if item.key not in coming]


def import_command(run: Run, file: str) -> Cmdlet:
    """The replace switch only when failover replaced B's settings: the file carries B's (runbooks, row 7)."""
    return cmdlet(
        "Import-CsRgsConfiguration",
        Destination=service(run.primary.fqdn),
        FileName=file,
        OverwriteOwner=True,
        ReplaceExistingRgsSettings=bool(before(run, "replaced")) or None,
    )


def coming_home(run: Run) -> Acts:
    return {**home(run), **primary_now(run)}


def import_(run: Run, seen: Seen) -> Plan:
    primary = run.primary
    file = fresh_file(run, primary, "import")
    held, command = with_settings(seen["held"], seen["settings"]), import_command(run, file)
    tried = rehearse_import(primary, held, seen["export"], command)
    return import_plan(primary, file, run.fact("export"), command, tried.sentences, basis(held, seen["export"]))


def judge_import(run: Run, seen: Seen) -> Verdict:
    return Verdict(Mark.PASS, f"Imported on {run.primary.short}. Whether everything arrived is checked next.")


def found_home(run: Run, seen: Seen) -> Finding:
    settings = (seen["export"].settings, seen["settings"]) if before(run, "replaced") else None
    return found_import(seen["export"], _without_extras(seen), settings)


def _without_extras(seen: Seen) -> Inventory:
    """P's own set without what is only on P: import deletes nothing, so those are no difference."""
    coming = {item.key for item in seen["export"].objects}
    return Inventory(tuple(item for item in seen["held"].objects if item.key in coming))


def verify(run: Run) -> Acts:
    where = run.primary.fqdn
    return {**coming_home(run), "plain": ReadGroups(where, where)}


def judge_verify(run: Run, seen: Seen) -> Verdict:
    """With -ShowAll and without it, the same set: what is hidden without it would not be owned by P."""
    own = seen["held"].owned_by(run.primary.fqdn)
    where = f"{run.primary.short}'s groups at home"
    verdict = compared(seen["export"], _without_extras({**seen, "held": own}), where)
    if verdict.mark is Mark.STOP:
        return verdict
    if {item.key for item in own.objects} != {item.key for item in seen["plain"].objects}:
        return Verdict(
            Mark.STOP, f"{where}: the list without -ShowAll differs from the one with it. Look at the owners."
        )
    coming = {item.key for item in seen["export"].objects}
    only = more_than(coming, own.objects)
    facts = {"only_on_primary": only}
    if new := set(only) - set(run.fact("only_on_primary", ())):
        sentence = f"{where}: {len(new)} object(s) appeared since row 4, which nobody brought home."
        return Verdict(Mark.STOP, sentence, tuple(sorted(new)), facts)
    if only:
        sentence = f"{verdict.sentence} {len(only)} object(s) are only on {run.primary.short}."
        return Verdict(Mark.WARN, sentence, tuple(only), facts)
    return replace(verdict, facts=facts)


def audio(run: Run, seen: Seen) -> Plan:
    because = f"what arrived at home in the failback of {run.primary.short}"
    exporting = export_plan(run, "audio", run.primary, run.primary, because, listed=False)
    return Plan({**exporting.acts, **coming_home(run)})


def judge_audio(run: Run, seen: Seen) -> Verdict:
    replaced = bool(before(run, "replaced"))
    found = exported(seen)
    there = replace(_without_extras({**seen, "held": found}), settings=found.settings, audio=found.audio)
    lines = recordings_differ(seen["export"], there, settings=replaced)
    if lines:
        return Verdict(Mark.STOP, f"{len(lines)} recording(s) did not arrive as they were exported.", lines)
    if replaced:
        settings = settings_judged(seen["export"].settings, seen["settings"], run.primary.short)
        if settings.mark is Mark.STOP:
            return settings
    return Verdict(Mark.PASS, "Every recording is there, byte for byte.")
