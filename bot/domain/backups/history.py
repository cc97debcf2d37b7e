"""What a month of backups looks like day by day: changes, size, days without one; as values and in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import StrEnum

from bot.domain.backups.backup import Backup
from bot.domain.measures import numbered

DAYS = 30
"""Older ones may have been thinned out, so that a missing day would say nothing."""


@dataclass(frozen=True, slots=True)
class Day:
    """One local day: backups taken, objects changed (None: nobody counted), bytes of the last one, tries that failed.

    `changed` of a day without a backup is None; what changed then is counted by the next one.
    """

    date: date
    backups: int = 0
    changed: int | None = None
    size: int | None = None
    failed: int = 0


@dataclass(frozen=True, slots=True)
class History:
    """The days of one pool in order, none left out, from its first backup of the time to today.

    `is_whole`: between these backups none is missing that would have counted changes of its own.
    """

    pool: str
    zone: str
    days: tuple[Day, ...] = ()
    is_whole: bool = True


class Cover(StrEnum):
    """Whether a day has a backup. Days before the first one, and today until it is over, miss nothing."""

    KEPT = "backup"
    MISSED = "no backup"
    FAILED = "tries failed, no backup"
    BEFORE = "before the first"
    OPEN = "today, none yet"


def history(
    pool: str, backups: Sequence[Backup], failed: Iterable[float], zone: tzinfo, now: float, days: int = DAYS
) -> History:
    """The last `days` of these backups (in any order), in local time; `failed` are the seconds of failed tries."""
    today = _local(now, zone)
    begin = today - timedelta(days=days - 1)
    kept = [
        one for one in sorted(backups, key=lambda one: one.taken_at) if begin <= _local(one.taken_at, zone) <= today
    ]
    tries = [day for day in (_local(at, zone) for at in failed) if begin <= day <= today]
    if not kept:
        return History(pool, str(zone))
    first = min([_local(kept[0].taken_at, zone), *tries])
    dates = (first + timedelta(days=number) for number in range((today - first).days + 1))
    found = {date: Day(date) for date in dates}
    for one in kept:
        if (day := found.get(_local(one.taken_at, zone))) is not None:
            found[day.date] = _with(day, one)
    known = {one.id for one in kept}
    whole = all(one.before in known for one in kept[1:] if one.changed is not None)
    counted = (Day(day.date, day.backups, day.changed, day.size, tries.count(day.date)) for day in found.values())
    return History(pool, str(zone), tuple(counted), whole)


def in_words(history: History) -> str:
    """All that the picture shows: “12 backups from 3 to 14 Nov; 0 to 41 changes a day, most on 9 Nov; …”"""
    days = history.days
    if not days:
        return f"{history.pool} has no backup of the last {DAYS} days."
    total = sum(day.backups for day in days)
    what = f"{numbered(total, 'backup')} of {history.pool} {_span(days[0].date, days[-1].date)}"
    parts = [what, _changes(history), _sizes(days)]
    return "; ".join(part for part in (*parts, _gaps(days), _failures(days)) if part) + "."


def gaps(days: Iterable[Day]) -> list[tuple[date, date]]:
    """First and last day of every stretch without a backup; today is not over, so it is none yet."""
    found: list[tuple[date, date]] = []
    for day in list(days)[:-1]:
        if day.backups:
            continue
        if found and found[-1][1] == day.date - timedelta(days=1):
            found[-1] = (found[-1][0], day.date)
        else:
            found.append((day.date, day.date))
    return found


def coverage(history: History, days: int = DAYS) -> tuple[tuple[date, Cover], ...]:
    """Each of the last `days` up to the last one of the history; it has to have one."""
    today = history.days[-1].date
    known = {day.date: _cover(day, today) for day in history.days}
    dates = (today - timedelta(days=back) for back in reversed(range(days)))
    return tuple((date, known.get(date, Cover.BEFORE)) for date in dates)


def day_in_words(day: date) -> str:
    """ "9 Nov"."""
    return f"{day.day} {_MONTHS[day.month - 1]}"


def unit_of(sizes: Iterable[int]) -> tuple[float, str]:
    """Bytes in the unit that suits the largest of these sizes, and its name."""
    return (1e6, "MB") if max(sizes, default=0) >= 1e6 else (1e3, "kB")


def _cover(day: Day, today: date) -> Cover:
    if day.backups:
        return Cover.KEPT
    if day.failed:
        return Cover.FAILED
    return Cover.OPEN if day.date == today else Cover.MISSED


def _with(day: Day, backup: Backup) -> Day:
    changed = day.changed if backup.changed is None else (day.changed or 0) + backup.changed
    return Day(day.date, day.backups + 1, changed, backup.size)


def _local(at: float, zone: tzinfo) -> date:
    return datetime.fromtimestamp(at, zone).date()


def _changes(history: History) -> str:
    known = [day for day in history.days if day.changed is not None]
    if not known:
        return "changes were not counted"
    least, most = min(day.changed for day in known), max(day.changed for day in known)
    busiest = next(day for day in known if day.changed == most)
    partly = "" if history.is_whole else " (not counting what backups found that are no longer kept)"
    if most == 0:
        return f"no changes{partly}"
    if least == most:
        return f"{most} change{'' if most == 1 else 's'} {'a day' if len(known) > 1 else 'that day'}{partly}"
    return f"{least} to {most} changes a day, most on {day_in_words(busiest.date)}{partly}"


def _sizes(days: Iterable[Day]) -> str:
    sizes = [day.size for day in days if day.size is not None]
    unit, name = unit_of(sizes)
    least, most = (f"{size / unit:.{2 if unit > 1e3 else 1}f}" for size in (min(sizes), max(sizes)))
    return f"size {least} {name}" if least == most else f"size {least} to {most} {name}"


def _gaps(days: Iterable[Day]) -> str:
    found = [_span(*gap) for gap in gaps(days)]
    return f"no backup {_listed(found)}" if found else "no day without a backup"


def _failures(days: Iterable[Day]) -> str:
    failed = [day for day in days if day.failed]
    tries = sum(day.failed for day in failed)
    if not tries:
        return ""
    return f"{tries} tr{'y' if tries == 1 else 'ies'} failed, on {_listed([day_in_words(day.date) for day in failed])}"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _span(first: date, last: date) -> str:
    """ "on 9 Nov", "from 3 to 14 Nov"."""
    if first == last:
        return f"on {day_in_words(first)}"
    same = (first.year, first.month) == (last.year, last.month)
    return f"from {first.day if same else day_in_words(first)} to {day_in_words(last)}"


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
