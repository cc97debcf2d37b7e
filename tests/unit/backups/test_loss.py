"""What a death of a pool would cost now: hours, edits at the measured rate, and the schedule that would lose fewer."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.backups.backup import Backup
from bot.domain.backups.loss import MOST_LOST, Loss, loss, proposal, sentences
from bot.domain.backups.schedule import longest_gap_h

NOW, HOUR, DAY = 1_795_000_000.0, 3600.0, 86_400.0
ONE = Backup("b0", "pool-a", "pool-a", NOW, "0" * 64, 1, {}, "c", "run")


def taken(*changed: int | None, every_h: float = 24, ago_h: float = 9) -> list[Backup]:
    """Backups, newest first; each with what changed since the one before."""
    return [
        replace(
            ONE,
            id=f"b{turn}",
            before=f"b{turn + 1}" if turn + 1 < len(changed) else "",
            changed=one,
            taken_at=NOW - ago_h * HOUR - turn * every_h * HOUR,
        )
        for turn, one in enumerate(changed)
    ]


def said(found: Loss, *at: str) -> tuple[str, ...]:
    return sentences("pool-a", found, proposal(found, at))


def test_the_rate_is_changes_over_the_time_in_which_they_came() -> None:
    found = loss(taken(8, 8, None), NOW, due=NOW + 15 * HOUR)
    assert (found.hours, found.a_day, found.due_h) == (9, 8, 24)
    assert said(found) == (
        "Not yet in a backup of pool-a: about 3 edits of the last 9 h; just before the next backup, about 8 edits.",
    )


def test_without_any_backup_everything_would_be_lost() -> None:
    assert said(loss([], NOW)) == ("There is no sound backup of pool-a: if it died now, everything would be lost.",)


@pytest.mark.parametrize(
    "backups", [taken(None), taken(8, None), taken(None, None, None, None), taken(8, None, 8, None)[:3]]
)
def test_a_rate_that_was_not_measured_often_enough_is_unknown_and_said_to_be(backups: list[Backup]) -> None:
    found = loss(backups, NOW)
    assert found.a_day is None and found.edits(5.0) is None and proposal(found, ("02:30",)) is None
    assert said(found, "02:30") == (
        "Not yet in a backup of pool-a: the edits of the last 9 h. How many these are is known after 3 backups, "
        "over an hour at least.",
    )


def test_no_edits_at_all_is_a_rate_too() -> None:
    found = loss(taken(0, 0, None), NOW)
    assert found.a_day == 0 and said(found) == ("Not yet in a backup of pool-a: probably no edit of the last 9 h.",)


def test_time_whose_earlier_backup_is_gone_does_not_dilute_the_rate() -> None:
    """Retention thins old backups out: what was counted over an hour must not be spread over a day."""
    newest, later, thinned = taken(2, 2, 2, every_h=1)
    old = replace(ONE, id="old", taken_at=NOW - 5 * DAY, changed=1, before="gone")
    assert loss([newest, later, replace(thinned, before="gone"), old], NOW).a_day == 48


def test_only_the_last_four_weeks_count() -> None:
    recent, old = taken(1, 1, 1), taken(500, 500, 500, ago_h=40 * 24)
    assert loss([*recent, *old], NOW).a_day == 1


def test_a_damaged_backup_restores_nothing_but_still_tells_of_changes() -> None:
    found = loss(taken(8, 8, None), NOW, damaged={"b0"})
    assert (found.hours, found.a_day) == (33, 8)
    assert loss(taken(8, 8, None), NOW, damaged={"b0", "b1", "b2"}).hours is None


def test_a_backup_from_a_clock_that_was_ahead_is_no_gain() -> None:
    assert loss(taken(8, 8, None, ago_h=-3), NOW).hours == 0


def test_two_backups_at_once_measure_nothing() -> None:
    assert loss(taken(8, 8, None, every_h=0), NOW).a_day is None


@pytest.mark.parametrize(
    ("a_day", "at", "every_h"),
    [
        (5.0, ("02:30",), None),
        (5.1, ("02:30",), 12),
        (8.0, ("02:30",), 12),
        (20.0, ("02:30",), 6),
        (20.1, ("02:30",), 3),
        (50.0, ("02:30",), 1),
        (5_000.0, ("02:30",), 1),
        (5_000.0, tuple(f"{hour:02}:30" for hour in range(24)), None),
        (20.0, ("02:30", "13:00"), 6),
        (2.0, ("Sun 02:30",), 24),
        (0.0, ("02:30",), None),
        (8.0, (), None),
    ],
)
def test_the_time_between_two_backups_is_halved_until_it_costs_little_enough(
    a_day: float, at: tuple[str, ...], every_h: int | None
) -> None:
    better = proposal(Loss(9, a_day), at)
    assert (better and better.every_h) == every_h
    if better:
        assert longest_gap_h(better.at) == every_h and better.before > MOST_LOST
        assert better.after <= MOST_LOST or every_h == 1


def test_a_tighter_schedule_keeps_the_first_time_and_says_what_it_would_change() -> None:
    found = loss(taken(20, 20, None), NOW, due=NOW + 15 * HOUR)
    better = proposal(found, ("02:30", "Sun 05:00"))
    assert better and better.at == ("02:30", "08:30", "14:30", "20:30")
    assert said(found, "02:30")[1] == (
        "There are about 20 edits a day, so at worst about 20 edits are lost; with a backup every 6 hours, "
        "about 5 edits."
    )


def test_a_pool_that_is_down_has_lost_already_what_no_backup_holds() -> None:
    found = replace(loss(taken(8, 8, None), NOW), down=True)
    assert said(found, "02:30") == (
        "pool-a is down: about 3 edits of the 9 h before that would come back only with it.",
    )
    unknown = replace(loss(taken(None), NOW), down=True)
    assert said(unknown) == ("pool-a is down: what was edited in the 9 h before that would come back only with it.",)
    assert said(Loss(None, down=True))[0].startswith("pool-a is down, and there is no sound backup of it")


def test_while_a_pool_is_failed_over_the_death_of_its_backup_pool_is_what_would_cost() -> None:
    found = replace(loss(taken(8, 8, None), NOW), stands_in="pool-b")
    assert said(found)[0].startswith("Not yet in a backup of pool-a (its groups are on pool-b now): about 3 edits")
