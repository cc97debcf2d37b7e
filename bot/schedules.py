"""Wakes at every pool's local wall times and starts the slot that is due; what was missed is caught up at start."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from bot.domain.errors import BotError
from bot.domain.schedule import Schedule, Slot
from bot.wall_clock import latest_due, next_due

log = logging.getLogger(__name__)

RETRY_AFTER_S = (5, 15, 60, 300)
"""Seconds between tries of a slot that could not be started; the last one repeats until the next slot is due."""

REREAD_S = 30
"""Seconds after which what anybody changed, in whatever process, holds here too."""


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

    `read` gives every schedule as it now stands. An alarm only wakes it; which slot is due is worked out from `now`, so
    a late or doubled alarm does no harm.
    """

    def __init__(
        self,
        read: Callable[[], Awaitable[Iterable[Schedule]]],
        start: Callable[[Slot], Awaitable[None]],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._read = read
        self._start = start
        self._now = now
        self._known: dict[str, Schedule] = {}
        self._reading, self._starting = asyncio.Lock(), asyncio.Lock()
        # Without a grace time, APScheduler would drop an alarm that is a second late.
        self._scheduler = AsyncIOScheduler(timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True})

    async def open(self) -> None:
        """Begins to wake, and starts each schedule's latest due slot once more: it may have been missed while down."""
        self._scheduler.start()
        self._scheduler.add_job(self.reread, "interval", seconds=REREAD_S, id="reread")
        await self.reread()

    async def close(self) -> None:
        """Wakes no more, once the start that is under way has ended: APScheduler's own shutdown would cancel it."""
        async with self._starting:
            if self._scheduler.running:
                self._scheduler.shutdown(wait=False)

    async def reread(self) -> None:
        """Takes in what was changed, and starts what is due by it; never raises."""
        for key in await self._changed():
            await self._begin(key)

    async def wake(self, key: str) -> None:
        """Starts the slot of this schedule that is due now, by what it says now; never raises."""
        await self.reread()
        await self._begin(key)

    async def _changed(self) -> tuple[str, ...]:
        """The keys of the schedules that are new, or are not what they were; their alarms are set anew."""
        async with self._reading:
            try:
                found = {schedule.key: schedule for schedule in await self._read()}
            except Exception as fault:
                log.warning("The schedules could not be read, so the last known ones hold: %s", _reason(fault))
                return ()
            changed = tuple(key for key, schedule in found.items() if self._known.get(key) != schedule)
            for key in self._known.keys() - found.keys():
                self._scheduler.remove_job(key)
            for key in changed:
                self._scheduler.add_job(self.wake, Alarm(found[key]), args=(key,), id=key, replace_existing=True)
            self._known = found
            return changed

    async def _begin(self, key: str) -> None:
        schedule = self._known.get(key)
        if schedule and (slot := latest_due(schedule, self._now())):
            await self._attempt(key, slot, 0)

    async def _attempt(self, key: str, slot: Slot, tries: int) -> None:
        schedule = self._known.get(key)
        if schedule is None or latest_due(schedule, self._now()) != slot:
            return
        try:
            async with self._starting:
                await self._start(slot)
        except Exception as fault:
            delay = timedelta(seconds=RETRY_AFTER_S[min(tries, len(RETRY_AFTER_S) - 1)])
            log.warning("%s was not started and is tried again in %s: %s", slot.id, delay, _reason(fault))
            again, when = (key, slot, tries + 1), self._now() + delay
            # A name of its own: APScheduler drops a job while one of the same name runs, as this one does.
            name = f"again {slot.what} {slot.id} {tries + 1}"
            self._scheduler.add_job(self._attempt, "date", run_date=when, args=again, id=name, replace_existing=True)


def _reason(fault: Exception) -> str:
    """Without the text of an unforeseen error, which might be a secret."""
    return fault.sentence if isinstance(fault, BotError) else type(fault).__name__
