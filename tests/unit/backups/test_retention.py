"""Which backups stay: windows of time, whatever else is thrown in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.backups.backup import Backup, Keeping, Stamp
from bot.domain.backups.retention import Decision, KeptBackup, Windows, plan

POOL, DAY, NOW = "pool-a.contoso.com", 86_400.0, datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
BERLIN = ZoneInfo("Europe/Berlin")
BASIS = "as today"
STAMPED = Keeping(Stamp(NOW, True, "pool-b.contoso.com", BASIS))


def kept(days_ago: float, keeping: Keeping = Keeping(), id: str = "") -> KeptBackup:  # noqa: B008 (frozen)
    taken = NOW - days_ago * DAY
    return KeptBackup(Backup(id or f"b{days_ago:g}", POOL, POOL, taken, "", 1, {}, "", "run"), keeping)


def decided(rows: Sequence[KeptBackup], *, basis: str = BASIS, now: float = NOW) -> dict[str, Decision]:
    return {one.backup.id: one for one in plan(rows, basis, Windows(), now, BERLIN)}


def stays(rows: Sequence[KeptBackup], *, basis: str = BASIS, now: float = NOW) -> set[str]:
    return {id for id, one in decided(rows, basis=basis, now=now).items() if one.stays}


def test_everything_of_the_last_week_stays() -> None:
    rows = [kept(hours / 24) for hours in range(7 * 24 + 1)]
    assert len(stays(rows)) == len(rows)


def test_after_a_week_the_last_backup_of_each_local_day_stays() -> None:
    # 12:00 UTC is 13:00 in Berlin: the day ends 11 hours later, at 23:00 UTC.
    rows = [kept(10, id="noon"), kept(10 - 10.9 / 24, id="late"), kept(10 - 11.1 / 24, id="next day"), kept(0)]
    found = decided(rows)
    assert [found[id].stays for id in ("noon", "late", "next day")] == [False, True, True]
    assert found["noon"].because == "Another one of its day stays."
    assert found["late"].because == "The last one of its day stays for 30 days."


def test_later_the_last_backup_of_each_week_stays_and_then_of_each_month() -> None:
    rows = [kept(days) for days in range(800)]
    times = [one.backup.taken_at for one in plan(rows, "", Windows(), NOW, BERLIN) if one.stays]
    local = [datetime.fromtimestamp(at, BERLIN) for at in times]
    sundays = [at for at in local if 31 * DAY < NOW - at.timestamp() <= 182 * DAY and at.isoweekday() == 7]
    months = {(at.year, at.month) for at in local}
    assert len(sundays) == 22 and len(months) == 25
    assert all(at.month != (datetime.fromtimestamp(at.timestamp() + DAY, BERLIN)).month for at in local[:15])


def test_what_is_older_than_every_window_goes() -> None:
    found = decided([kept(1000), kept(0)])
    assert found["b1000"] == Decision(found["b1000"].backup, False, "Older than 24 months.")


def test_daily_backups_of_many_years_stay_bounded() -> None:
    rows = [kept(days) for days in range(2000)]
    assert len(stays(rows)) <= 8 + 31 + 27 + 25 + 2


def test_what_is_pinned_never_goes() -> None:
    found = decided([kept(1000, Keeping(pins={"failover-1": "failover-1 used it"})), kept(0)])
    assert found["b1000"].stays and found["b1000"].because == "Pinned: failover-1 used it"


def test_the_newest_that_can_be_restored_never_goes() -> None:
    old = Keeping(replace(STAMPED.stamp, basis="as last year"))
    rows = [kept(1200, STAMPED), kept(1100, STAMPED), kept(1000, old), kept(0)]
    assert stays(rows) == {"b1100", "b0"}
    assert stays(rows, basis="as nobody knows") == stays(rows, basis="") == {"b1000", "b0"}
    damaged = replace(STAMPED, damage="A piece is missing.")
    assert stays([kept(1200, STAMPED), kept(1100, damaged), kept(0)]) == {"b1200", "b0"}
    shrunk = replace(STAMPED, shrunk="Half of it is gone.")
    assert stays([kept(1200, STAMPED), kept(1100, shrunk), kept(0)]) == {"b1200", "b0"}


def test_the_newest_sound_one_never_goes() -> None:
    flagged = [kept(days, Keeping(shrunk="Half of it is gone.")) for days in (1, 2, 3)]
    found = decided([kept(1000), kept(900), *flagged])
    assert found["b900"].stays and found["b900"].because == "The newest sound one." and not found["b1000"].stays


def test_one_that_is_damaged_or_shrunk_stands_for_no_other() -> None:
    for flag in (Keeping(damage="A piece is missing."), Keeping(shrunk="Half of it is gone.")):
        rows = [kept(10.1, id="sound"), kept(10, flag, id="flagged"), kept(0)]
        found = decided(rows)
        assert found["sound"].stays and not found["flagged"].stays
        assert stays([kept(10.1, flag, id="first"), kept(10, flag, id="last"), kept(0)]) == {"last", "b0"}


def test_one_from_the_future_stays_and_stands_for_nothing() -> None:
    rows = [kept(1000, STAMPED), kept(-1, STAMPED), kept(-400)]
    found = decided(rows)
    assert all(one.stays for one in found.values())
    assert "future" in found["b-1"].because and "restored today" in found["b1000"].because


_TAKEN = st.floats(min_value=0, max_value=900)
_FLAGS = st.sampled_from([Keeping(), STAMPED, Keeping(damage="x"), Keeping(shrunk="x"), Keeping(pins={"a": "b"})])
_REAL = st.lists(st.tuples(_TAKEN, _FLAGS), max_size=25).map(
    lambda rows: [kept(days, flags, f"real{place}") for place, (days, flags) in enumerate(rows)]
)


def local(row: KeptBackup) -> datetime:
    return datetime.fromtimestamp(row.backup.taken_at, BERLIN)


def shares(one: KeptBackup, other: KeptBackup) -> bool:
    """Whether they lie in one day, week or month."""
    a, b = local(one), local(other)
    return (a.year, a.month) == (b.year, b.month) or a.isocalendar()[:2] == b.isocalendar()[:2]


@settings(max_examples=150, deadline=None)
@given(_REAL, st.lists(_TAKEN, max_size=40))
def test_newer_copies_push_nothing_out_but_what_shares_their_day_week_or_month(
    real: list[KeptBackup], fakes: list[float]
) -> None:
    newest = min((NOW - one.backup.taken_at for one in real), default=0) / DAY
    fake = [kept(days * newest / 900, id=f"fake{place}") for place, days in enumerate(fakes)]
    before, after = stays(real), stays([*real, *fake])
    for one in real:
        in_some_window = (2026 - local(one).year) * 12 + 11 - local(one).month <= 24
        if one.backup.id in before and in_some_window and not any(shares(one, other) for other in fake):
            assert one.backup.id in after


@settings(max_examples=150, deadline=None)
@given(_REAL, st.lists(st.tuples(st.floats(min_value=-900, max_value=900), st.booleans()), max_size=40))
def test_backups_dated_ahead_or_flagged_let_no_other_backup_go(
    real: list[KeptBackup], fakes: list[tuple[float, bool]]
) -> None:
    """Where a day has a sound one: among nothing but flagged ones, the last stands for them."""
    real = [one for one in real if one.is_sound]
    fake = [
        kept(
            days,
            Keeping(shrunk="Half of it is gone.") if NOW - days * DAY <= NOW or flag else Keeping(),
            f"fake{place}",
        )
        for place, (days, flag) in enumerate(fakes)
    ]
    assert stays(real) <= stays([*real, *fake])


@settings(max_examples=100, deadline=None)
@given(_REAL, st.lists(_TAKEN, max_size=40))
def test_no_number_of_copies_pushes_out_the_newest_that_can_be_restored(
    real: list[KeptBackup], fakes: list[float]
) -> None:
    stamped = [one for one in real if one.keeping == STAMPED]
    fake = [kept(days, id=f"fake{place}") for place, days in enumerate(fakes)]
    if stamped:
        best = max(stamped, key=lambda one: (one.backup.taken_at, one.backup.id))
        assert best.backup.id in stays([*real, *fake])


@settings(max_examples=100, deadline=None)
@given(_REAL)
def test_letting_go_a_second_time_lets_nothing_more_go(real: list[KeptBackup]) -> None:
    first = stays(real)
    left = [one for one in real if one.backup.id in first]
    assert stays(left) == first
    assert {one.backup.id for one in real if one.keeping.pins} <= first
