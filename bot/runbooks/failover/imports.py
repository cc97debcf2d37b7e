"""What is imported on the backup pool, with which settings, and that it arrives (runbooks: failover 9 to 13)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from bot.domain.deployment.cmdlets import Cmdlet, cmdlet, quoted
from bot.domain.deployment.impact import Stage
from bot.domain.deployment.rehearsal import Rehearsal, described, rehearse_import
from bot.domain.groups.compare import compare
from bot.domain.groups.groups import service
from bot.domain.model import Mark, Pool, Verdict
from bot.domain.runs.acts import Acts, ReadGroups, ReadSettings, Seen
from bot.domain.runs.run import Finding, Phase, Run, Tell, partner
from bot.domain.runs.runbook import Choice, Step, Then
from bot.runbooks.failover.backup import choose_another, nothing_imported, pin_chosen, read_chosen
from bot.runbooks.failover.facts import (
    CHOSEN,
    CONFLICTS,
    COPIES,
    COPIES_EQUAL,
    OFFERS,
    OVER_COPIES,
    OWN,
    RENAMED,
    REPLACE,
    REPLACEABLE,
    RESOLVE,
    SETTINGS_SAID,
)
from bot.runbooks.rows.editing import asked, changed_by_hand
from bot.runbooks.rows.exporting import export_row, exported, kept
from bot.runbooks.rows.facts import ARRIVED, NOTHING_ARRIVED, WAS_IMPORTED, before
from bot.runbooks.rows.importing import found_import, import_row, with_settings, without
from bot.runbooks.rows.people import board_tell
from bot.runbooks.rows.prerequisites import rehearsed, spared
from bot.runbooks.rows.removing import read_copies
from bot.runbooks.rows.replication import replicated
from bot.runbooks.rows.sparing import Spare
from bot.runbooks.rows.verifying import (
    audio_row,
    compared,
    differences,
    import_again,
    recordings_judged,
    settings_judged,
    verify_row,
)

_SAID = "Skipped: {pool} keeps its settings, as was said with the backup."
_SETTINGS_CAUTION = (
    "Usual: keep {backup}'s. *Replace* overwrites them, for {backup}'s own groups too; a copy is kept first. "
    "*Keep*: if {primary} can never be recovered, its settings are in the backup's record only."
)


def _command(run: Run, file: str) -> Cmdlet:
    """-OverwriteOwner is never given here: it would hide everything from `-Owner svc(P)` (facts: lync §3.3)."""
    return cmdlet(
        "Import-CsRgsConfiguration",
        Destination=service(partner(run).fqdn),
        FileName=file,
        ReplaceExistingRgsSettings=REPLACE.of(run) or None,
        ResolveNameConflicts=RESOLVE.of(run) or None,
    )


def _read_rehearsal(run: Run) -> Acts:
    """Everything that the prediction of the import rests on."""
    backup = partner(run).fqdn
    return {"held": ReadGroups(backup, backup, show_all=True), **_read_settings(run)}


def _judge_rehearsal(run: Run, seen: Seen) -> Verdict:
    """The import on a copy of what B holds: conflicts, renames, settings (seed 000)."""
    there = without(seen["held"], run.primary) if COPIES.of(run) == "clear" else seen["held"]
    held, over = with_settings(there, seen["settings"]), OVER_COPIES.to(len(there.owned_by(run.primary.fqdn).objects))
    tried = rehearse_import(partner(run), held, seen["backup"], _command(run, "rehearsal.zip"))
    if tried.refused:
        sentence = f"The import would fail: {len(tried.clashes)} name(s) are taken on {partner(run).short}."
        if not tried.clashes:
            sentence = f"The import would fail. {next(iter(tried.taken), tried.refused)}"
        lines = (*tried.sentences, *_by_hand(partner(run), tried))
        return Verdict(Mark.STOP, sentence, lines, CONFLICTS.to(len(tried.clashes)))
    renamed = [f"“{old}” becomes “{item.name}”" for old, item in tried.renamed]
    mark = Mark.WARN if renamed else Mark.PASS
    sentence = f"The import would work. {tried.sentences[0]}"
    return Verdict(mark, sentence, tried.sentences[1:], CONFLICTS.to(0) | RENAMED.to(renamed) | over)


def _by_hand(on: Pool, tried: Rehearsal) -> Iterator[str]:
    """What makes room for the import, to be run in the Management Shell of the backup pool."""
    for clash in tried.clashes:
        yield changed_by_hand(clash.held, on, "Name", quoted(f"{clash.held.name} ({on.short})"))
    for clash in tried.addresses:
        yield changed_by_hand(clash.held, on, "PrimaryUri", asked("New SIP address, such as sip:desk2@contoso.com"))


def _offer_rehearsal(run: Run, strict: bool = False) -> tuple[Choice, ...]:
    """Ways on from a rehearsal that failed; for a name conflict those of seed 000, and no new names where `strict`."""
    if run.phase is not Phase.STOPPED:
        return ()
    other = choose_another(RESOLVE.to(False) | CONFLICTS.to(0))
    if not CONFLICTS.of(run):
        return (other,)
    said = f"renamed the objects on {partner(run).short}."
    renamed = Choice("renamed", "Renamed on the backup pool", said, then=Then.AGAIN, style="primary")
    return (renamed, other) if strict else (renamed, _RESOLVE_NAMES, other)


_RESOLVE_NAMES = Choice(
    "resolve",
    "Let the import rename",
    "lets the import rename: -ResolveNameConflicts.",
    RESOLVE.to(True),
    then=Then.AGAIN,
    confirm='Imported objects get names such as "Help Desk (2)". They keep them when they come home, '
    "until somebody renames them back.",
)


_KEPT = "Skipped: the copies that are there are kept."
_RENAME = "The lines rename what is on {pool}: run them in its Management Shell. Choose other names where you like."


def rehearse_row(*, strict: bool = False) -> Step:
    """On a copy of what B holds now; a `strict` one never lets the import choose names."""
    return Step(
        key="rehearse",
        stretch="rehearsal",
        title="Rehearse the import",
        skip=lambda run: nothing_imported(run) or (_KEPT if COPIES.of(run) == "kept" else None),
        reads=_read_rehearsal,
        does=pin_chosen,
        judge=_judge_rehearsal,
        explain=lambda run: _RENAME.format(pool=partner(run).short) if CONFLICTS.of(run) else "",
        choices=lambda run: _offer_rehearsal(run, strict),
    )


REHEARSE = rehearse_row()


def _read_settings(run: Run) -> Acts:
    return {"settings": ReadSettings(partner(run).fqdn, partner(run).fqdn), **read_chosen(run)}


def _judge_settings(run: Run, seen: Seen) -> Verdict:
    """Shows both sides before people choose."""
    theirs, ours = seen["settings"], seen["backup"].settings
    sources = {offer["id"]: offer["source"] for offer in OFFERS.of(run)}
    if sources.get(CHOSEN.of(run), run.primary.fqdn) != run.primary.fqdn:
        sentence = (
            f"This backup was exported from {partner(run).short}, so it carries {partner(run).short}'s settings. "
            f"{run.primary.short}'s own are recorded with its earlier backups: `/rgs backups {run.primary.short}`."
        )
        return Verdict(Mark.WARN, sentence, facts=REPLACEABLE.to(False))
    if ours is None:
        sentence = "The backup holds no settings, so replacing would change nothing."
        return Verdict(Mark.WARN, sentence, facts=REPLACEABLE.to(False))
    differ = settings_judged(theirs, ours, f"{partner(run).short} against the backup of {run.primary.short}")
    if differ.mark is Mark.PASS:
        return Verdict(Mark.PASS, "Both pools have the same settings, so keeping them loses nothing.")
    sides = ((partner(run).short, theirs), (run.primary.short, ours))
    both = " ".join(f"{pool} has {described(side)}." for pool, side in sides)
    return Verdict(Mark.PASS, f"Settings of the whole pool differ. {both}")


def _offer_settings(run: Run) -> tuple[Choice, ...]:
    backup, primary = partner(run).short, run.primary.short
    keep = Choice(
        "keep-settings", f"Keep {backup}'s"[:75], f"keeps the settings of {backup}.", REPLACE.to(False), style="primary"
    )
    if not REPLACEABLE.of(run) or (COPIES.of(run) == "kept" and not COPIES_EQUAL.of(run)):
        # Replacing means importing, which would put the backup over copies that were kept for their later edits.
        return (keep,)
    return (
        keep,
        Choice(
            "replace-settings",
            f"Replace with {primary}'s"[:75],
            f"replaces the settings of {backup} by those of {primary}.",
            REPLACE.to(True) | COPIES.to("none"),
            confirm=f"{backup}'s own groups will use {primary}'s settings and music too. It needs a second person.",
        ),
    )


SETTINGS = Step(
    key="settings",
    stretch="settings",
    title="Choose the application-level settings",
    asks=True,
    skip=lambda run: (
        nothing_imported(run) or (_SAID.format(pool=partner(run).short) if SETTINGS_SAID.of(run) else None)
    ),
    explain=lambda run: _SETTINGS_CAUTION.format(primary=run.primary.short, backup=partner(run).short),
    reads=_read_settings,
    does=pin_chosen,
    judge=_judge_settings,
    choices=_offer_settings,
)


def _judge_keep(run: Run, seen: Seen) -> Verdict:
    """No music bytes, no replacing."""
    own, backup = exported(seen), partner(run).short
    music = own.settings.default_music if own.settings else None
    if own.settings is None:
        return Verdict(Mark.STOP, f"The export of {backup} holds no settings, so they could not be put back.")
    if music and music.unique_name not in own.audio:
        return Verdict(Mark.STOP, f"The default music of {backup} is not in its export, so it could not be put back.")
    return Verdict(Mark.PASS, f"{backup}'s own settings and music are kept.", facts=OWN.to(kept(seen).id))


KEEP = export_row(
    key="keep",
    stretch="settings",
    title="Keep the backup pool's own settings",
    skip=lambda run: None if REPLACE.of(run) else "Skipped: the settings are kept.",
    source=partner,
    owner=partner,
    because=lambda run: f"what {partner(run).short} had before {run.primary.short}'s settings replaced its own",
    judge=_judge_keep,
)


def _skip_spare(run: Run) -> str | None:
    if nothing_imported(run) or COPIES.of(run) in ("kept", "clear"):
        return "Skipped: nothing is imported over copies."
    return None if OVER_COPIES.of(run) else "Skipped: no copies are there."


SPARE = Spare(where=partner, stretch="clear", skip=_skip_spare)
"""An import puts the backup over edits that were made on these copies since."""


def _skip_import(run: Run) -> str | None:
    if why := nothing_imported(run):
        return why
    if COPIES.of(run) == "kept" and not REPLACE.of(run):
        return f"Skipped: the copies that are on {partner(run).short} are kept, and so are its settings."
    return None


def _read_arrived(run: Run) -> Acts:
    return {"live": read_copies(run)["copies"], **_read_settings(run)}


def _found_import(run: Run, seen: Seen) -> Finding:
    settings = (seen["backup"].settings, seen["settings"]) if REPLACE.of(run) else None
    return found_import(seen["backup"], seen["held"].owned_by(run.primary.fqdn), settings)


def _offer_import(run: Run) -> tuple[Choice, ...]:
    if run.phase not in (Phase.STOPPED, Phase.LOST):
        return ()
    return (Choice("rehearse", "Rehearse again", "asked to rehearse again.", then=Then.BACK, to="rehearse"),)


IMPORT = import_row(
    stretch="import",
    destination=partner,
    backup=CHOSEN.of,
    contents_of="backup",
    command=_command,
    skip=_skip_import,
    reads=lambda run: {**_read_rehearsal(run), **SPARE.reads(run)},
    unfit=SPARE.edited,
    does=pin_chosen,
    choices=lambda run: (*SPARE.choices(run), *_offer_import(run)),
    confirmed=False,
    prerequisites=lambda run: (rehearsed(run), spared(partner(run), run.primary)),
    approvals=lambda run: 2 if REPLACE.of(run) or RESOLVE.of(run) else 1,
    look=_read_rehearsal,
    found=_found_import,
)


def _skip_verify(run: Run) -> str | None:
    """Replicas are compared with the last backup as well."""
    return "Skipped: nothing was imported." if COPIES.of(run) == "without" else None


def _judge_verify(run: Run, seen: Seen, strict: bool) -> Verdict:
    """Object by object against the backup; an empty answer is called what it is, never a pass."""
    where = f"{run.primary.short}'s groups on {partner(run).short}"
    tolerate = "These copies were kept on purpose." if COPIES.of(run) == "kept" and not strict else ""
    if RESOLVE.of(run) and _only_renamed(seen):
        tolerate = "Renamed on purpose, to resolve name conflicts."
    return compared(seen["backup"], seen["live"], where, tolerate=tolerate)


def _only_renamed(seen: Seen) -> bool:
    found = compare(seen["backup"], seen["live"])
    return not (found.missing or found.extra or found.changed)


def _offer_differences(run: Run, strict: bool) -> tuple[Choice, ...]:
    if replicated(run):
        return differences(run, acceptable=True)
    acceptable = not strict and not NOTHING_ARRIVED.of(run)
    return differences(run, import_again("rehearse", COPIES.to("none")), acceptable=acceptable)


def verified_rows(*, strict: bool = False, **rest: Any) -> tuple[Step, Step]:
    """Every object, then every recording. Where it is `strict`, no difference from the backup can be accepted."""
    objects = verify_row(
        stretch="import",
        skip=_skip_verify,
        reads=_read_arrived,
        does=pin_chosen,
        judge=lambda run, seen: _judge_verify(run, seen, strict),
        choices=lambda run: _offer_differences(run, strict),
        **rest,
    )
    recordings = audio_row(
        stretch="audio",
        skip=_skip_verify,
        where=partner,
        because=lambda run: f"what arrived on {partner(run).short} in the {run.runbook} of {run.primary.short}",
        reads=read_chosen,
        does=pin_chosen,
        also=_read_settings,
        judge=lambda run, seen: _judge_audio(run, seen, strict),
        choices=lambda run: _offer_differences(run, strict),
    )
    return objects, recordings


def _judge_audio(run: Run, seen: Seen, strict: bool) -> Verdict:
    """By hash; settings are read back when they were replaced."""
    there = exported(seen)
    verdict = recordings_judged(
        seen["backup"],
        there,
        seen["settings"] if REPLACE.of(run) else None,
        partner(run).short,
        "as they are in the backup",
        whole=f"All {len(there.audio)} recordings are",
        tolerate="copies were kept." if COPIES.of(run) == "kept" and not strict else "",
    )
    return verdict if verdict.mark is Mark.STOP else replace(verdict, facts=ARRIVED.to(kept(seen).id))


def _tell_verified(run: Run) -> tuple[Tell, ...]:
    """Once: a second look changes nothing that anybody notices, and neither do copies that lay there before."""
    looks = [one for one in run.records if one.step == "verify" and one.mark in (Mark.PASS, Mark.WARN)]
    is_new = len(looks) == 1 and before(run, WAS_IMPORTED) is not True
    return (board_tell(Stage.FAILED_OVER, True),) if is_new else ()


VERIFY, AUDIO = verified_rows(tells=_tell_verified)
