"""Goal 8: comparing ten thousand objects with ten thousand by what was kept of them, against looking into each one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from time import perf_counter

from bot.domain.groups.compare import differing, fingerprints
from bot.domain.groups.groups import Inventory, RgsObject, Value
from tests.bench.findings import Finding, alternated
from tests.bench.house import House
from tests.worlds import sample

ROUNDS = 15
COUNTS = {"workflows": 2500, "queues": 2500, "groups": 4960, "hours": 20, "holidays": 20}


def measured(house: House) -> Iterator[Finding]:
    one, other = (sample(8, **COUNTS).inventory for _ in range(2))
    kept, live = fingerprints(one), fingerprints(other)
    gone, *_ = live
    del live[gone]
    if differing(kept, live) != (gone,) or recursive(one, other):
        raise RuntimeError("what was compared is not what was meant to be")
    took = alternated(
        ROUNDS,
        {
            "kept": lambda: _seconds(lambda: differing(kept, live)),
            "recursive": lambda: _seconds(lambda: recursive(one, other)),
        },
    )
    yield Finding("8", took["kept"] / took["recursive"], 1 / 20)


def recursive(one: Inventory, other: Inventory) -> list[str]:
    """The names of the objects that differ, found by going through every property of every one."""
    there = {item.key: item for item in other.objects}
    return [item.name for item in one.objects if item.key not in there or not _same(item, there[item.key])]


def _same(one: RgsObject, other: RgsObject) -> bool:
    return one.owner == other.owner and _alike(one.properties, other.properties)


def _alike(one: Value, other: Value) -> bool:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_alike(value, other[key]) for key, value in one.items())
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(_alike(*pair) for pair in zip(one, other, strict=True))
    return type(one) is type(other) and one == other


def _seconds(work: Callable[[], object]) -> float:
    begun = perf_counter()
    work()
    return perf_counter() - begun
