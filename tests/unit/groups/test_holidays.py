"""Holidays begin and end by the clock on the wall, in whatever time zone the server stands that told of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.groups.compare import compare, contents, fingerprints, in_words, remarks
from bot.domain.groups.difference import Item
from bot.domain.groups.groups import Inventory, Kind
from bot.domain.model import Mark
from bot.exports.export_zip import write_export
from bot.exports.look import diff_exports
from bot.runbooks.backup.export import LIVE
from bot.runbooks.rows.verifying import compared
from tests.worlds import sample

NOON = "2027-07-01T12:00:00"
REMARK = "Nothing has to be done."


def beginning(*dates: str) -> Inventory:
    """A holiday set for each date, on which its only holiday begins; beside it a holiday that nobody doubts."""
    like = sample(holidays=len(dates), workflows=0, queues=0, groups=0, hours=0, music=False).inventory
    sure = {"Name": "Sure", "StartDate": "2027-01-01T00:00:00", "EndDate": "2027-01-02T00:00:00"}
    days = [({"Name": "Day", "StartDate": date, "EndDate": "2027-07-03T00:00:00"}, sure) for date in dates]
    sets = zip(like.objects, days, strict=True)
    return replace(like, objects=tuple(replace(item, properties={"HolidayList": day}) for item, day in sets))


@pytest.mark.parametrize(
    ("there", "here"),
    [(f"{NOON}+02:00", f"{NOON}-04:00"), (NOON, f"{NOON}+02:00"), (f"{NOON}.5+05:30", f"{NOON}.5")],
)
def test_the_same_time_on_the_wall_is_no_difference_and_another_offset_is_told(there: str, here: str) -> None:
    one, other = beginning(there), beginning(here)
    found = compare(one, other)
    assert found.is_clean and found.zoned == (Item(Kind.HOLIDAY_SET, one.objects[0].name),)
    assert fingerprints(one) == fingerprints(other) and contents(one) == contents(other)

    verdict = compared(one, other, "pool-a")
    told = "was written in another time zone; by the clock on the wall its dates are the same."
    assert verdict.mark is Mark.PASS and verdict.sentence.endswith(f"“{one.objects[0].name}” {told} {REMARK}")


@pytest.mark.parametrize("date", [NOON, f"{NOON}Z", f"{NOON}+02:00"])
def test_what_is_written_alike_is_equal_without_a_word(date: str) -> None:
    found = compare(beginning(date), beginning(date))
    assert found.is_clean and remarks(found) == ()
    assert REMARK not in compared(beginning(date), beginning(date), "pool-a").sentence


@pytest.mark.parametrize(
    ("there", "here"),
    [
        ("2027-07-01T00:00:00+02:00", "2027-07-01T01:00:00+02:00"),
        ("2027-07-01T00:00:00+02:00", "2027-06-30T18:00:00-04:00"),
        (NOON, f"{NOON}Z"),
        (f"{NOON}+02:00", f"{NOON}Z"),
        ("2027-07-01T12:00:00+02:00", "2027-07-01T10:00:00Z"),
    ],
    ids=["later", "the same moment", "UTC and unknown", "UTC and local", "the moment in UTC"],
)
def test_another_time_on_the_wall_is_a_difference_and_so_is_a_moment_on_no_wall(there: str, here: str) -> None:
    one, other = beginning(there), beginning(here)
    found = compare(one, other)
    assert [(change.path, change.before, change.after) for change in found.changed] == [
        ("HolidayList[0].StartDate", there, here)
    ]
    assert fingerprints(one) != fingerprints(other) and not found.zoned
    assert in_words(found)[0].endswith(f"HolidayList[0].StartDate was {there}, is {here}.")


def test_whoever_compares_exports_is_told_the_remark() -> None:
    one, other = (write_export(beginning(f"{NOON}{offset}"), {}.__getitem__, 0.0) for offset in ("+02:00", "-04:00"))
    facts, (same, remark) = diff_exports(one, other)
    assert facts["equal"] and same.startswith("Both exports hold the same") and remark.endswith(REMARK)


def test_a_backup_that_agrees_with_its_pool_has_the_remark_in_its_row() -> None:
    seen = {"zip": beginning(f"{NOON}+02:00"), "live": beginning(NOON)}
    verdict = LIVE.judge(None, seen)
    assert verdict.mark is Mark.PASS and verdict.sentence.endswith(REMARK)


def test_a_remark_stands_behind_the_differences_and_counts_as_none() -> None:
    one = beginning(f"{NOON}+02:00", f"{NOON}+02:00", NOON)
    other = beginning(f"{NOON}-04:00", f"{NOON}-04:00", "2027-07-02T12:00:00")
    found = compare(one, other)
    difference, remark = in_words(found)
    assert len(found.changed) == 1 and "StartDate" in difference
    assert remark == (
        "2 holiday sets were written in another time zone; by the clock on the wall their dates are the same. " + REMARK
    )


def test_only_dates_of_holidays_are_read_by_the_clock_on_the_wall() -> None:
    (like,) = sample(holidays=1, workflows=0, queues=0, groups=0, hours=0).inventory.objects
    one, other = (
        Inventory((replace(like, properties={**like.properties, "Description": f"since {date}", "Since": date}),))
        for date in (f"{NOON}+02:00", f"{NOON}-04:00")
    )
    assert {change.path for change in compare(one, other).changed} == {"Description", "Since"}
