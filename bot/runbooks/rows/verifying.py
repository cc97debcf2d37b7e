"""Comparing what should be there with what is there, object by object."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from bot.domain.groups.compare import Comparison, compare, compare_settings, in_words, remarks
from bot.domain.groups.difference import change_in_words
from bot.domain.groups.groups import Inventory, ServiceSettings
from bot.domain.model import Mark, Pool, Verdict
from bot.domain.runs.opening import NOTHING
from bot.domain.runs.run import Phase, Run
from bot.domain.runs.runbook import Choice, Field, Step, Then
from bot.runbooks.rows.exporting import export_row
from bot.runbooks.rows.facts import ACCEPTED, NOTHING_ARRIVED
from bot.runbooks.rows.people import CALLS, to_check


def verify_row(**rest: Any) -> Step:
    """Object by object, by what can be read."""
    return Step(key="verify", title="Verify every object", explain=lambda run: to_check(run, _CHECK), **rest)


_CHECK = dict.fromkeys(CALLS, "A test call failed, so every object is compared again.")


def audio_row(
    *, where: Callable[[Run], Pool], owner: Callable[[Run], Pool] = lambda run: run.primary, **rest: Any
) -> Step:
    """Get-CsRgs* shows no bytes, so what arrived is exported again and compared by hash."""
    return export_row(
        key="audio",
        title="Verify every recording",
        source=where,
        owner=owner,
        listed=False,
        **rest,
    )


def compared(expected: Inventory, actual: Inventory, where: str, *, tolerate: str = "") -> Verdict:
    """Object by object. A difference stops, unless `tolerate` says why it was expected; an empty answer always does."""
    if not expected.objects:
        return Verdict(Mark.STOP, f"{where}: there is nothing to compare with, so nothing was verified.")
    found = compare(expected, actual)
    facts = NOTHING_ARRIVED.to(found.nothing_arrived)
    if found.nothing_arrived:
        return Verdict(Mark.STOP, f"{where}: nothing came back. {' '.join(in_words(found))}", facts=facts)
    if found.is_clean:
        return equal(f"{where}: all {found.expected} objects are there and equal.", found, facts)
    sentence = f"{where}: {tally(found)}."
    if tolerate:
        return Verdict(Mark.WARN, f"{sentence} {tolerate}", in_words(found), facts)
    return Verdict(Mark.STOP, sentence, in_words(found), facts)


def equal(sentence: str, found: Comparison, facts: Mapping[str, Any] = NOTHING) -> Verdict:
    """No difference, and what is to be known of it all the same."""
    return Verdict(Mark.PASS, " ".join((sentence, *remarks(found))), facts=facts)


def tally(found: Comparison) -> str:
    """“2 missing, 1 changed”, in the order of how much they hurt."""
    changed = len({(change.kind, change.name) for change in found.changed})
    counts = (
        (len(found.missing), "missing"),
        (changed, "changed"),
        (len(found.renamed), "renamed"),
        (len(found.extra), "more than expected"),
        (len(found.audio or ()), "recordings that differ"),
    )
    return ", ".join(f"{count} {word}" for count, word in counts if count) or "no difference"


def recordings_judged(
    expected: Inventory,
    actual: Inventory,
    settings: ServiceSettings | None,
    where: str,
    unlike: str,
    *,
    whole: str = "Every recording is",
    tolerate: str = "",
) -> Verdict:
    """By hash; then what `where` has as `settings` by value. Where it kept its own (None), its music is left out too.

    Objects that the import renamed are compared under the name they had. A difference stops, with how it is `unlike`,
    unless `tolerate` says why it was expected; without any, `whole` says what is there.
    """
    if settings is None:
        expected, actual = (replace(side, settings=None) for side in (expected, actual))
    lines = tuple(change_in_words(change) for change in compare(expected, actual, audio=True).audio or ())
    if lines and not tolerate:
        return Verdict(Mark.STOP, f"{len(lines)} recording(s) did not arrive {unlike}.", lines)
    if settings is not None:
        back = settings_judged(expected.settings, settings, where)
        if back.mark is Mark.STOP:
            return back
    if lines:
        return Verdict(Mark.WARN, f"{len(lines)} recording(s) differ from the backup: {tolerate}", lines)
    return Verdict(Mark.PASS, f"{whole} there, byte for byte.")


def settings_judged(expected: ServiceSettings | None, actual: ServiceSettings, where: str) -> Verdict:
    changes = compare_settings(expected, actual)
    if not changes:
        return Verdict(Mark.PASS, f"{where}: the application-level settings are as they should be.")
    lines = tuple(change_in_words(change) for change in changes)
    return Verdict(Mark.STOP, f"{where}: the application-level settings differ.", lines)


def differences(run: Run, *again: Choice, acceptable: bool = True) -> tuple[Choice, ...]:
    """Ways on from a difference: `again`, or for people who know why it is there; the reason stays on the card."""
    if run.phase is not Phase.STOPPED:
        return ()
    reason = Field(ACCEPTED.key, "Why are these differences right?", multiline=True, max_length=300)
    said = f"accepted the differences: {{{ACCEPTED.key}}}"
    accept = Choice("accept-differences", "Accept differences", said, fields=(reason,), recorded=Mark.WARN)
    return (*again, accept) if acceptable else again


def import_again(to: str, facts: Mapping[str, Any] = NOTHING) -> Choice:
    return Choice("import-again", "Import again", "asked to import it again.", facts, then=Then.BACK, to=to)
