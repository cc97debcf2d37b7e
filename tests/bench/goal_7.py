"""Goal 7: what the bot weighs, and how soon it acknowledges its first click, against Bolt that does nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from time import perf_counter

from tests.bench.clicks import ACTION, Line, request
from tests.bench.findings import Finding
from tests.bench.house import House
from tests.bench.servers import served

ROUNDS, CLICKS = 5, 10
SUBJECTS: Mapping[str, Mapping[str, object]] = {"bolt": {"action": ACTION}, "switchback": {}}


@dataclass(frozen=True, slots=True)
class Start:
    """One start: bytes of memory after some clicks, seconds from the very start to the first acknowledgement, and from
    the first click to it.
    """

    memory: float
    to_ack: float
    ack: float


def measured(house: House) -> Iterator[Finding]:
    starts: dict[str, list[Start]] = {name: [] for name in SUBJECTS}
    for name in SUBJECTS:
        _start(house, name)
    for turn in range(ROUNDS):
        for name in list(SUBJECTS)[:: -1 if turn % 2 else 1]:
            starts[name].append(_start(house, name))
    yield Finding("7.1", _ratio(starts, lambda start: start.memory), 1.4)
    yield Finding("7.2", _ratio(starts, lambda start: start.to_ack), 1.5)
    yield Finding("7.3", _ratio(starts, lambda start: start.ack), 1.5)


def _start(house: House, name: str) -> Start:
    house.put_back()
    begun = perf_counter()
    with served(name, environ=house.environ, **SUBJECTS[name]) as server, Line(server.port) as line:
        ack = line.acknowledged(request(house.click()))
        to_ack = perf_counter() - begun
        for _ in range(CLICKS):
            house.put_back()
            line.acknowledged(request(house.click()))
        return Start(server.usage().memory, to_ack, ack)


def _ratio(starts: Mapping[str, list[Start]], of: Callable[[Start], float]) -> float:
    ours, theirs = (median(map(of, starts[name])) for name in ("switchback", "bolt"))
    return ours / theirs
