"""How the rows of failover are judged: pure functions of what was seen, with sentences for people."""

from __future__ import annotations

from typing import Any

from bot.domain.backups.backup import Backup
from bot.domain.deployment.rehearsal import described
from bot.domain.errors import DriverError
from bot.domain.groups.capacity import capacity, slow
from bot.domain.groups.compare import compare
from bot.domain.groups.groups import Inventory, Kind
from bot.domain.model import Mark, Pool, PoolState, Verdict
from bot.domain.runs.acts import Seen
from bot.domain.runs.run import Finding, Run, partner
from bot.runbooks.failover.plans import rehearse
from bot.runbooks.rows.exporting import exported, kept
from bot.runbooks.rows.importing import found_import
from bot.runbooks.rows.people import formal_groups
from bot.runbooks.rows.removing import found_removal, removed
from bot.runbooks.rows.verifying import compared, recordings_differ, settings_judged

_RGS_MODULES = "ApplicationServer.RGS"
_AT_REST = ("FinalState", "SteadyState", "NotInitialized")


def superseded(run: Run, seen: Seen) -> Verdict:
    ended = seen["superseded"]
    if not ended:
        return Verdict(Mark.PASS, "No backup of this pool was running.")
    return Verdict(
        Mark.PASS, f"Ended {len(ended)} backup that was still running; older backups stay as they are.", ended
    )


def order(run: Run, seen: Seen) -> Verdict:
    """Refused only while B is itself failed over onto P (seed 004)."""
    backup, primary = partner(run), run.primary
    state = seen["records"][backup.fqdn].state
    if state in (PoolState.FAILING_OVER, PoolState.FAILED_OVER, PoolState.FAILING_BACK):
        first = "failback" if state is not PoolState.FAILING_OVER else "failover"
        sentence = (
            f"{backup.short} is itself {state}, onto {primary.short}, so {primary.short} cannot fail over to it. "
            f"Finish that first: `/rgs {first} {backup.short}`, and fail {backup.short} back. Then start this again."
        )
        return Verdict(Mark.STOP, sentence)
    return Verdict(Mark.PASS, f"{backup.short} is not failed over to {primary.short}.")


def pair(run: Run, seen: Seen) -> Verdict:
    """What would make the pair unfit is said, and the run goes on: the outage will not wait (facts: lync §5.9)."""
    warnings = tuple(_pair_warnings(run, seen))
    backup = partner(run).short
    if warnings:
        return Verdict(Mark.WARN, f"{backup} answers. {len(warnings)} thing(s) to know about the pair.", warnings)
    return Verdict(Mark.PASS, f"{backup} answers, is the paired pool, of the same edition, and has room for both.")


def _pair_warnings(run: Run, seen: Seen):
    primary, backup = run.primary, partner(run)
    relation = seen["relation"]
    if isinstance(relation, DriverError):
        yield f"The pairing could not be read from {backup.short}. Look at it in Topology Builder."
    elif not any(_names(row, backup.fqdn) for row in relation):
        yield f"The server does not name {backup.short} as the backup pool of {primary.short}. Look at the topology."
    if primary.edition is not backup.edition:
        yield f"{primary.short} is {primary.edition}, {backup.short} is {backup.edition} Edition: not a supported pair."
    if primary.site and primary.site == backup.site:
        yield f"Both pools are in the site {primary.site}: what took one may take the other."
    yield from _capacity(backup, seen["held"], next(iter(seen["newest"]), None))
    yield from _replicated(seen.get("service"))


def _names(row: Any, fqdn: str) -> bool:
    return any(str(value).casefold() == fqdn for value in row.values())


def _capacity(backup: Pool, held: Inventory, newest: Backup | None):
    """Each pool of a pair must carry both pools' groups (seed 000); a backup's counts do not tell menus apart."""
    most = capacity(backup).workflows
    counts = newest.counts if newest else {}
    workflows = len(held.of(Kind.WORKFLOW)) + int(counts.get(Kind.WORKFLOW, 0))
    if workflows > most:
        yield f"{backup.short} would carry {workflows} workflows; {most} are supported in an Enterprise pool."
    yield from slow(backup)


