"""Scheduled runs of one pool that fail one after the other: what a newer one knows of those before it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.model import SCHEDULE
from bot.domain.runs.facts import KIND, STREAK
from bot.domain.runs.run import FOR_PEOPLE, Run


@dataclass(frozen=True, slots=True)
class Streak:
    """How many scheduled runs failed before this one, with nobody seeing to them, and since when (seconds).

    `newest` is when the newest good backup was taken that the pool had when this run began; None without any.
    """

    failed: int
    since: float
    newest: float | None

    @property
    def facts(self) -> Mapping[str, Any]:
        """As a run carries it."""
        return STREAK.to({"failed": self.failed, "since": self.since, "newest": self.newest})


def is_scheduled(run: Run) -> bool:
    return run.opened_by.id == SCHEDULE.id


def series(run: Run) -> str:
    """What is done again and again, of which this run is one time: "backup:pool-a.contoso.com"."""
    return ":".join(word for word in (run.runbook, KIND.of(run), run.primary.fqdn) if word)


def failing(run: Run, others: Iterable[Run]) -> Run | None:
    """The scheduled run of the same series that failed before this one and still waits for somebody."""
    before = (
        other
        for other in others
        if series(other) == series(run) and is_scheduled(other) and other.phase in FOR_PEOPLE and other.id != run.id
    )
    return max(before, key=lambda other: other.opened_at, default=None)


def after(before: Run, newest: float | None) -> Streak:
    """What a run knows that begins while `before` still waits for somebody."""
    earlier = streak(before)
    return Streak(failures(before), earlier.since if earlier else before.opened_at, newest)


def streak(run: Run) -> Streak | None:
    """None for a run that begins after a good one."""
    fact = STREAK.of(run)
    return Streak(fact["failed"], fact["since"], fact["newest"]) if fact else None


def failures(run: Run) -> int:
    """How many failed in a row, this one included."""
    earlier = streak(run)
    return earlier.failed + 1 if earlier else 1
