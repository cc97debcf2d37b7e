"""What `make bench` prints is read by people and by machines, so its form is fixed."""

from __future__ import annotations

import pytest

from tests.bench.findings import Finding, alternated


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
