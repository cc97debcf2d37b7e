"""Goal 3: ten thousand objects are verified all the while, and whoever clicks does not feel it."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.findings import Finding, alternated
from tests.bench.house import House
from tests.bench.presses import pressed

ROUNDS, CLICKS, OBJECTS = 5, 400, 10_000


def measured(house: House) -> Iterator[Finding]:
    with (
        pressed(house, CLICKS, "switchback") as idle,
        pressed(house, CLICKS, "switchback", verified=OBJECTS) as verifying,
    ):
        p99 = alternated(ROUNDS, {"idle": idle.p99, "verifying": verifying.p99})
    yield Finding("3", p99["verifying"] / p99["idle"], 1.25)
