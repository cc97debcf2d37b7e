"""Slots come once each, at the right instants, whatever the clocks do; misses are caught up and faults are survived."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clock import timetable as timetables
from bot.clock.alarms import Alarm
from bot.clock.pulse import Pulse
from bot.clock.timetable import Timetable
from bot.clock.wall_clock import due_at, latest_due, next_due
from bot.domain.backups.schedule import Schedule, Slot
from bot.domain.errors import StoreAway
from tests.patience import PATIENCE_S

POOL = "pool-a.contoso.com"
PARIS = Schedule(POOL, "Europe/Paris", ("02:30",))
MINUTE = timedelta(minutes=1)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def walk(schedule: Schedule, start: datetime, end: datetime) -> list[tuple[str, datetime]]:
    """Every slot that is due after `start` and before `end`, as the alarm rings."""
    found, ring = [], Alarm(schedule).get_next_fire_time(None, start)
    while ring and ring < end:
        slot = latest_due(schedule, ring)
        assert slot
        found.append((slot.local, ring))
        again = Alarm(schedule).get_next_fire_time(ring, start)
        assert again != ring
        ring = again
    return found


def test_a_time_that_spring_skips_comes_once_an_hour_later_by_the_clock() -> None:
    assert walk(PARIS, instant("2027-03-27T12:00"), instant("2027-03-29T12:00")) == [
        ("2027-03-28T02:30", instant("2027-03-28T01:30")),
        ("2027-03-29T02:30", instant("2027-03-29T00:30")),
    ]


def test_a_time_that_autumn_repeats_comes_once_at_its_first_turn() -> None:
    assert walk(PARIS, instant("2027-10-30T12:00"), instant("2027-11-01T12:00")) == [
        ("2027-10-31T02:30", instant("2027-10-31T00:30")),
        ("2027-11-01T02:30", instant("2027-11-01T01:30")),
    ]


@pytest.mark.parametrize(
    ("now", "local"),
    [
        ("2027-10-31T00:29", "2027-10-30T02:30"),
        ("2027-10-31T00:30", "2027-10-31T02:30"),
        ("2027-10-31T01:30", "2027-10-31T02:30"),
        ("2027-03-28T01:29", "2027-03-27T02:30"),
        ("2027-03-28T01:30", "2027-03-28T02:30"),
    ],
)
def test_the_latest_due_slot_is_exact_to_the_minute(now: str, local: str) -> None:
    assert latest_due(PARIS, instant(now)) == Slot(POOL, local)
    assert latest_due(PARIS, instant(now).astimezone(ZoneInfo("Asia/Tokyo"))) == Slot(POOL, local)


def test_two_times_that_spring_puts_on_one_instant_are_one_slot() -> None:
    both = Schedule(POOL, "Europe/Paris", ("03:30", "02:30"))
    assert walk(both, instant("2027-03-28T00:00"), instant("2027-03-29T00:00")) == [
        ("2027-03-28T03:30", instant("2027-03-28T01:30"))
    ]


def test_a_midnight_that_spring_skips_is_not_forgotten() -> None:
    cairo = Schedule(POOL, "Africa/Cairo", ("00:30",))
    assert [local for local, _ in walk(cairo, instant("2027-04-29T12:00"), instant("2027-05-01T12:00"))] == [
        "2027-04-30T00:30",
        "2027-05-01T00:30",
    ]


def test_the_id_of_a_slot_is_what_is_taken_of_which_pool_at_which_local_time() -> None:
    for slot, id in (
        (Slot(POOL, "2026-11-21T02:30"), "backup-pool-a.contoso.com-2026-11-21T0230"),
        (Slot(POOL, "2026-11-21T03:30", "companion", "lis"), "companion-lis-pool-a.contoso.com-2026-11-21T0330"),
        (Slot(POOL, "2026-11-21T03:30", "clean-up"), "clean-up-pool-a.contoso.com-2026-11-21T0330"),
    ):
        assert slot.id == id


def test_a_schedule_without_times_is_never_due() -> None:
    never = Schedule(POOL, "UTC", ())
    assert latest_due(never, instant("2027-01-01T00:00")) is None
    assert next_due(never, instant("2027-01-01T00:00")) is None


ZONES = ("Europe/Paris", "America/Havana", "Australia/Lord_Howe", "Africa/Cairo", "Pacific/Chatham", "Asia/Kolkata")


@cache
def moves(zone: str) -> tuple[datetime, ...]:
    """The hours of 2027 in which this zone moves its clocks, and one in which nothing happens."""
    hours = [instant("2027-01-01T00:00") + timedelta(hours=hour) for hour in range(365 * 24)]
    offsets = [hour.astimezone(ZoneInfo(zone)).utcoffset() for hour in hours]
    return (hours[500], *(hours[place] for place in range(1, len(hours)) if offsets[place] != offsets[place - 1]))


def by_the_minute(schedule: Schedule, start: datetime, end: datetime) -> dict[datetime, str]:
    """The slots by brute force: watching a wall clock, minute by minute, and its ghost that nobody moves forward."""
    zone, found, seen = ZoneInfo(schedule.time_zone), {}, set()
    now, ghost, ghost_until = start, timedelta(0), start
    before = start.astimezone(zone).utcoffset()
    while now < end:
        here = now.astimezone(zone)
        offset = here.utcoffset()
        if offset > before:
            ghost, ghost_until = before, now + (offset - before)
        before = offset
        walls = [here.replace(tzinfo=None)] + ([(now + ghost).replace(tzinfo=None)] if now < ghost_until else [])
        for wall in sorted(walls):
            if f"{wall:%H:%M}" in schedule.at and wall not in seen:
                seen.add(wall)
                found[now] = f"{wall:%Y-%m-%dT%H:%M}"
        now += MINUTE
    return found


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_slots_are_those_of_a_wall_clock_watched_minute_by_minute(data: st.DataObject) -> None:
    zone = data.draw(st.sampled_from(ZONES))
    near = data.draw(st.sampled_from(moves(zone)))
    start = near - data.draw(st.integers(60, 26 * 60)) * MINUTE
    end = near + timedelta(hours=30)
    early = st.integers(0, 4 * 60).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
    times = data.draw(st.lists(st.one_of(early, st.sampled_from(["00:00", "02:30", "23:59"])), min_size=1, max_size=4))
    schedule = Schedule(POOL, zone, tuple(times))
    wanted = by_the_minute(schedule, start, end)
    # What is due at the very start counts as past: an alarm rings for what comes after.
    wanted.pop(start, None)
    assert [(ring, local) for local, ring in walk(schedule, start, end)] == sorted(wanted.items())
    for ring, local in wanted.items():
        assert due_at(Slot(POOL, local), zone) == ring
        assert next_due(schedule, ring - MINUTE) == (Slot(POOL, local), ring)


class Log:
    """A `start` that keeps what it was given, fails as often as it is told, and can be waited for."""

    def __init__(
        self, faults: int = 0, fault: Exception | None = None, then: Callable[[], None] = lambda: None
    ) -> None:
        self.slots: list[Slot] = []
        self.enough = asyncio.Event()
        self._faults, self._fault, self._then = faults, fault or StoreAway("Redis does not answer."), then

    async def start(self, slot: Slot) -> None:
        self.slots.append(slot)
        self._then()
        if len(self.slots) <= self._faults:
            raise self._fault
        self.enough.set()

    async def wait(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            await self.enough.wait()


def saying(*schedules: Schedule) -> Callable[[], Awaitable[tuple[Schedule, ...]]]:
    """Where the timetable reads them."""

    async def read() -> tuple[Schedule, ...]:
        return schedules

    return read


def long_ago() -> datetime:
    # A clock that stands in the past: whatever is tried again later is tried again at once.
    return instant("2020-06-01T12:00")


async def test_at_start_the_latest_due_slot_of_every_pool_is_caught_up() -> None:
    log = Log()
    timetable = Timetable(saying(PARIS, Schedule("pool-b.contoso.com", "UTC", ("11:00", "13:00"))), log.start, long_ago)
    await timetable.open()
    await timetable.close()
    assert log.slots == [Slot(POOL, "2020-06-01T02:30"), Slot("pool-b.contoso.com", "2020-06-01T11:00")]


async def test_an_alarm_starts_the_slot_that_is_due() -> None:
    log, now = Log(), instant("2027-10-31T00:30")
    timetable = Timetable(saying(PARIS), log.start, lambda: now)
    await timetable.wake()
    now = instant("2027-10-31T01:30")
    await timetable.wake()
    assert {slot.id for slot in log.slots} == {f"backup-{POOL}-2027-10-31T0230"}


async def test_the_scheduler_rings_the_alarm_however_late() -> None:
    log, now = Log(), long_ago()
    timetable = Timetable(saying(PARIS), log.start, lambda: now)
    await timetable.open()
    log.enough.clear()
    now += timedelta(days=1)
    alarm = timetable._alarms.scheduler.get_job(PARIS.key)
    assert alarm.next_run_time == next_due(PARIS, datetime.now(UTC))[1]
    alarm.modify(next_run_time=datetime.now(UTC) - timedelta(hours=3))
    await log.wait()
    await timetable.close()
    assert log.slots == [Slot(POOL, "2020-06-01T02:30"), Slot(POOL, "2020-06-02T02:30")]


async def test_a_slot_that_could_not_be_started_is_tried_again_at_every_look_until_it_works(
    caplog: pytest.LogCaptureFixture,
) -> None:
    log = Log(faults=3)
    timetable = Timetable(saying(PARIS), log.start, long_ago)
    with caplog.at_level(logging.INFO, "bot.clock"):
        for _ in range(6):
            await timetable.wake()
    assert log.slots == [Slot(POOL, "2020-06-01T02:30")] * 4
    begun, ended = [record.getMessage() for record in caplog.records]
    what = f"The start of backup-{POOL}-2020-06-01T0230"
    assert begun == f"{what} waits: Redis does not answer."
    assert ended.startswith(f"{what} works again. It had waited 3 times")


async def test_a_look_comes_by_itself_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log(faults=1)
    timetable = Timetable(saying(PARIS), log.start, long_ago)
    monkeypatch.setattr(timetables, "LOOK_S", 0.01)
    stopped = asyncio.Event()
    looks = asyncio.create_task(timetable.run_forever(stopped, Pulse("timetable")))
    await log.wait()
    stopped.set()
    await looks
    assert log.slots == [Slot(POOL, "2020-06-01T02:30")] * 2


async def test_a_slot_is_given_up_when_the_next_one_is_due() -> None:
    now = long_ago()
    log = Log(faults=1)
    timetable = Timetable(saying(PARIS), log.start, lambda: now)
    await timetable.wake()
    now += timedelta(days=1)
    await timetable.wake()
    assert log.slots == [Slot(POOL, "2020-06-01T02:30"), Slot(POOL, "2020-06-02T02:30")]


async def test_a_clock_that_goes_back_and_forth_between_alarm_and_look_loses_no_slot() -> None:
    now = long_ago()
    log = Log()
    timetable = Timetable(saying(PARIS), log.start, lambda: now)
    for hours in (0, -24, 0, 24, 0, 24):
        now = long_ago() + timedelta(hours=hours)
        await timetable.wake()
    assert {slot.local[:10] for slot in log.slots} == {"2020-05-31", "2020-06-01", "2020-06-02"}
    assert log.slots[-1].local == "2020-06-02T02:30"


async def test_schedules_that_cannot_be_read_hold_as_they_were_last_known(caplog: pytest.LogCaptureFixture) -> None:
    now, log, away = long_ago(), Log(), False

    async def read() -> tuple[Schedule, ...]:
        if away:
            raise StoreAway("Redis does not answer.")
        return (PARIS,)

    timetable = Timetable(read, log.start, lambda: now)
    await timetable.wake()
    away, now = True, now + timedelta(days=1)
    await timetable.wake()
    assert [slot.local for slot in log.slots] == ["2020-06-01T02:30", "2020-06-02T02:30"]
    assert "Reading the schedules (the last known ones hold) waits: Redis does not answer." in caplog.text


async def test_a_schedule_that_is_changed_rings_anew_and_one_that_is_gone_rings_no_more() -> None:
    found: tuple[Schedule, ...] = (PARIS, Schedule(POOL, "UTC", ("11:00",), "companion", "lis"))

    async def read() -> tuple[Schedule, ...]:
        return found

    log = Log()
    timetable = Timetable(read, log.start, long_ago)
    await timetable.open()
    assert [(slot.runbook, slot.kind) for slot in log.slots] == [("backup", ""), ("companion", "lis")]
    found = (Schedule(POOL, "Europe/Paris", ("14:30",), since=long_ago().timestamp()),)
    await timetable.wake()
    alarm = timetable._alarms.scheduler.get_job(PARIS.key)
    assert alarm.next_run_time == next_due(found[0], datetime.now(UTC))[1]
    assert timetable._alarms.scheduler.get_job("companion-lis " + POOL) is None and len(log.slots) == 2
    await timetable.close()


async def test_a_fault_of_one_pool_does_not_keep_another_from_starting() -> None:
    log = Log(faults=1, fault=RuntimeError("xoxb-hush"))
    timetable = Timetable(saying(PARIS, Schedule("pool-b.contoso.com", "UTC", ("11:00",))), log.start, long_ago)
    await timetable.open()
    await timetable.close()
    assert [slot.pool for slot in log.slots] == [POOL, "pool-b.contoso.com"]


async def test_the_log_never_shows_the_text_of_an_unforeseen_error(caplog: pytest.LogCaptureFixture) -> None:
    timetable = Timetable(saying(PARIS), Log(faults=1, fault=RuntimeError("xoxb-hush")).start, long_ago)
    await timetable.wake()
    assert "RuntimeError" in caplog.text and "xoxb-hush" not in caplog.text


async def test_closing_lets_the_start_that_is_under_way_end() -> None:
    began, may_end, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def start(_: Slot) -> None:
        began.set()
        await may_end.wait()
        ended.set()

    timetable = Timetable(saying(PARIS), start, long_ago)
    opening = asyncio.ensure_future(timetable.open())
    await began.wait()
    closing = asyncio.ensure_future(timetable.close())
    may_end.set()
    await closing
    assert ended.is_set()
    await opening


async def test_closing_what_was_never_opened_does_no_harm() -> None:
    await Timetable(saying(PARIS), Log().start, long_ago).close()
