"""What `make bench` prints is read by people and by machines, so its form is fixed."""

from __future__ import annotations

import asyncio
from time import thread_time

import pytest

from tests.bench.findings import Finding, alternated, paired, paired_async
from tests.bench.pauses import Longest, Moment, watched


@pytest.mark.parametrize(
    ("finding", "line"),
    [
        (Finding("9", 3.84, 5), "goal 9: 3.84 (goal 5) ok"),
        (Finding("1.1", 0.08, 0.08), "goal 1.1: 0.08 (goal 0.08) ok"),
        (Finding("1.2", 0.8004, 0.8), "goal 1.2: 0.8 (goal 0.8) SHORT"),
        (Finding("2.2", 50, 1), "goal 2.2: 50 (goal 1) SHORT"),
    ],
)
def test_a_finding_is_one_line_that_says_ok_or_short(finding: Finding, line: str) -> None:
    assert str(finding) == line


def test_two_measures_take_turns_from_either_end_and_one_bad_round_does_not_count() -> None:
    order: list[str] = []

    def measure(name: str) -> float:
        order.append(name)
        return 100.0 if len(order) == 1 else float(len(name))

    found = alternated(3, {"a": lambda: measure("a"), "bb": lambda: measure("bb")})

    assert order == ["a", "bb", "bb", "a", "a", "bb"]
    assert found == {"a": 1.0, "bb": 2.0}


def test_pairs_meet_the_same_noise_and_one_bad_pair_does_not_count() -> None:
    assert paired([3.0, 150.0, 21.0, 9.0], [2.0, 2.0, 14.0, 6.0]) == 1.5


async def test_pairs_that_have_to_be_waited_for_come_to_the_same() -> None:
    order: list[str] = []

    async def one() -> float:
        order.append("one")
        return 3.0

    async def other() -> float:
        order.append("other")
        return 2.0

    assert await paired_async(2, one, other) == 1.5
    assert order == ["one", "other", "other", "one"]


@pytest.mark.parametrize(
    ("moments", "seconds"),
    [
        ([(0, 0), (1, 0), (4, 0), (5, 0)], 3),
        ([(0, 0), (1, 0), (4, 2.5), (5, 2.5)], 0.5),
        ([(0, 0), (1, 0), (4, 0), (5, 2.5)], 1),
        ([(0, 0), (1, 0)], 0),
    ],
    ids=["by the clock", "without what others had", "also when that shows one moment later", "nothing yet"],
)
def test_a_pause_is_the_loops_own(moments: list[tuple[float, float]], seconds: float) -> None:
    longest = Longest()
    for at, waited in moments:
        longest.add(Moment(at, waited))

    assert longest.seconds == seconds


async def test_whoever_blocks_the_loop_is_seen() -> None:
    longest = Longest()
    async with watched(longest):
        await asyncio.sleep(0.01)
        end = thread_time() + 0.05
        while thread_time() < end:
            pass

    assert longest.seconds > 0.04
