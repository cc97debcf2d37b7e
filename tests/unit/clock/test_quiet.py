"""Quiet hours: over midnight, within a day, in the pool's own time, and when its clocks change."""

from __future__ import annotations

from datetime import datetime

import pytest

from bot.clock.quiet import quiet_until


def at(said: str) -> float:
    return datetime.fromisoformat(said).timestamp()


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        ("22:00-07:00", "2026-11-21T21:59:59+01:00", ""),
        ("22:00-07:00", "2026-11-21T22:00:00+01:00", "2026-11-22T07:00:00+01:00"),
        ("22:00-07:00", "2026-11-22T03:10:00+01:00", "2026-11-22T07:00:00+01:00"),
        ("22:00-07:00", "2026-11-22T06:59:59+01:00", "2026-11-22T07:00:00+01:00"),
        ("22:00-07:00", "2026-11-22T07:00:00+01:00", ""),
        ("12:00-13:30", "2026-11-22T12:10:00+01:00", "2026-11-22T13:30:00+01:00"),
        ("12:00-13:30", "2026-11-22T13:30:00+01:00", ""),
        ("22:00-07:00", "2026-10-24T23:00:00+02:00", "2026-10-25T07:00:00+01:00"),
        ("22:00-07:00", "2026-03-28T23:00:00+01:00", "2026-03-29T07:00:00+02:00"),
        ("12:00-12:00", "2026-11-22T12:00:00+01:00", ""),
        ("", "2026-11-22T03:10:00+01:00", ""),
    ],
)
def test_quiet_hours_end_at_their_end_in_the_time_of_the_pool(hours: str, now: str, until: str) -> None:
    assert quiet_until(hours, "Europe/Berlin", at(now)) == (at(until) if until else 0.0)
