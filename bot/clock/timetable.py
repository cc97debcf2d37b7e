"""Wakes at every pool's local wall times and starts the slot that is due; what was missed is caught up at start."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from bot.clock.pulse import Pulse, Spell, reason, turning
from bot.clock.wall_clock import latest_due
from bot.domain.backups.schedule import Schedule, Slot

LOOK_S = 30
"""Seconds between two looks: what anybody changed, in whatever process, and what could not be started, is seen then."""


class Timetable:
    """Starts slots when they are due. `start` must be idempotent by slot: a slot may be started more than once.

    `read` gives every schedule as it now stands. An alarm only wakes it; which slot is due is worked out from `now`, so
    a late, doubled or lost alarm does no harm, nor does a clock that is stepped.
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
        self._started: dict[str, Slot] = {}
        self._busy = asyncio.Lock()
        self._alarms: Any = None
        self._pulse = Pulse("timetable")
        self._reading = Spell("Reading the schedules (the last known ones hold)")
        self._starting: dict[str, Spell] = {}

    async def run_forever(self, stopped: asyncio.Event, pulse: Pulse) -> None:
        """Looks every LOOK_S seconds until `stopped`, beside what rings."""
        self._pulse = pulse
        await turning(pulse, self._look, stopped)

    async def _look(self) -> float:
        await self.wake()
        return LOOK_S

    async def open(self) -> None:
        """Begins to wake, and starts each schedule's latest due slot once more: it may have been missed while down."""
        self.ring()
        await self.wake()

    def ring(self) -> None:
        """Wakes by itself from now on."""
        # Late, since a start does not need it.
        from bot.clock.alarms import Alarms

        self._alarms = Alarms(self.wake)
        for schedule in self._known.values():
            self._alarms.set(schedule)

    async def close(self) -> None:
        """Wakes no more, once the start that is under way has ended: APScheduler's own shutdown would cancel it."""
        async with self._busy:
            if self._alarms:
                self._alarms.stop()
                self._alarms = None

    async def wake(self) -> None:
        """Starts every slot that is due by what the schedules say now and was not started here yet; never raises."""
        async with self._busy:
            await self._reread()
            for schedule in self._known.values():
                await self._begin(schedule)

    async def _reread(self) -> None:
        try:
            found = {schedule.key: schedule for schedule in await self._read()}
        except Exception as fault:
            self._reading.met(reason(fault))
            return
        self._reading.over()
        if self._alarms:
            for key in self._known.keys() - found.keys():
                self._alarms.remove(key)
            for key, schedule in found.items():
                if self._known.get(key) != schedule:
                    self._alarms.set(schedule)
        self._known = found

    async def _begin(self, schedule: Schedule) -> None:
        slot = latest_due(schedule, self._now())
        if slot is None or self._started.get(schedule.key) == slot:
            return
        spell = self._starting.setdefault(schedule.key, Spell(f"The start of {slot.id}"))
        try:
            await self._start(slot)
            # Only after it worked: what failed is tried again at the next look.
            self._started[schedule.key] = slot
            spell.over()
            del self._starting[schedule.key]
        except Exception as fault:
            spell.met(reason(fault))
        # Many schedules, each waiting for a Redis that is away, take longer than a loop may stand still.
        self._pulse.beat()