def _replicated(service: Any):
    """A green Backup Service is never counted as protection of Response Groups (runbooks, "Guards")."""
    if service is None:
        return
    if isinstance(service, DriverError):
        yield "The state of the Backup Service could not be read."
        return
    behind = [module["Identity"] for module in _modules(service) if module["ExportStatus"] not in _AT_REST]
    if behind:
        yield f"The Backup Service has not caught up: {', '.join(behind)}. Users' latest data may be missing."


def _modules(service: Any) -> list[Any]:
    return [module for row in service for module in row.get("BackupModules", ())]


def replication(run: Run, seen: Seen) -> Verdict:
    """Replication mode is not built yet: with it on, an import would meet the replicas (facts: lync §7)."""
    service = seen["service"]
    if isinstance(service, DriverError):
        sentence = f"Whether {partner(run).short} replicates Response Groups could not be read. Treated as off."
        return Verdict(Mark.WARN, sentence)
    modules = [module for module in _modules(service) if str(module["Identity"]).startswith(_RGS_MODULES)]
    if all(module["ExportStatus"] == "NotInitialized" for module in modules):
        return Verdict(Mark.PASS, "The Backup Service does not replicate Response Groups here.")
    commands = (
        f"Invoke-CsPoolFailOver -PoolFqdn {run.primary.fqdn} -DisasterMode",
        f"Get-CsRgsWorkflow -Identity service:ApplicationServer:{partner(run).fqdn} -ShowAll",
    )
    sentence = "The Backup Service replicates Response Groups here, so nothing may be imported. Do it by hand:"
    return Verdict(Mark.STOP, sentence, commands)


def cleared(run: Run, seen: Seen) -> Verdict:
    return removed(run, seen)


def found_clear(run: Run, seen: Seen) -> Finding:
    return found_removal(run, seen)


def rehearsed(run: Run, seen: Seen) -> Verdict:
    """The import on a copy of what B holds: conflicts, renames, settings (seed 000)."""
    tried = rehearse(run, seen)
    if tried.refused:
        sentence = f"The import would fail: {len(tried.clashes)} name(s) are taken on {partner(run).short}."
        facts = {"conflicts": len(tried.clashes)}
        if not tried.clashes:
            sentence = f"The import would fail: {tried.refused}"
        return Verdict(Mark.STOP, sentence, tried.sentences, facts)
    renamed = [f"“{before}” becomes “{item.name}”" for before, item in tried.renamed]
    facts = {"conflicts": 0, "renamed": renamed}
    mark = Mark.WARN if renamed else Mark.PASS
    return Verdict(mark, f"The import would work. {tried.sentences[0]}", tried.sentences[1:], facts)


def moved(run: Run, seen: Seen) -> Verdict:
    return Verdict(Mark.PASS, f"{run.primary.short} is failed over to {partner(run).short}.", facts={"moved": "here"})


def settings_choice(run: Run, seen: Seen) -> Verdict:
    """Shows both sides before people choose."""
    theirs, ours = seen["settings"], seen["backup"].settings
    sources = {offer["id"]: offer["source"] for offer in run.fact("offers", [])}
    if sources.get(run.fact("chosen"), run.primary.fqdn) != run.primary.fqdn:
        sentence = (
            f"This backup was exported from {partner(run).short}, so it carries {partner(run).short}'s settings. "
            f"{run.primary.short}'s own are recorded with its earlier backups: `/rgs backups {run.primary.short}`."
        )
        return Verdict(Mark.WARN, sentence, facts={"replaceable": False})
    if ours is None:
        sentence = "The backup holds no application-level settings: replacing would change nothing."
        return Verdict(Mark.WARN, sentence, facts={"replaceable": False})
    differ = settings_judged(theirs, ours, f"{partner(run).short} against the backup of {run.primary.short}")
    if differ.mark is Mark.PASS:
        return Verdict(Mark.PASS, "Both pools have the same settings, so keeping them loses nothing.")
    sides = ((partner(run).short, theirs), (run.primary.short, ours))
    return Verdict(Mark.PASS, "They differ:", tuple(f"{pool} has {described(side)}." for pool, side in sides))


