"""What reading kept backups again came to: what is sound, what was mended, what is lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.measures import numbered

NAMES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Checkup:
    """A check of the backups of one pool, every byte of them.

    `pieces` is how many stored pieces they are made of, `size` their bytes; `mended` are the names of the pieces that
    were fetched again from the off-site copy; `faults` says of each backup that cannot be restored what is wrong.
    """

    backups: int
    pieces: int
    size: int
    mended: tuple[str, ...] = ()
    faults: Mapping[str, str] | None = None

    @property
    def sentence(self) -> str:
        """What it came to, and what that means."""
        if not self.backups:
            return "There is no backup yet, so there was nothing to check."
        if self.faults:
            return f"{self._lost} What cannot be restored stays marked as damaged and is not offered."
        read = f"{numbered(self.backups, 'backup')}, {numbered(self.pieces, 'piece')}, every byte: all sound"
        if self.mended:
            return f"{numbered(len(self.mended), 'damaged piece')} fetched again from the off-site copy. Now {read}."
        return f"{read[0].upper()}{read[1:]}."

    @property
    def _lost(self) -> str:
        lost, whole = len(self.faults or ()), self.backups - len(self.faults or ())
        if whole:
            return f"{lost} of {self.backups} backups cannot be restored any more; the other {whole} can."
        none = f"None of the {lost} backups can" if lost > 1 else "The only backup cannot"
        return f"{none} be restored any more."

    @property
    def details(self) -> tuple[str, ...]:
        """The damaged backups one by one, then the pieces that were mended."""
        lost = tuple(f"{id}: {fault}" for id, fault in (self.faults or {}).items())
        mended = f"Fetched again: {listed(self.mended)}."
        return (*lost, *([mended] if self.mended else []))


def listed(names: tuple[str, ...]) -> str:
    """The first few names of pieces, as short as people can tell them apart."""
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return ", ".join(name[-16:] for name in names[:NAMES_SHOWN]) + more
