"""A line of the checklist is ticked by the row that showed it last, and by nothing else."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.model import BOT, Pool, Who
from bot.domain.runs.prerequisites import How, Prerequisite, checks
from bot.domain.runs.run import Phase, RowRecord, Run

ANNA = Who("T1:U1", "Anna")
RUN = Run("failover-1", "failover", Pool("pool-a.contoso.com"), Pool("pool-b.contoso.com"), ANNA, 0.0, "failover")
ONE = Prerequisite("central", "Central Management works", (How("See."),), shown_by=("cms-where", "cms-after"))


def record(step: str, mark: str, at: float) -> RowRecord:
    return RowRecord(step, mark, f"{step}: {mark}", BOT, at)


def seen(*records: RowRecord, one: Prerequisite = ONE, **run: object) -> tuple[object, ...]:
    (check,) = checks(replace(RUN, records=records, **run), (one,))
    return check.record and check.record.sentence, check.is_so


def test_what_nobody_has_shown_is_not_so() -> None:
    assert seen() == (None, False)
    assert seen(record("order", "pass", 1.0)) == (None, False)
    assert seen(record("cms-where", "pass", 1.0), one=replace(ONE, shown_by=())) == (None, False)


def test_the_row_that_showed_it_last_counts() -> None:
    assert seen(record("cms-where", "pass", 1.0)) == ("cms-where: pass", True)
    assert seen(record("cms-where", "warn", 1.0)) == ("cms-where: warn", False)
    assert seen(record("cms-where", "warn", 1.0), record("cms-after", "pass", 2.0)) == ("cms-after: pass", True)
    assert seen(record("cms-after", "pass", 1.0), record("cms-where", "warn", 2.0)) == ("cms-where: warn", False)
    assert seen(record("cms-where", "pass", 1.0), record("cms-where", "stop", 2.0)) == ("cms-where: stop", False)


def test_a_row_that_fell_away_shows_nothing_and_where_all_did_the_line_falls_away() -> None:
    gone, away = record("cms-after", "skipped", 2.0), record("cms-where", "skipped", 1.0)
    assert seen(record("cms-where", "pass", 1.0), gone) == ("cms-where: pass", True)
    assert list(checks(replace(RUN, records=(away, gone)), (ONE,))) == []


def test_a_warning_is_enough_only_where_it_is_said_to_be() -> None:
    enough = replace(ONE, enough=frozenset({"pass", "warn"}))
    assert seen(record("cms-where", "warn", 1.0), one=enough) == ("cms-where: warn", True)
    assert seen(record("cms-where", "stop", 1.0), one=enough) == ("cms-where: stop", False)


def test_what_the_row_itself_showed_before_does_not_count_while_it_is_asked_again() -> None:
    assert seen(record("cms-where", "pass", 1.0), step="cms-where", phase=Phase.STOPPED) == (None, False)
