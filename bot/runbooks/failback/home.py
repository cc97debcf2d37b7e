"""The way home itself: the import into P, and the proof that everything is there (runbooks: failback 7 and 8)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from dataclasses import replace

from bot.domain.deployment.cmdlets import Cmdlet, cmdlet
from bot.domain.groups.fingerprint import Key
from bot.domain.groups.groups import Inventory, RgsObject, service
from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Acts, Load, ReadGroups, ReadSettings, Seen
from bot.domain.runs.run import Finding, Run, partner
from bot.domain.runs.runbook import Choice, Step, Then
from bot.runbooks.failback.facts import EXPORTED, ONLY_ON_PRIMARY
from bot.runbooks.rows.exporting import exported
from bot.runbooks.rows.facts import REPLACED, before
from bot.runbooks.rows.importing import found_import, import_row
from bot.runbooks.rows.verifying import (
    audio_row,
    compared,
    differences,
    import_again,
    recordings_differ,
    settings_judged,
    verify_row,
)


def read_primary(run: Run) -> Acts:
    """P as it is: everything on it, and its settings."""
    where = run.primary.fqdn
    return {"held": ReadGroups(where, where, show_all=True), "settings": ReadSettings(where, where)}


def read_export(run: Run) -> Acts:
    return {"export": Load(EXPORTED.of(run))}


def _read_coming(run: Run) -> Acts:
    return {**read_export(run), **read_primary(run)}


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
        ReplaceExistingRgsSettings=before(run, REPLACED) or None,
    )


def _found_import(run: Run, seen: Seen) -> Finding:
    settings = (seen["export"].settings, seen["settings"]) if before(run, REPLACED) else None
    return found_import(seen["export"], _without_extras(seen), settings)


def _without_extras(seen: Seen) -> Inventory:
    """P's own set without what is only on P: import deletes nothing, so those are no difference."""
    coming = {item.key for item in seen["export"].objects}
    return Inventory(tuple(item for item in seen["held"].objects if item.key in coming))


IMPORT = import_row(
    stretch="import",
    destination=lambda run: run.primary,
    backup=EXPORTED.of,
    contents_of="export",
    command=import_command,
    reads=_read_coming,
    approvals=lambda run: 2,
    look=_read_coming,
    found=_found_import,
)


def _read_verify(run: Run) -> Acts:
    where = run.primary.fqdn
    return {**_read_coming(run), "plain": ReadGroups(where, where)}


def _judge_verify(run: Run, seen: Seen, changes: str) -> Verdict:
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
    facts = ONLY_ON_PRIMARY.to(only)
    if new := set(only) - set(ONLY_ON_PRIMARY.of(run)):
        sentence = f"{where}: {len(new)} object(s) appeared since row {changes}, which nobody brought home."
        return Verdict(Mark.STOP, sentence, tuple(sorted(new)), facts)
    if only:
        sentence = f"{verdict.sentence} {len(only)} object(s) are only on {run.primary.short}."
        return Verdict(Mark.WARN, sentence, tuple(only), facts)
    return replace(verdict, facts=facts)


def _offer_differences(run: Run) -> tuple[Choice, ...]:
    return differences(run, import_again("import"))


def verified_row(changes: Callable[[], str]) -> Step:
    """`changes` is the number of the row that listed what is only on P."""
    return verify_row(
        stretch="verify",
        reads=_read_verify,
        judge=lambda run, seen: _judge_verify(run, seen, changes()),
        choices=_offer_differences,
    )


def _explain_extras(run: Run) -> str:
    names = ", ".join(ONLY_ON_PRIMARY.of(run)[:10])
    return (
        f"{names}. They were perhaps deleted on {partner(run).short} during the outage: import deletes nothing. "
        "To remove one, by hand: `Get-CsRgs<type> -Name <name> | Remove-CsRgs<type> -Force`."
    )


def _offer_extras(run: Run) -> tuple[Choice, ...]:
    return (
        Choice("extras-kept", "Keep them", "keeps them.", style="primary"),
        Choice("extras-removed", "They are removed", "says they were removed by hand.", then=Then.BACK, to="verify"),
    )


EXTRAS = Step(
    key="extras",
    stretch="verify",
    title="Decide about what is only here",
    asks=True,
    skip=lambda run: None if ONLY_ON_PRIMARY.of(run) else "Not needed: there is nothing more than came home.",
    explain=_explain_extras,
    choices=_offer_extras,
)


def _judge_audio(run: Run, seen: Seen) -> Verdict:
    replaced = before(run, REPLACED)
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


AUDIO = audio_row(
    stretch="verify",
    where=lambda run: run.primary,
    because=lambda run: f"what arrived at home in the failback of {run.primary.short}",
    also=_read_coming,
    judge=_judge_audio,
    choices=_offer_differences,
)
