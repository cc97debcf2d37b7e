"""Rings for the timetable; loaded when it first is to ring, since APScheduler takes as long to load as all runbooks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from bot.clock.wall_clock import next_due
from bot.domain.backups.schedule import Schedule


class Alarm(BaseTrigger):
    """Rings once per slot. APScheduler's cron trigger rings twice in the repeated hour, and skips a midnight that
    spring skips (Cairo, Havana, the Azores)."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        coming = next_due(self._schedule, previous_fire_time or now)
        return coming[1] if coming else None


class Alarms:
    """Calls `wake` for every schedule's slots from now on."""

    def __init__(self, wake: Callable[[], Awaitable[None]]) -> None:
        self._wake = wake
        # Without a grace time, APScheduler would drop an alarm that is a second late.
        self.scheduler = AsyncIOScheduler(timezone=UTC, job_defaults={"misfire_grace_time": None, "coalesce": True})
        self.scheduler.start()

    def set(self, schedule: Schedule) -> None:
        self.scheduler.add_job(self._wake, Alarm(schedule), id=schedule.key, replace_existing=True)

    def remove(self, key: str) -> None:
        self.scheduler.remove_job(key)

    def stop(self) -> None:
        self.scheduler.shutdown(wait=False)
