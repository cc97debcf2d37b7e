"""How long and how much, in words that nobody has to work out."""

from __future__ import annotations

import pytest

from bot.domain.measures import aged, sized, span, to_the_second


@pytest.mark.parametrize(
    ("seconds", "age", "last"),
    [
        (-5, "under a minute", "minute"),
        (29, "under a minute", "minute"),
        (60, "1 min", "minute"),
        (3_560, "59 min", "59 min"),
        (3_590, "1 h", "hour"),
        (9 * 3600, "9 h", "9 h"),
        (47 * 3600, "47 h", "47 h"),
        (2 * 86_400, "2 days", "2 days"),
        (3.9 * 86_400, "3 days", "3 days"),
    ],
)
def test_an_age_and_a_span_are_a_number_and_a_unit(seconds: float, age: str, last: str) -> None:
    assert (aged(seconds), span(seconds)) == (age, last)


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 bytes"), (1, "1 byte"), (325, "325 bytes"), (8_208, "8.2 kB"), (1_234_567, "1.2 MB")],
)
def test_a_size_is_told_in_bytes_kilobytes_or_megabytes(size: int, words: str) -> None:
    assert sized(size) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (40, "40 s"), (60, "1 min"), (1_900, "31 min 40 s"), (3_640, "1 h 40 s"), (90_000, "25 h")],
)
def test_a_duration_to_the_second_leaves_nothing_out(seconds: int, words: str) -> None:
    assert to_the_second(seconds) == words
