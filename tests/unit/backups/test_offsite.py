"""How the off-site copy is told, in words."""

from __future__ import annotations

from bot.domain.backups.offsite import NONE, OffSite, told

NOW = 1_795_000_000.0
BUCKET = OffSite("", "copies", "2026", "https://s3.contoso.com")


def test_it_is_told_whether_everything_is_copied_or_how_much_waits() -> None:
    assert told(None, 3, NOW, NOW) == NONE
    assert told(BUCKET, 0, None, NOW) == "Off-site copy: complete, at s3://copies/2026 at https://s3.contoso.com."
    assert told(OffSite("/mnt"), 2, NOW - 7_200, NOW) == (
        "Off-site copy: 2 backups wait for it at /mnt, the oldest for 2 h."
    )
    assert told(OffSite("/mnt"), 0, None, NOW, "It is away.") == "Off-site copy: It is away."
    assert told(OffSite("/mnt"), 1, NOW, NOW, "It is away.").endswith("the oldest for under a minute. It is away.")
    assert told(OffSite("/mnt"), 1, NOW, NOW).endswith("1 backup waits for it at /mnt, the oldest for under a minute.")


def test_a_bucket_without_a_prefix_is_a_place_as_well() -> None:
    assert OffSite(bucket="copies").where == "s3://copies"
