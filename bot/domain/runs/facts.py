"""What rows leave for later rows: each fact is declared once, with its name, its type and what holds without it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import UnionType
from typing import Any, Generic, TypeVar

from bot.domain.model import Pool, PoolState
from bot.domain.runs.run import Run

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fact(Generic[T]):
    """One thing that a run knows. `key` is its name in Redis; `type` is how JSON gives it back."""

    key: str
    type: type[T] | UnionType
    default: T

    def of(self, run: Run) -> T:
        return self.among(run.facts)

    def among(self, facts: Mapping[str, Any]) -> T:
        """Of what an earlier run left, for example."""
        return facts.get(self.key, self.default)

    def to(self, value: T) -> dict[str, T]:
        """As it is written; several are joined by `|`."""
        return {self.key: value}

    def fits(self, value: object) -> bool:
        return isinstance(value, self.type)


SOURCE = Fact("source", str, "")
STOOD = Fact("stood", str, str(PoolState.ACTIVE))
BEFORE = Fact("before", dict, {})
CALL_LIST = Fact("call_list", list, [])
MIRRORED = Fact("mirrored", bool, False)
KIND = Fact("kind", str, "")
STREAK = Fact("streak", dict | None, None)
ABLE = Fact("able", list, [])
"""What was known before the run began of things that its pools may not be able to do, a sentence each."""
FILE = Fact("file", str, "")
KEPT_AS = Fact("kept", str, "")
"""The file that the last export wrote on its server, and the id under which it is kept here."""
STANDS = Fact("stands", str, "")
"""What the look at a lost command would read, as it was before the command was sent: a digest."""
CAME_FROM = Fact("came_from", str, "")
"""Where the primary pool stood before the last command was sent that moves it."""

OUTAGE_SINCE = Fact("outage_since", str, "")
"""Since when the primary pool is down, in seconds since the epoch; the version before took any words for it."""


def declared(names: Mapping[str, Any]) -> tuple[Fact, ...]:
    """All facts of a module; `names` are its `vars()`."""
    return tuple(value for value in names.values() if isinstance(value, Fact))


SHARED = declared(vars())
"""What a run of any runbook may know."""


def outage_since(run: Run) -> float | None:
    """The second at which the outage began, as somebody said; None where nobody did, or in words."""
    said = OUTAGE_SINCE.of(run)
    return float(said) if _SECONDS.fullmatch(said) else None


def source(run: Run) -> Pool:
    """Where a backup finds the objects now: on the pool itself, or on its backup pool while it is failed over."""
    return next(pool for pool in run.pools if pool.fqdn == SOURCE.of(run))


_SECONDS = re.compile(r"[0-9]{9,10}")
_EXPORTED = re.compile(r'Export-CsRgsConfiguration .*-FileName "([^"]+)"')


def launched_by_a_version_before(run: Run) -> Mapping[str, str]:
    """The names of a lost removal whose launching commit did not write them down: its command has them."""
    sent = run.proposal.commands if run.proposal else ()
    file = next((found[1] for command in sent if (found := _EXPORTED.match(command))), "")
    if not file or FILE.key in run.facts:
        return {}
    return FILE.to(file) | KEPT_AS.to(f"{run.id}-{run.step}-{run.attempt}")
