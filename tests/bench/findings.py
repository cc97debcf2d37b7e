"""What a measurement comes to, and how two things are measured so that noise hits both."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter


@dataclass(frozen=True, slots=True)
class Finding:
    """One ratio and the most that it may be."""

    goal: str
    ratio: float
    bound: float

    def __str__(self) -> str:
        verdict = "ok" if self.ratio <= self.bound else "SHORT"
        return f"goal {self.goal}: {self.ratio:.3g} (goal {self.bound:g}) {verdict}"


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """A goal that cannot be looked at here, and why."""

    goal: str
    why: str

    def __str__(self) -> str:
        return f"goal {self.goal}: not measured, {self.why}"


def in_turn(rounds: int, measures: Mapping[str, Callable[[], float]]) -> dict[str, list[float]]:
    """What each measure gives, one round of each after the other, in turn from either end."""
    found: dict[str, list[float]] = {name: [] for name in measures}
    for turn in range(rounds):
        for name in list(measures)[:: -1 if turn % 2 else 1]:
            found[name].append(measures[name]())
    return found


def alternated(rounds: int, measures: Mapping[str, Callable[[], float]]) -> dict[str, float]:
    """The median of what each gives."""
    return {name: median(values) for name, values in in_turn(rounds, measures).items()}


def paired(ones: Sequence[float], others: Sequence[float]) -> float:
    """How many times the others the ones come to: the median over pairs, of which both met the same noise."""
    return median(one / other for one, other in zip(ones, others, strict=True))


async def paired_async(pairs: int, one: Callable[[], Awaitable[float]], other: Callable[[], Awaitable[float]]) -> float:
    """The same of two that have to be waited for."""
    found: dict[Callable[[], Awaitable[float]], list[float]] = {one: [], other: []}
    for turn in range(pairs):
        for measure in list(found)[:: -1 if turn % 2 else 1]:
            found[measure].append(await measure())
    return paired(found[one], found[other])


async def alternated_async(
    rounds: int, times: int, works: Mapping[str, Callable[[], Awaitable[object]]]
) -> dict[str, float]:
    """The median, over the rounds, of the median seconds that each work takes; `times` in a row per round."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(rounds):
        for name in list(works)[:: -1 if turn % 2 else 1]:
            found[name].append(median([await _seconds(works[name]) for _ in range(times)]))
    return {name: median(values) for name, values in found.items()}


async def _seconds(work: Callable[[], Awaitable[object]]) -> float:
    begun = perf_counter()
    await work()
    return perf_counter() - begun
