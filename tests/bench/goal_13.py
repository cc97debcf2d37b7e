"""Goal 13: how fast the exhaustive walk goes, in states per second of one core; it has no bound and is printed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.runbooks import RUNBOOKS
from tests.bench.house import House
from tests.walk.walk import Walk, beginning
from tests.walk.world import A, B

STATES = 3000


@dataclass(frozen=True, slots=True)
class Rate:
    """So many a second."""

    goal: str
    rate: float

    def __str__(self) -> str:
        return f"goal {self.goal}: {self.rate:.0f} states a second"


def measured(house: House) -> Iterator[Rate]:
    found = Walk(RUNBOOKS, beginning(A, B)).searched(STATES)
    yield Rate("13.1", found.states / found.seconds)
