"""What would be lost if a pool died now: hours, edits at the measured rate, and the schedule that would lose fewer."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.domain.backups.backup import Backup
from bot.domain.backups.schedule import every, longest_gap_h
from bot.domain.measures import span

SPAN_S = 28 * 86_400
MOST = 60
"""The rate is measured over so many seconds, and so many backups at most."""

FEWEST = 3
"""Backups that it takes to measure a rate: fewer, and one busy or idle day would pass for all days."""

MOST_LOST = 5.0
"""Edits. While a schedule may lose more at its worst, the longest time between two backups is halved, down to a divisor
of the day so that the times are even, but never below an hour."""

_EVEN_H = (24, 12, 8, 6, 4, 3, 2, 1)
_HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Loss:
    """`hours` since the newest sound backup; None: there is none. `a_day` is how many edits a day there are; None: not
    known yet. `due_h` is how old that backup will be when the next one is due; None: none is scheduled. `stands_in` is
    the name of the pool that has the groups now, if it is another one; of a pool that is `down`, the hours are those
    before it went."""

    hours: float | None
    a_day: float | None = None
    due_h: float | None = None
    stands_in: str = ""
    down: bool = False

    def edits(self, hours: float | None) -> float | None:
        """How many to expect in so many hours; None: not known."""
        return None if self.a_day is None or hours is None else self.a_day * hours / 24


@dataclass(frozen=True, slots=True)
class Proposal:
    """Times that are `every_h` hours apart; at its worst a day loses `after` edits with them, and `before` without."""

    every_h: int
    at: tuple[str, ...]
    before: float
    after: float


def loss(backups: Sequence[Backup], now: float, due: float | None = None, damaged: Collection[str] = ()) -> Loss:
    """Of a pool's newest backups, newest first; `due` is when the next one is, both in seconds since the epoch.

    A backup whose id is among the `damaged` restores nothing, but what it says of changes still counts.
    """
    sound = next((backup for backup in backups if backup.id not in damaged), None)
    if sound is None:
        return Loss(None, _a_day(backups, now))
    hours = max(0.0, now - sound.taken_at) / _HOUR_S
    return Loss(hours, _a_day(backups, now), due and max(hours, (due - sound.taken_at) / _HOUR_S))


def _a_day(backups: Sequence[Backup], now: float) -> float | None:
    measured = list(_measured([backup for backup in backups[:MOST] if backup.taken_at >= now - SPAN_S]))
    span = sum(seconds for _, seconds in measured)
    if len(measured) < FEWEST - 1 or span < _HOUR_S:
        return None
    return sum(changed for changed, _ in measured) / span * 86_400


def _measured(backups: Sequence[Backup]) -> Iterator[tuple[int, float]]:
    """Changes and seconds between two backups; where the earlier one is gone, nobody knows how many seconds it were."""
    for later, earlier in pairwise(backups):
        if later.changed is not None and later.before == earlier.id:
            yield later.changed, max(0.0, later.taken_at - earlier.taken_at)


def proposal(found: Loss, at: Sequence[str]) -> Proposal | None:
    """A tighter schedule than these wall times, when the rate calls for one (see MOST_LOST)."""
    gap = longest_gap_h(at)
    before = None if found.down else found.edits(gap)
    if gap is None or before is None or before <= MOST_LOST or gap <= 1:
        return None
    hours = gap
    while (found.edits(hours) or 0.0) > MOST_LOST and hours > 1:
        hours = next((even for even in _EVEN_H if even <= hours / 2), 1)
    return Proposal(int(hours), every(int(hours) * 60, at), before, found.edits(hours) or 0.0)


def sentences(name: str, found: Loss, better: Proposal | None = None) -> tuple[str, ...]:
    """For people: what a death of the pool would cost now, how that is known, and what would help."""
    if found.down:
        return (_down(name, found),)
    where = f" (its groups are on {found.stands_in} now)" if found.stands_in else ""
    if found.hours is None:
        died = f"if {found.stands_in or 'it'} died now, everything would be lost"
        return (f"There is no sound backup of {name}{where}: {died}.",)
    begun, since = f"Not yet in a backup of {name}{where}", span(found.hours * _HOUR_S)
    if found.a_day is None:
        return (
            f"{begun}: the edits of the last {since}. "
            f"How many these are is known after {FEWEST} backups, over an hour at least.",
        )
    then = found.edits(found.due_h)
    later = f"; just before the next backup, {_about(then)}" if then is not None else ""
    lines = [f"{begun}: {_about(found.edits(found.hours) or 0)} of the last {since}{later}."]
    if better:
        hour = "hour" if better.every_h == 1 else f"{better.every_h} hours"
        lines.append(
            f"There are about {found.a_day:,.0f} edits a day, so at worst {_about(better.before)} are lost; "
            f"with a backup every {hour}, {_about(better.after)}."
        )
    return tuple(lines)


def _down(name: str, found: Loss) -> str:
    if found.hours is None:
        return f"{name} is down, and there is no sound backup of it: everything would come back only with it."
    edits = found.edits(found.hours)
    what = "what was edited in" if edits is None else f"{_about(edits)} of"
    return f"{name} is down: {what} the {span(found.hours * _HOUR_S)} before that would come back only with it."


def _about(edits: float) -> str:
    whole = round(edits)
    return f"about {whole:,} edit{'' if whole == 1 else 's'}" if whole else "probably no edit"
