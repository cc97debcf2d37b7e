"""Turns local wall times into instants: which slot is due, and when the next one is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.backups.backup import AHEAD_S
from bot.domain.backups.schedule import Schedule, Slot, weekday


def due_at(slot: Slot, time_zone: str) -> datetime:
    """The instant (UTC) when a slot is due.

    Of a repeated wall time it is the first; for one that the clock skips, it is when that time would have come had the
    clock not been moved: in Paris 02:30 then is 03:30.
    """
    return datetime.fromisoformat(slot.local).replace(tzinfo=ZoneInfo(time_zone), fold=0).astimezone(UTC)


def latest_due(schedule: Schedule, now: datetime) -> Slot | None:
    """The newest slot that is due at the instant `now`; None when there is none, or none since the schedule holds.

    A clock that was ahead may have said since when it holds: then it holds already.
    """
    slots = _around(schedule, now)
    instant = max((instant for instant in slots if instant <= now), default=None)
    since = schedule.since if schedule.since <= now.timestamp() + AHEAD_S else 0.0
    return slots[instant] if instant and instant.timestamp() >= since else None


def next_due(schedule: Schedule, now: datetime) -> tuple[Slot, datetime] | None:
    """The first slot after the instant `now`, with the instant (UTC) when it is due; None without any times."""
    slots = _around(schedule, now)
    instant = min((instant for instant in slots if instant > now), default=None)
    return (slots[instant], instant) if instant else None


def day_of(at: float, time_zone: str) -> date:
    """The day there at this second since the epoch."""
    return datetime.fromtimestamp(at, ZoneInfo(time_zone)).date()


def time_of(at: float, time_zone: str) -> str:
    """What the clocks show there at this second since the epoch: “03:12”."""
    return f"{datetime.fromtimestamp(at, ZoneInfo(time_zone)):%H:%M}"


def _around(schedule: Schedule, now: datetime) -> dict[datetime, Slot]:
    """The slots near `now` by instant. Two that spring puts on one instant are one: the later wall time."""
    # Two days more than a turn takes: a zone that crosses the date line skips or repeats a whole one.
    reach = 2 if any(weekday(time) is None for time in schedule.at) else 9
    today = now.astimezone(ZoneInfo(schedule.time_zone)).date()
    found = {}
    for day in (today + timedelta(days=offset) for offset in range(-reach, reach + 1)):
        here = (time[-5:] for time in schedule.at if weekday(time) in (None, day.weekday()))
        for time in sorted(here):
            slot = Slot(schedule.pool, f"{day}T{time}", schedule.runbook, schedule.kind)
            found[due_at(slot, schedule.time_zone)] = slot
    return found
