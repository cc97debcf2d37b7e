"""Wall times as people write them: read, ordered, evened out, refused in a sentence; weekdays survive the clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock.wall_clock import latest_due, next_due
from bot.domain.backups.schedule import (
    MOST_A_DAY,
    WEEKDAYS,
    Override,
    Schedule,
    Timing,
    crowded,
    every,
    longest_gap_h,
    minutes,
    ordered,
    times,
    timing,
)
from bot.domain.errors import BadInput
from bot.domain.model import Who

POOL = "pool-a.contoso.com"
ANNA = Who("T1:U1", "Anna")


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def refused(*words: str) -> str:
    with pytest.raises(BadInput) as caught:
        times(words)
    return caught.value.sentence


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("02:30", ("02:30",)),
        ("14:30 02:30 14:30", ("02:30", "14:30")),
        ("Sun 02:30", ("Sun 02:30",)),
        ("sunday 02:30 mon 01:00 23:00", ("23:00", "Mon 01:00", "Sun 02:30")),
        ("Weds 04:00", None),
        ("thurs 04:00", ("Thu 04:00",)),
    ],
)
def test_a_weekday_goes_with_the_time_behind_it(typed: str, read: tuple[str, ...] | None) -> None:
    if read is None:
        assert refused(*typed.split()) == "“Weds” is not a time such as 02:30 or Sun 02:30."
    else:
        assert times(typed.split()) == read


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("2:30", "“2:30” is not a time such as 02:30 or Sun 02:30."),
        ("24:00", "“24:00” is not a time such as 02:30 or Sun 02:30."),
        ("٠٢:٣٠", "“٠٢:٣٠” is not a time such as 02:30 or Sun 02:30."),
        ("02:30pm", "“02:30pm” is not a time such as 02:30 or Sun 02:30."),
        ("Sun", "A time is missing, such as 02:30 or Sun 02:30."),
        ("02:30 Sun", "A time is missing, such as 02:30 or Sun 02:30."),
        ("Sun Mon 02:30", "“Mon” is not a time such as 02:30 or Sun 02:30."),
        ("02:30 02:35", "That has 02:30 and 02:35 closer together than 10 minutes; leave one of them out."),
        ("23:55 00:00", "That has 23:55 and 00:00 closer together than 10 minutes; leave one of them out."),
        ("Sun 02:32 02:30", "That has 02:30 and 02:32 closer together than 10 minutes; leave one of them out."),
        ("x" * 500, f"“{'x' * 40}” is not a time such as 02:30 or Sun 02:30."),
    ],
)
def test_what_is_no_schedule_is_refused_in_a_sentence_with_an_example(typed: str, sentence: str) -> None:
    assert refused(*typed.split()) == sentence


def test_times_across_two_weekdays_may_be_the_same() -> None:
    assert times(["Sun", "02:30", "Mon", "02:30"]) == ("Mon 02:30", "Sun 02:30")
    assert crowded(("Sun 23:55", "Mon 00:00")) != ""
    assert crowded(("Sat 23:55", "Mon 00:00")) == ""


def test_there_are_at_most_so_many_turns_a_day() -> None:
    quarter = every(15, ("00:05",))
    assert len(quarter) == MOST_A_DAY and crowded(quarter) == ""
    assert "more than 96 times on one day" in crowded(every(10, ("00:05",)))


def test_even_times_begin_with_the_first_one_that_is_there() -> None:
    assert every(360, ("02:30", "13:00")) == ("02:30", "08:30", "14:30", "20:30")
    assert every(720, ("Sun 14:10",)) == ("02:10", "14:10")
    assert every(1440, ()) == ("02:30",)


@pytest.mark.parametrize("uneven", [0, 300, 7, 1441, 2880])
def test_uneven_times_are_refused_with_examples(uneven: int) -> None:
    with pytest.raises(BadInput, match="such as 12h, 8h, 6h, 4h, 3h, 2h or 1h"):
        every(uneven, ("02:30",))


def test_lengths_of_time_are_read_or_refused() -> None:
    assert [minutes(word) for word in ("6h", "90m", "90min", "2d", "1H")] == [360, 90, 90, 2880, 60]
    for word in ("6", "h", "-1h", "1.5h", "٦h", "6h30", "9" * 40 + "h"):
        with pytest.raises(BadInput, match="is not a length of time such as 6h, 90m or 2d"):
            minutes(word)


def test_the_longest_gap_is_over_the_night_and_over_the_week() -> None:
    assert longest_gap_h(("02:30",)) == 24
    assert longest_gap_h(("02:30", "13:00")) == 13.5
    assert longest_gap_h(("Sun 02:30",)) == 168
    assert longest_gap_h(("02:30", "Sun 14:30")) == 24
    assert longest_gap_h(()) is None


def test_what_people_said_holds_over_the_configuration_part_by_part() -> None:
    configured = Timing(("02:30",), 26.0)
    assert timing(configured, None) == configured
    assert timing(configured, Override(POOL, ANNA, 1.0, at=("13:00",))) == Timing(("13:00",), 26.0)
    assert timing(configured, Override(POOL, ANNA, 1.0, objective_h=8.0)) == Timing(("02:30",), 8.0)


def test_slots_before_a_change_are_not_caught_up() -> None:
    now = instant("2027-01-10T12:00")
    changed = Schedule(POOL, "UTC", ("02:30",), since=now.timestamp())
    assert latest_due(changed, now) is None
    later = latest_due(changed, now + timedelta(days=1))
    assert later and later.local == "2027-01-11T02:30"
    due = instant("2027-01-10T02:30")
    wrong = Schedule(POOL, "UTC", ("02:30",), since=(now + timedelta(days=400)).timestamp())
    already = latest_due(wrong, now)
    assert already and already.local == "2027-01-10T02:30", "a clock that was ahead holds nothing up"
    at_once = latest_due(Schedule(POOL, "UTC", ("02:30",), since=due.timestamp()), now)
    assert at_once and at_once.local == "2027-01-10T02:30"


@pytest.mark.parametrize(
    ("zone", "time", "found"),
    [
        # Skipped: Paris 02:30 on Sunday 28 March is 03:30; the next one is a week later.
        ("Europe/Paris", "Sun 02:30", {"2027-03-28T02:30": "2027-03-28T01:30", "2027-04-04T02:30": "2027-04-04T00:30"}),
        # Repeated: Sunday 31 October once, at its first turn.
        ("Europe/Paris", "Sun 02:30", {"2027-10-31T02:30": "2027-10-31T00:30", "2027-11-07T02:30": "2027-11-07T01:30"}),
        # Cairo skips the first hour of Friday 30 April; 00:30 then is 01:30, still on Friday.
        ("Africa/Cairo", "Fri 00:30", {"2027-04-30T00:30": "2027-04-29T22:30", "2027-05-07T00:30": "2027-05-06T21:30"}),
        # Lord Howe repeats half an hour on Sunday 4 April: 01:45 comes twice, and counts once.
        (
            "Australia/Lord_Howe",
            "Sun 01:45",
            {"2027-04-04T01:45": "2027-04-03T14:45", "2027-04-11T01:45": "2027-04-10T15:15"},
        ),
        # Havana skips midnight of Sunday 14 March and repeats that of 7 November.
        (
            "America/Havana",
            "Sun 00:15",
            {"2027-03-14T00:15": "2027-03-14T05:15", "2027-03-21T00:15": "2027-03-21T04:15"},
        ),
        (
            "America/Havana",
            "Sun 00:15",
            {"2027-11-07T00:15": "2027-11-07T04:15", "2027-11-14T00:15": "2027-11-14T05:15"},
        ),
    ],
)
def test_a_weekday_comes_once_a_week_whatever_the_clocks_do(zone: str, time: str, found: dict[str, str]) -> None:
    schedule = Schedule(POOL, zone, (time,))
    for local, due in found.items():
        slot = latest_due(schedule, instant(due))
        assert slot and slot.local == local
        before = latest_due(schedule, instant(due) - timedelta(seconds=1))
        assert before and before.local < local
        coming = next_due(schedule, instant(due) - timedelta(seconds=1))
        assert coming and (coming[0].local, coming[1]) == (local, instant(due))


@given(st.data())
def test_every_slot_of_a_weekday_is_of_that_weekday_and_a_week_from_the_next(data: st.DataObject) -> None:
    zone = data.draw(st.sampled_from(["Europe/Paris", "Africa/Cairo", "Australia/Lord_Howe", "America/Havana"]))
    day, minute = data.draw(st.integers(0, 6)), data.draw(st.integers(0, 1439))
    time = f"{WEEKDAYS[day]} {minute // 60:02}:{minute % 60:02}"
    now = instant("2027-01-01T00:00") + timedelta(minutes=data.draw(st.integers(0, 365 * 1440)))
    schedule = Schedule(POOL, zone, (time,))
    latest, coming = latest_due(schedule, now), next_due(schedule, now)
    assert latest and coming
    one, other = datetime.fromisoformat(latest.local), datetime.fromisoformat(coming[0].local)
    assert other - one == timedelta(days=7) and one.weekday() == day and f"{one:%H:%M}" == time[4:]
    assert abs(coming[1].astimezone(ZoneInfo(zone)).replace(tzinfo=None) - other) <= timedelta(hours=1)


@given(st.lists(st.integers(0, 1439), max_size=12), st.lists(st.tuples(st.integers(0, 6), st.integers(0, 1439))))
def test_whatever_is_written_can_be_read_again(daily: list[int], weekly: list[tuple[int, int]]) -> None:
    clock = [f"{minute // 60:02}:{minute % 60:02}" for minute in daily]
    at = ordered([*clock, *(f"{WEEKDAYS[day]} {minute // 60:02}:{minute % 60:02}" for day, minute in weekly)])
    if at and not crowded(at):
        assert times(" ".join(at).split()) == at
