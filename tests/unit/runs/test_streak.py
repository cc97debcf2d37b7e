"""Which failures belong together."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.model import SCHEDULE, Pool, Who
from bot.domain.runs.run import Phase, Run
from bot.domain.runs.streak import Streak, after, failing, failures, series, streak

A, B = Pool("pool-a.contoso.com"), Pool("pool-b.contoso.com")
FIRST = Run("backup-1", "backup", A, B, SCHEDULE, 100.0, "answers", Phase.STOPPED)
NEXT = Run("backup-2", "backup", A, B, SCHEDULE, 200.0, "answers")


def test_the_failure_before_is_of_the_same_series_by_schedule_and_waits_for_somebody() -> None:
    others = (
        replace(FIRST, id="other pool", primary=B),
        replace(FIRST, id="other runbook", runbook="companion"),
        replace(FIRST, id="other kind", facts={"kind": "lis"}),
        replace(FIRST, id="by hand", opened_by=Who("T1:U1", "Anna")),
        replace(FIRST, id="at work", phase=Phase.RUNNING),
        replace(FIRST, id="over", phase=Phase.ABANDONED),
        NEXT,
    )
    assert failing(NEXT, others) is None
    assert failing(NEXT, (FIRST, *others, replace(FIRST, id="older", opened_at=50.0))) == FIRST


def test_companions_are_a_series_for_each_kind() -> None:
    kinds = {series(replace(FIRST, runbook="companion", facts={"kind": kind})) for kind in ("lis", "rgs-audio")}
    assert kinds == {"companion:lis:pool-a.contoso.com", "companion:rgs-audio:pool-a.contoso.com"}


def test_a_streak_counts_on_from_its_first_failure() -> None:
    assert streak(FIRST) is None and failures(FIRST) == 1
    second = replace(NEXT, facts=after(FIRST, 60.0).facts)
    third = after(second, 70.0)
    assert streak(second) == Streak(1, 100.0, 60.0) and failures(second) == 2
    assert third == Streak(2, 100.0, 70.0)
