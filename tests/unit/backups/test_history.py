"""A month of backups day by day: what is counted, what is missing, and whether the words say what the picture shows."""

from __future__ import annotations

import struct
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.backups.backup import Backup
from bot.domain.backups.history import DAYS, Cover, History, coverage, gaps, history, in_words
from bot.domain.errors import NotDelivered
from handlers.backups.drawing import draw, picture

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 14, 12, tzinfo=UTC).timestamp()


def backup(day: int, changed: int | None = 0, size: int = 1_200_000, *, hour: int = 2, month: int = 11) -> Backup:
    """One of that day; each is compared with the one of the day before."""
    at = datetime(2026, month, day, hour, tzinfo=UTC).timestamp()
    return Backup(
        id=f"{month}-{day}",
        pool="pool-a.example",
        source="pool-a.example",
        taken_at=at,
        sha256="",
        size=size,
        counts={},
        contents="",
        run="",
        changed=changed,
        before=f"{month}-{day - 1}",
    )


def month(*backups: Backup, failed: tuple[float, ...] = ()) -> History:
    return history("pool-a", backups, failed, BERLIN, NOW)


def test_the_words_say_what_the_picture_shows() -> None:
    changes = {day: 0 for day in range(3, 15)} | {9: 41, 10: 4}
    found = month(*(backup(day, changed, 1_200_000 + day * 10_000) for day, changed in changes.items()))

    assert in_words(found) == (
        "12 backups of pool-a from 3 to 14 Nov; 0 to 41 changes a day, most on 9 Nov; size 1.23 to 1.34 MB; "
        "no day without a backup."
    )


def test_the_calendar_has_each_of_thirty_days_and_whether_it_has_a_backup() -> None:
    tried = [datetime(2026, 11, day, 3, tzinfo=UTC).timestamp() for day in (6, 8)]
    found = coverage(month(*(backup(day) for day in (3, 4, 8, 13)), failed=tuple(tried)))

    assert len(found) == DAYS and (found[0][0], found[-1][0]) == (date(2026, 10, 16), date(2026, 11, 14))
    sorts = {day.day: cover for day, cover in found if day.month == 11}
    assert {day for day, cover in sorts.items() if cover is Cover.KEPT} == {3, 4, 8, 13}, (
        "one that failed first as well"
    )
    assert sorts[6] is Cover.FAILED and sorts[5] is sorts[12] is Cover.MISSED
    assert sorts[2] is Cover.BEFORE and sorts[14] is Cover.OPEN, "neither misses anything"


def test_days_without_a_backup_and_tries_that_failed_are_seen_and_said() -> None:
    tried = datetime(2026, 11, 6, 3, tzinfo=UTC).timestamp()
    found = month(*(backup(day) for day in (3, 4, 8, 9, 11, 12, 13, 14)), failed=(tried, tried + 60))

    assert gaps(found.days) == [(date(2026, 11, 5), date(2026, 11, 7)), (date(2026, 11, 10), date(2026, 11, 10))]
    words = in_words(found)
    assert "no backup from 5 to 7 Nov and on 10 Nov; 2 tries failed, on 6 Nov." in words
    assert "no changes (not counting what backups found that are no longer kept)" in words


def test_today_is_not_over_so_it_is_no_day_without_a_backup_yet() -> None:
    assert gaps(month(backup(12), backup(13)).days) == []


def test_a_day_is_the_day_of_the_pool_and_not_of_greenwich() -> None:
    late = month(backup(10, hour=23), backup(12))

    assert [day.date.day for day in late.days if day.backups] == [11, 12]


def test_several_backups_of_a_day_are_added_up_and_uncounted_ones_are_not_taken_for_none() -> None:
    found = month(backup(13, None), backup(14, 2, hour=1), backup(14, 3, 1_500_000, hour=5))

    assert [(day.backups, day.changed, day.size) for day in found.days] == [(1, None, 1_200_000), (2, 5, 1_500_000)]


def test_only_the_last_month_is_counted_since_older_ones_are_thinned_out() -> None:
    found = month(backup(1, month=9), backup(16, month=10), backup(14))

    assert found.days[0].date == date(2026, 10, 16) and len(found.days) == DAYS


def test_a_pool_without_a_backup_has_nothing_to_draw() -> None:
    assert month().days == () and in_words(month()) == "pool-a has no backup of the last 30 days."


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ((1,), "1 change that day"),
        ((2, 2), "2 changes a day"),
        ((None,), "changes were not counted"),
        ((0,), "no chan"),
    ],
)
def test_changes_are_said_as_people_say_them(changed: tuple[int | None, ...], words: str) -> None:
    assert words in in_words(month(*(backup(14 - number, one) for number, one in enumerate(changed))))


async def test_the_picture_is_drawn_in_a_process_of_its_own_and_is_a_png_of_the_right_size() -> None:
    found = month(*(backup(day, day) for day in (3, 4, 8)), failed=(NOW - timedelta(days=8).total_seconds(),))

    drawn = await picture(found)

    assert drawn.startswith(b"\x89PNG") and struct.unpack(">II", drawn[16:24]) == (1600, 1000)
    assert drawn != draw(month(backup(3, 3)))


async def test_a_picture_that_cannot_be_drawn_is_a_sentence() -> None:
    with pytest.raises(NotDelivered, match=r"What it would show is in the list of backups\."):
        await picture(History("pool-a", "Europe/Berlin"))
