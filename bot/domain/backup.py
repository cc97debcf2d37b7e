"""A backup as a value: what was exported, from where, when, and how its contents can be recognised again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backup:
    """One kept export.

    `pool` owns the objects, `source` is the pool they were exported from (the same, except during an outage);
    `taken_at` is seconds since the epoch, `size` bytes; `counts` by Kind; `settings` is the row of
    `Get-CsRgsConfiguration` read beside the export; `contents` is one digest over all objects and audio, so equal
    digests mean equal contents; `warnings` are sentences that were true when it was taken.
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
