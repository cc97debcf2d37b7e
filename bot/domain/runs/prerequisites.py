"""What has to be so before a dangerous row is pressed: what showed it, and how people see and mend it themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bot.domain.runs.run import RowRecord, Run

MOST = 3
"""Prerequisites of one row: its card is one screen."""

_SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class How:
    """One thing to do, and the lines of the Management Shell that belong to it, with every name filled in."""

    says: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """A line of the checklist, in a few words without a full stop.

    `shown_by` are the rows that show it, of which the last that did not fall away counts; without any, nobody has
    checked it. `enough` are the marks with which such a row shows that it is so. `how` is in the order of doing.
    """

    key: str
    says: str
    how: tuple[How, ...]
    shown_by: tuple[str, ...] = ()
    enough: frozenset[str] = frozenset({"pass"})


@dataclass(frozen=True, slots=True)
class Check:
    """A prerequisite at this moment: the row that showed it last, if any has, and whether it shows that it is so."""

    prerequisite: Prerequisite
    record: RowRecord | None

    @property
    def is_so(self) -> bool:
        return self.record is not None and self.record.mark in self.prerequisite.enough


def checks(run: Run, prerequisites: Iterable[Prerequisite]) -> Iterator[Check]:
    """Those that apply: what only rows that fell away could show has fallen away with them.

    What the row at which the run stands has shown before is to be shown anew.
    """
    for one in prerequisites:
        found = [record for key in one.shown_by if (record := run.record_of(key))]
        there = [record for record in found if record.mark != _SKIPPED]
        if there or not found:
            shown = [record for record in there if record.step != run.step]
            yield Check(one, max(shown, key=lambda record: record.at, default=None))
