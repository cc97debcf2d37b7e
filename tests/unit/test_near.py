"""What a slip may have meant: near enough, or nothing."""

from __future__ import annotations

import pytest

from bot.domain.near import first_name, nearest

KNOWN = (
    "failover",
    "failback",
    "backup",
    "backups",
    "accept",
    "now",
    "status",
    "start",
    "whoami",
    "break-glass",
    "cms",
)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("failovr", "failover"),
        ("fialover", "failover"),
        ("stauts", "status"),
        ("nwos", ""),
        ("nwo", ""),
        ("report", ""),
        ("undo", ""),
        ("fail", ""),
        ("who", "whoami"),
        ("wh", ""),
        ("", ""),
        ("x" * 5000, ""),
        ("failoverrrr", ""),
    ],
)
def test_a_guess_is_a_slip_or_two_away_or_the_only_one_that_begins_so(word: str, meant: str) -> None:
    assert nearest(word, KNOWN) == meant


def test_of_two_that_are_as_near_neither_is_guessed() -> None:
    assert nearest("pool-c", ("pool-a", "pool-b")) == ""
    assert nearest("pool-aa", ("pool-a", "pool-b", "pool-a")) == "pool-a"


@pytest.mark.parametrize(
    ("typed", "meant", "rest"),
    [
        ("fail over pool-a", "failover", ["pool-a"]),
        ("Fail Ovr pool-a", "failover", ["pool-a"]),
        ("break glass R-1 why", "break-glass", ["R-1", "why"]),
        ("who am i", "whoami", []),
        ("cms pool-a", "cms", ["pool-a"]),
        ("backps Pool-a chart", "backups", ["Pool-a", "chart"]),
        ("report pool-a", "", ["report", "pool-a"]),
    ],
)
def test_words_that_make_one_name_are_joined_and_what_stands_behind_is_kept(
    typed: str, meant: str, rest: list[str]
) -> None:
    assert first_name(typed.split(), KNOWN) == (meant, rest)
