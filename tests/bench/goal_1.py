"""Goal 1: a durable click through the front door, against Bolt that does nothing and aiohttp with the same write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

from tests.bench.clicks import ACTION
from tests.bench.findings import Finding, alternated
from tests.bench.house import House
from tests.bench.presses import pressed

ROUNDS, CLICKS = 7, 600


def measured(house: House) -> Iterator[Finding]:
    named = {
        "defaults": ("bolt", {"action": ACTION}, CLICKS // 20),
        "before": ("bolt", {"action": ACTION, "before": True}, CLICKS),
        "floor": ("raw", {"like": house.run.id}, CLICKS),
        "ours": ("switchback", {}, CLICKS),
    }
    with ExitStack() as stack:
        subjects = {
            name: stack.enter_context(pressed(house, clicks, subject, **options))
            for name, (subject, options, clicks) in named.items()
        }
        before = house.approvals()
        p50 = alternated(ROUNDS, {name: subject.p50 for name, subject in subjects.items()})
        cpu = alternated(ROUNDS, {name: subjects[name].cpu for name in ("floor", "ours")})
        if house.approvals() - before != 2 * ROUNDS * CLICKS:
            raise RuntimeError("not every click was carried out, so nothing can be said of them")
    yield Finding("1.1", p50["ours"] / p50["defaults"], 0.08)
    yield Finding("1.2", p50["ours"] / p50["before"], 0.8)
    yield Finding("1.3", cpu["ours"] / cpu["floor"], 3.5)