def own_kept(run: Run, seen: Seen) -> Verdict:
    """No music bytes, no replacing."""
    own, backup = exported(seen), partner(run).short
    music = own.settings.default_music if own.settings else None
    if own.settings is None:
        return Verdict(Mark.STOP, f"The export of {backup} holds no settings, so they could not be put back.")
    if music and music.unique_name not in own.audio:
        return Verdict(Mark.STOP, f"The default music of {backup} is not in its export, so it could not be put back.")
    return Verdict(Mark.PASS, f"{backup}'s own settings and music are kept.", facts={"own": seen["listed"].id})


def imported(run: Run, seen: Seen) -> Verdict:
    return Verdict(Mark.PASS, f"Imported on {partner(run).short}. Whether everything arrived is checked next.")


def found_import_(run: Run, seen: Seen) -> Finding:
    pair_ = (seen["backup"].settings, seen["settings"]) if run.fact("replace") else None
    return found_import(seen["backup"], seen["live"], pair_)


def verified(run: Run, seen: Seen) -> Verdict:
    """Object by object against the backup; an empty answer is called what it is, never a pass."""
    where = f"{run.primary.short}'s groups on {partner(run).short}"
    tolerate = "These copies were kept on purpose." if run.fact("copies") == "kept" else ""
    if run.fact("resolve") and _only_renamed(seen):
        tolerate = "Renamed on purpose, to resolve name conflicts."
    verdict = compared(seen["backup"], seen["live"], where, tolerate=tolerate)
    nothing = not seen["live"].objects and bool(seen["backup"].objects)
    return Verdict(verdict.mark, verdict.sentence, verdict.details, {"nothing_arrived": nothing})


def _only_renamed(seen: Seen) -> bool:
    found = compare(seen["backup"], seen["live"])
    return not (found.missing or found.extra or found.changed)


def audio(run: Run, seen: Seen) -> Verdict:
    """Get shows no audio, so what arrived is exported and compared by hash; settings are read back when replaced."""
    expected, there = seen["backup"], exported(seen)
    lines = recordings_differ(expected, there, settings=bool(run.fact("replace")))
    facts = {"arrived": kept(seen).id}
    if lines and run.fact("copies") != "kept":
        sentence = f"{len(lines)} recording(s) did not arrive as they are in the backup."
        return Verdict(Mark.STOP, sentence, lines)
    if run.fact("replace"):
        back = settings_judged(expected.settings, seen["settings"], partner(run).short)
        if back.mark is Mark.STOP:
            return back
    if lines:
        return Verdict(Mark.WARN, f"{len(lines)} recording(s) differ from the backup: copies were kept.", lines, facts)
    return Verdict(Mark.PASS, f"All {len(there.audio)} recordings are there, byte for byte.", facts=facts)


def agents(run: Run, seen: Seen) -> Verdict:
    groups = formal_groups(seen["backup"])
    if not groups:
        return Verdict(Mark.PASS, "There are no formal groups, so nobody has to sign in again.", facts={"formal": []})
    sentence = f"{len(groups)} formal groups: their agents were asked, in the thread, to sign in again."
    return Verdict(Mark.PASS, sentence, facts={"formal": list(groups)})


def done(run: Run, seen: Seen) -> Verdict:
    primary, backup = run.primary.short, partner(run).short
    sentence = (
        f"{primary} is failed over to {backup}. Until failback its groups are managed by Management Shell only, "
        "not by Control Panel nor the Response Group Configuration Tool. "
        f"{backup} is exported for {primary} on {primary}'s schedule, so edits are not lost."
    )
    return Verdict(Mark.PASS, sentence)
