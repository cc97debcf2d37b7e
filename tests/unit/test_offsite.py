"""How the off-site copy is told, in words."""

from __future__ import annotations

import pytest

from bot.domain.offsite import NONE, OffSite, age, told

NOW = 1_795_000_000.0
BUCKET = OffSite("", "copies", "2026", "https://s3.contoso.com")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 min"),
        (59, "0 min"),
        (60, "1 min"),
        (7_140, "119 min"),
        (7_200, "2 h"),
        (259_140, "71 h"),
        (259_200, "3 days"),
    ],
)
def test_how_long_is_one_word(seconds: float, words: str) -> None:
    assert age(seconds) == words


def test_it_is_told_whether_everything_is_copied_or_how_much_waits() -> None:
    assert told(None, 3, NOW, NOW) == NONE
    assert told(BUCKET, 0, None, NOW) == "Off-site copy: complete, at s3://copies/2026 at https://s3.contoso.com."
    assert told(OffSite("/mnt"), 2, NOW - 7_200, NOW) == (
        "Off-site copy: 2 backups wait for it at /mnt, the oldest for 2 h."
    )


def test_a_bucket_without_a_prefix_is_a_place_as_well() -> None:
    assert OffSite(bucket="copies").where == "s3://copies"
