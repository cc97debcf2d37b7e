"""Comparing what should be there with what is there, object by object."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.groups.compare import Comparison, compare, compare_settings, in_words
from bot.domain.groups.difference import change_in_words
from bot.domain.groups.groups import Inventory, ServiceSettings
from bot.domain.model import Mark, Verdict
from bot.domain.runs.runbook import Choice, Field


def compared(expected: Inventory, actual: Inventory, where: str, *, tolerate: str = "") -> Verdict:
    """Object by object. A difference stops, unless `tolerate` says why it was expected; an empty answer always does."""
    if not expected.objects:
        return Verdict(Mark.STOP, f"{where}: there is nothing to compare with, so nothing was verified.")
    found = compare(expected, actual)
    if found.nothing_arrived:
        return Verdict(Mark.STOP, f"{where}: nothing came back. {' '.join(in_words(found))}")
    if found.is_clean:
        return Verdict(Mark.PASS, f"{where}: all {found.expected} objects are there and equal.")
    sentence = f"{where}: {tally(found)}."
    if tolerate:
        return Verdict(Mark.WARN, f"{sentence} {tolerate}", in_words(found))
    return Verdict(Mark.STOP, sentence, in_words(found))


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


def recordings_differ(expected: Inventory, actual: Inventory, *, settings: bool) -> tuple[str, ...]:
    """One sentence for each recording whose bytes are not the same; the default music only with `settings`.

    Objects that the import renamed are compared under the name they had.
    """
    if not settings:
        expected, actual = (replace(side, settings=None) for side in (expected, actual))
    return tuple(change_in_words(change) for change in compare(expected, actual, audio=True).audio or ())


def settings_judged(expected: ServiceSettings | None, actual: ServiceSettings, where: str) -> Verdict:
    changes = compare_settings(expected, actual)
    if not changes:
        return Verdict(Mark.PASS, f"{where}: the application-level settings are as they should be.")
    lines = tuple(change_in_words(change) for change in changes)
    return Verdict(Mark.STOP, f"{where}: the application-level settings differ.", lines)


def accept_differences() -> Choice:
    """A way on for people who know why there is a difference; the reason stays on the card."""
    reason = Field("accepted", "Why are these differences right?", multiline=True, max_length=300)
    return Choice("accept-differences", "Accept differences", "accepted the differences: {accepted}", fields=(reason,))
