"""Goal 13: what the length of runbooks costs.

13.1 is how fast the exhaustive walk goes, in states per second of one core; it has no bound and is printed. 13.2 is a
click on a run of the longest runbook, with all the rows that it has behind it, against the same click on a backup.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.runbooks import RUNBOOKS
from tests.bench.findings import Finding, in_turn, paired
from tests.bench.house import House, furnished
from tests.bench.presses import pressed
from tests.bench.waiting import backup, replacement
from tests.walk.walk import Walk, beginning
from tests.walk.world import A, B

STATES = 3000
ROUNDS, CLICKS = 151, 20


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a second."""

    goal: str
    rate: float

    def __str__(self) -> str:
        return f"goal {self.goal}: {self.rate:.0f} states a second"


def measured(house: House) -> Iterator[Rate | Finding]:
    found = Walk(RUNBOOKS, beginning(A, B)).searched(STATES)
    yield Rate("13.1", found.states / found.seconds)
    yield Finding("13.2", _longest(), 1.1)


def _longest() -> float:
    """Two bots, each with one run: how many times as long a click takes where the runbook is the longest."""
    with (
        furnished(backup) as short,
        furnished(replacement) as long,
        pressed(short, CLICKS, "switchback") as one,
        pressed(long, CLICKS, "switchback") as other,
    ):
        before = short.approvals() + long.approvals()
        found = in_turn(ROUNDS, {"backup": one.p50, "replace": other.p50})
        if short.approvals() + long.approvals() - before != 2 * ROUNDS * CLICKS:
            raise RuntimeError("not every click was carried out, so nothing can be said of them")
    return paired(found["replace"], found["backup"])
