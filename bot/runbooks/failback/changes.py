"""What the outage changed, three ways: the last backup before it, B now, P now (runbooks: failback 4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.domain.deployment.cmdlets import quoted
from bot.domain.groups.compare import compare, fingerprints, masked
from bot.domain.groups.difference import Change, change_in_words, titled
from bot.domain.groups.fingerprint import Key
from bot.domain.groups.groups import Inventory, RgsObject
from bot.domain.measures import numbered
from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Acts, Seen
from bot.domain.runs.run import Phase, Run, partner
from bot.domain.runs.runbook import Choice, Step, Then
from bot.runbooks.failback.arrival import more_than, read_export, read_home
from bot.runbooks.failback.facts import EDITED, ONLY_ON_PRIMARY
from bot.runbooks.failback.last import nothing_to_compare, pin_last, read_last
from bot.runbooks.failback.lost import bare
from bot.runbooks.rows.attesting import attested
from bot.runbooks.rows.editing import changed_by_hand

_UNTOLD = "Edits of either side cannot be told apart."


@dataclass(frozen=True, slots=True)
class Edits:
    """Objects by what becomes of them: `home` were edited on B only, `gone` were edited on P and are overwritten.

    `deleted` on B stay on P, since an import deletes nothing; `only` were never anywhere but on P.
    """

    home: tuple[Key, ...]
    gone: tuple[Key, ...]
    deleted: tuple[Key, ...]
    only: tuple[Key, ...]

    @property
    def any(self) -> bool:
        return bool(self.home or self.gone or self.deleted)


def edits(last: Inventory, away: Inventory, here: Inventory) -> Edits:
    """Three ways: what is no longer as in the last backup was edited, on the side on which it differs."""
    was, there, now = (fingerprints(side) for side in (last, away, here))

    def edited(side: Mapping[Key, str], key: Key) -> bool:
        return side.get(key) != was.get(key)

    differ = [key for key in there if there[key] != now.get(key)]
    return Edits(
        home=tuple(key for key in differ if edited(there, key) and not _overwrites(key, now, was)),
        gone=tuple(key for key in differ if _overwrites(key, now, was)),
        deleted=tuple(key for key in now if key in was and key not in there),
        only=tuple(key for key in now if key not in was and key not in there),
    )


def _overwrites(key: Key, now: Mapping[Key, str], was: Mapping[Key, str]) -> bool:
    return key in now and now[key] != was.get(key)


def _read(run: Run) -> Acts:
    return {**read_export(run), **read_home(run), **read_last(run)}


def _judge(run: Run, seen: Seen) -> Verdict:
    here, away = seen["held"].owned_by(run.primary.fqdn), seen["export"]
    only = more_than({item.key for item in away.objects}, here.objects)
    facts = ONLY_ON_PRIMARY.to(only)
    if why := nothing_to_compare(seen):
        lines = tuple(f"Only on {run.primary.short}: {name}" for name in only)
        return Verdict(Mark.WARN, f"{why} {_UNTOLD}", lines, facts | EDITED.to(False))
    found = edits(seen["backup"], away, here)
    lines = tuple(_lines(run, seen["backup"], away, here, found))
    facts |= EDITED.to(found.any)
    if not lines:
        return Verdict(Mark.PASS, f"Nothing was edited on {partner(run).short} during the outage.", facts=facts)
    return Verdict(Mark.WARN, _sentence(run, found), lines, facts)


def _sentence(run: Run, found: Edits) -> str:
    backup, primary = partner(run).short, run.primary.short
    parts = (
        (found.home, f"Edited on {backup}, comes home", ""),
        (found.gone, f"Edited on {primary}, would be lost", ""),
        (found.deleted, f"Deleted on {backup}, stays on {primary}", " Import deletes nothing."),
        (found.only, f"Only on {primary}", ""),
    )
    said = [f"{text}: {numbered(len(keys), 'object')}.{more}" for keys, text, more in parts if keys]
    return " ".join(said)


def _lines(run: Run, last: Inventory, away: Inventory, here: Inventory, found: Edits) -> Iterator[str]:
    """By name and property."""
    backup, primary = partner(run).short, run.primary.short
    names = {item.key: item for side in (last, here, away) for item in side.objects}
    yield from _told("Comes home", found.home, compare(last, away).changed, names)
    yield from _told("Would be lost", found.gone, compare(away, here).changed, names)
    yield from (f"Deleted on {backup}, stays on {primary}: {_name(names[key])}" for key in found.deleted)
    yield from (f"Only on {primary}: {_name(names[key])}" for key in found.only)


def _told(
    word: str, keys: tuple[Key, ...], changed: tuple[Change, ...], names: Mapping[Key, RgsObject]
) -> Iterator[str]:
    for key in keys:
        lines = [change_in_words(one) for one in changed if one.kind and (one.kind, one.name.casefold()) == key]
        yield from (f"{word}: {line}" for line in lines or [f"{_name(names[key])}, as a whole."])


def _name(item: RgsObject) -> str:
    return titled(item.kind, item.name)


CHANGES = Step(
    key="changes",
    stretch="changes",
    title="Find what the outage changed",
    skip=bare,
    reads=_read,
    does=pin_last,
    judge=_judge,
)


def _judge_decide(run: Run, seen: Seen) -> Verdict:
    """The lines that make an object on B what it was, or what it is at home."""
    here, away = seen["held"].owned_by(run.primary.fqdn), seen["export"]
    found = edits(seen["backup"], away, here)
    lines = (
        *_by_hand(run, away, found.home, compare(away, seen["backup"]).changed),
        *_by_hand(run, away, found.gone, compare(away, here).changed),
    )
    deleted = f" {numbered(len(found.deleted), 'object')} deleted there: the row after the import shows how." * bool(
        found.deleted
    )
    return Verdict(Mark.PASS, f"An import takes all of it. To keep an edit from it, undo it first.{deleted}", lines)


def _by_hand(run: Run, away: Inventory, keys: tuple[Key, ...], changed: tuple[Change, ...]) -> Iterator[str]:
    items = {item.key: item for item in away.objects}
    for one in changed:
        item = items.get((one.kind, one.name.casefold())) if one.kind else None
        if item is not None and item.key in keys:
            yield changed_by_hand(item, partner(run), one.path, _value(one))


def _value(change: Change) -> str:
    """As the shell takes it; a value of many parts is told in words, for whoever sets it."""
    match change.after:
        case bool():
            return f"${str(change.after).lower()}"
        case None:
            return "$null"
        case int() | float():
            return str(change.after)
        case str():
            return quoted(masked(change.after))
    return f"<{masked(', '.join(map(str, change.after)))}>"


def _offer_decide(run: Run) -> tuple[Choice, ...]:
    if run.phase is Phase.STOPPED:
        return ()
    means = "It is exported again, and you see again what the outage changed."
    said = f"undid edits on {partner(run).short}"
    return (
        Choice("take-all", "Bring all of it home", "brings all of it home.", style="primary"),
        attested("undone", "I undid some of it", said, means, then=Then.BACK, to="export"),
    )


DECIDE = Step(
    key="decide",
    stretch="changes",
    title="Decide about what was edited",
    asks=True,
    skip=lambda run: bare(run) or (None if EDITED.of(run) else "Skipped: nothing was edited."),
    explain=lambda run: f"The lines below are run in the Management Shell, on a Front End of {partner(run).short}.",
    reads=_read,
    judge=_judge_decide,
    choices=_offer_decide,
)
