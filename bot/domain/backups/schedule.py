"""When a pool is exported: local wall times, and what people said in place of the configuration."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from bot.domain.errors import BadInput
from bot.domain.model import Pool, Who

DAILY = ("02:30",)
OBJECTIVE_H = 26.0
"""Hours: a daily export, with room for one that is late."""

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
TIME = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?(?:[01][0-9]|2[0-3]):[0-5][0-9]"
"""A wall time as it is written: "02:30" is every day, "Sun 02:30" on Sundays."""

MOST_A_DAY = 96
CLOSEST_MIN = 10
LONGEST_OBJECTIVE_H = 24 * 366
_DAY_MIN = 24 * 60
_WEEK_MIN = 7 * _DAY_MIN


@dataclass(frozen=True, slots=True)
class Timing:
    """How often a pool is exported, and how old (hours) its newest backup may get before it is told loudly."""

    at: tuple[str, ...] = DAILY
    objective_h: float = OBJECTIVE_H


@dataclass(frozen=True, slots=True)
class Override:
    """What somebody said in place of the configuration, and when (seconds since the epoch).

    No times, or no objective: as configured. `since` is from when the times hold: slots before it are not caught up.
    """

    pool: str
    by: Who
    changed_at: float
    at: tuple[str, ...] = ()
    objective_h: float | None = None
    since: float = 0.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """When one thing of a pool is kept: at these wall times ("02:30", "Sun 02:30") of its IANA time zone.

    `runbook` takes it, of that `kind`, if any; slots that were due before `since` (seconds) are none of it.
    """

    pool: str
    time_zone: str
    at: tuple[str, ...]
    runbook: str = "backup"
    kind: str = ""
    since: float = 0.0

    @property
    def key(self) -> str:
        return f"{self.runbook} {self.kind} {self.pool}"


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """One turn of a schedule, known by pool and local wall time such as "2026-11-21T02:30".

    The repeated hour in autumn is therefore one slot, and a time that spring skips is one as well.
    """

    pool: str
    local: str
    runbook: str = "backup"
    kind: str = ""

    @property
    def id(self) -> str:
        """Of its run. Nothing reads it back: runbooks and kinds may have hyphens of their own."""
        what = f"{self.runbook}-{self.kind}" if self.kind else self.runbook
        return f"{what}-{self.pool}-{self.local.replace(':', '')}"


def timing(configured: Timing, override: Override | None) -> Timing:
    """What holds: the override where it says something, else the configuration."""
    if override is None:
        return configured
    objective = configured.objective_h if override.objective_h is None else override.objective_h
    return Timing(override.at or configured.at, objective)


def schedule_of(pool: Pool, configured: Timing, override: Override | None) -> Schedule:
    """When the groups of this pool are exported."""
    since = override.since if override else 0.0
    return Schedule(pool.fqdn, pool.time_zone, timing(configured, override).at, since=since)


def weekday(time: str) -> int | None:
    """0 is Monday; None: it comes every day."""
    return WEEKDAYS.index(time[:3]) if len(time) > 5 else None


def ordered(at: Iterable[str]) -> tuple[str, ...]:
    """Each time once: those of every day first, then those of single days in the order of the week."""
    return tuple(sorted(set(at), key=lambda time: (-1 if (day := weekday(time)) is None else day, time[-5:])))


def crowded(at: Iterable[str]) -> str:
    """Why these times are too many or too close together, as a sentence; empty when they are not."""
    week = sorted({minute for time in at for minute in _minutes(time)})
    for day in range(7):
        if sum(minute // _DAY_MIN == day for minute in week) > MOST_A_DAY:
            return f"has more than {MOST_A_DAY} times on one day; leave some out, for example every 15 minutes."
    around = [*week, week[0] + _WEEK_MIN] if week else []
    for one, other in pairwise(around):
        if other - one < CLOSEST_MIN:
            times = f"{_clock(one)} and {_clock(other)}"
            return f"has {times} closer together than {CLOSEST_MIN} minutes; leave one of them out."
    return ""


def _minutes(time: str) -> Iterator[int]:
    """The minutes of the week at which it comes."""
    day, minute = weekday(time), int(time[-5:-3]) * 60 + int(time[-2:])
    yield from (one * _DAY_MIN + minute for one in (range(7) if day is None else (day,)))


def _clock(minute: int) -> str:
    return f"{minute // 60 % 24:02}:{minute % 60:02}"


def longest_gap_h(at: Iterable[str]) -> float | None:
    """Hours between two turns, at most; None without any times."""
    week = sorted({minute for time in at for minute in _minutes(time)})
    around = [*week, week[0] + _WEEK_MIN] if week else []
    return max((other - one for one, other in pairwise(around)), default=0) / 60 or None


def never_quiet(held: Timing) -> str:
    """What is wrong with an objective that these times cannot keep; "" when they can."""
    gap = longest_gap_h(held.at)
    if gap is None or gap <= held.objective_h:
        return ""
    return (
        f"Backups are up to {gap:g} h apart by these times, so you are warned in between: "
        f"add times, or allow {gap + 2:g} h."
    )


def every(minutes: int, at: Iterable[str]) -> tuple[str, ...]:
    """Even times, so many minutes apart, from the first of the times that are there. Raises BadInput when uneven."""
    if not 0 < minutes <= _DAY_MIN or _DAY_MIN % minutes:
        raise BadInput("A day does not divide evenly so: give hours such as 12h, 8h, 6h, 4h, 3h, 2h or 1h.")
    first = next(iter(ordered(at)), DAILY[0])[-5:]
    start = int(first[:2]) * 60 + int(first[3:])
    return ordered(_clock((start + turn) % _DAY_MIN) for turn in range(0, _DAY_MIN, minutes))


def times(words: Iterable[str]) -> tuple[str, ...]:
    """Wall times as they were typed, a weekday before the time that it goes with. Raises BadInput with an example."""
    found, day = [], ""
    for word in words:
        if not day and (named := _named(word)):
            day = named
            continue
        if not re.fullmatch(TIME, word):
            raise BadInput(f"“{word[:40]}” is not a time such as 02:30 or Sun 02:30.")
        found.append(f"{day} {word}".strip())
        day = ""
    if day or not found:
        raise BadInput("A time is missing, such as 02:30 or Sun 02:30.")
    at = ordered(found)
    if fault := crowded(at):
        raise BadInput(f"That {fault}")
    return at


def _named(word: str) -> str:
    """The weekday that is meant by "sun", "Sunday" and so on, or nothing."""
    short = word[:3].capitalize()
    full = {"Mon": "monday", "Tue": "tuesday", "Wed": "wednesday", "Thu": "thursday", "Fri": "friday"}
    full |= {"Sat": "saturday", "Sun": "sunday"}
    return short if word.isascii() and len(word) > 2 and full.get(short, "").startswith(word.casefold()) else ""


def minutes(word: str) -> int:
    """How long "6h", "90m" or "2d" is. Raises BadInput with an example."""
    read = re.fullmatch(r"(\d{1,5})(m|h|d)", word.casefold().replace("min", "m"), re.ASCII)
    if read is None:
        raise BadInput(f"“{word[:40]}” is not a length of time such as 6h, 90m or 2d.")
    return int(read[1]) * {"m": 1, "h": 60, "d": _DAY_MIN}[read[2]]
