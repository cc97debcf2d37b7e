"""A backup as a value: what was exported, how it is recognised again, and what became known of it while it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.domain.groups.groups import counted
from bot.domain.measures import numbered

AHEAD_S = 600.0
"""Clocks of two machines may differ by so much."""


@dataclass(frozen=True, slots=True)
class Backup:
    """One kept export.

    `pool` owns the objects, `source` is the pool they were exported from (the same, except during an outage);
    `taken_at` is seconds since the epoch, `size` bytes; `counts` by Kind; `settings` is the row of
    `Get-CsRgsConfiguration` read beside the export, its music as the name of the file; `contents` is one digest over
    all objects and audio, so equal digests mean equal contents; `warnings` are sentences that were true when it was
    taken. `changed` is how many objects were created, changed or deleted since the backup `before`; None where there
    was none to compare with.
    """

    id: str
    pool: str
    source: str
    taken_at: float
    sha256: str
    size: int
    counts: Mapping[str, int]
    contents: str
    run: str
    settings: Mapping[str, object] | None = None
    warnings: tuple[str, ...] = ()
    changed: int | None = None
    before: str = ""

    @property
    def holds(self) -> str:
        """ "2 workflows, 1 queue"."""
        return counted(self.counts, "empty")

    @property
    def objects(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Stamp:
    """What the rehearsal of a backup came to: imported into a copy of what the backup pool held, and home again.

    `at` is seconds since the epoch, `pool` the backup pool; `basis` is a digest of everything that the verdict rested
    on, so it holds as long as the digest of today is the same. `sentences` tell conflicts, renames, capacity and
    missing audio in advance.
    """

    at: float
    restorable: bool
    pool: str
    basis: str
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is known of a kept backup beside what it holds; it changes as long as the backup is kept.

    `pins` is who or what keeps it for ever, with the reason; `mirrored_at` is when its off-site copy was complete;
    `damage` and `shrunk` are sentences, empty while there is nothing to say. One that is `shrunk` holds fewer than half
    the objects of the one before, and nobody has said yet that it is meant to.
    """

    stamp: Stamp | None = None
    pins: Mapping[str, str] = field(default_factory=dict)
    mirrored_at: float | None = None
    damage: str = ""
    shrunk: str = ""


def is_ahead(backup: Backup, now: float) -> bool:
    """Whether a clock that was wrong dated it, so that nobody knows which others are newer; `now` in seconds."""
    return backup.taken_at > now + AHEAD_S


def wrongly_dated(ahead: int) -> str:
    """ "1 backup is wrongly dated: in the future"; empty for none."""
    return f"{numbered(ahead, 'backup')} {'is' if ahead == 1 else 'are'} wrongly dated: in the future" if ahead else ""


def is_restorable(keeping: Keeping, basis: str) -> bool:
    """Whether its stamp holds today; `basis` is the digest of what the backup pool holds now, empty when not known."""
    stamp = keeping.stamp
    return bool(stamp and stamp.restorable and basis and stamp.basis == basis and not keeping.damage)
