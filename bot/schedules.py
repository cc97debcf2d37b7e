"""Wakes at every pool's local wall times and starts the slot that is due; what was missed is caught up at start."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from bot.domain.errors import BotError

log = logging.getLogger(__name__)

RETRY_AFTER_S = (5, 15, 60, 300)
"""Seconds between tries of a slot that could not be started; the last one repeats until the next slot is due."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When one pool is exported: daily at these wall times ("HH:MM") of its IANA time zone."""

    pool: str
    time_zone: str
    at: tuple[str, ...]


@dataclass(frozen=True, slots=True, order=True)
class Slot:
    """One turn of a schedule, known by pool and local wall time such as "2026-11-21T02:30".

    The repeated hour in autumn is therefore one slot, and a time that spring skips is one as well.
    """

    pool: str
    local: str

    @property
    def id(self) -> str:
        return f"{self.pool}@{self.local}"


def due_at(slot: Slot, time_zone: str) -> datetime:
    """The instant (UTC) when a slot is due.

    Of a repeated wall time it is the first; for one that the clock skips, it is when that time would have come had the
    clock not been moved: in Paris 02:30 then is 03:30.
    """
    return datetime.fromisoformat(slot.local).replace(tzinfo=ZoneInfo(time_zone), fold=0).astimezone(UTC)


def latest_due(schedule: Schedule, now: datetime) -> Slot | None:
    """The newest slot that is due at the instant `now`; None when the schedule has no times."""
    slots = _around(schedule, now)
    instant = max((instant for instant in slots if instant <= now), default=None)
    return slots[instant] if instant else None


def next_due(schedule: Schedule, now: datetime) -> tuple[Slot, datetime] | None:
    """The first slot after the instant `now`, with the instant (UTC) when it is due; None without any times."""
    slots = _around(schedule, now)
    instant = min((instant for instant in slots if instant > now), default=None)
    return (slots[instant], instant) if instant else None


def _around(schedule: Schedule, now: datetime) -> dict[datetime, Slot]:
    """The slots near `now` by instant. Two that spring puts on one instant are one: the later wall time."""
    # Two days either side: a zone that crosses the date line skips or repeats a whole one.
    today = now.astimezone(ZoneInfo(schedule.time_zone)).date()
    days = (today + timedelta(days=offset) for offset in range(-2, 3))
    slots = (Slot(schedule.pool, f"{day}T{time}") for day in days for time in sorted(schedule.at))
    return {due_at(slot, schedule.time_zone): slot for slot in slots}


class Alarm(BaseTrigger):
    """Rings once per slot. APScheduler's cron trigger rings twice in the repeated hour, and skips a midnight that
    spring skips (Cairo, Havana, the Azores)."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        coming = next_due(self._schedule, previous_fire_time or now)
        return coming[1] if coming else None


class Timetable:
    """Starts slots when they are due. `start` must be idempotent by slot: a slot may be started more than once.

    An alarm only wakes it; which slot is due is worked out from `now`, so a late or doubled alarm does no harm.
    """

    def __init__(
        self,
        schedules: Iterable[Schedule],
        start: Callable[[Slot], Awaitable[None]],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._schedules = tuple(schedules)
        self._start = start
        self._now = now
        self._starting = asyncio.Lock()
        # Without a grace time, APScheduler would drop an alarm that is a second late.
        self._scheduler = AsyncIOScheduler(timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True})
        for schedule in self._schedules:
            self._scheduler.add_job(self.wake, Alarm(schedule), args=(schedule,), id=f"daily {schedule.pool}")

    async def open(self) -> None:
        """Begins to wake, and starts each pool's latest due slot once more: it may have been missed while down."""
        self._scheduler.start()
        for schedule in self._schedules:
            await self.wake(schedule)

    async def close(self) -> None:
        """Wakes no more, once the start that is under way has ended: APScheduler's own shutdown would cancel it."""
        async with self._starting:
            if self._scheduler.running:
                self._scheduler.shutdown(wait=False)

    async def wake(self, schedule: Schedule) -> None:
        """Starts the slot that is due now; never raises."""
        if slot := latest_due(schedule, self._now()):
            await self._attempt(schedule, slot, 0)

    async def _attempt(self, schedule: Schedule, slot: Slot, tries: int) -> None:
        if latest_due(schedule, self._now()) != slot:
            return
        try:
            async with self._starting:
                await self._start(slot)
        except Exception as fault:
            delay = timedelta(seconds=RETRY_AFTER_S[min(tries, len(RETRY_AFTER_S) - 1)])
            reason = fault.sentence if isinstance(fault, BotError) else type(fault).__name__
            log.warning("%s was not started and is tried again in %s: %s", slot.id, delay, reason)
            again, when = (schedule, slot, tries + 1), self._now() + delay
            # A name of its own: APScheduler drops a job while one of the same name runs, as this one does.
            name = f"again {slot.id} {tries + 1}"
            self._scheduler.add_job(self._attempt, "date", run_date=when, args=again, id=name, replace_existing=True)
