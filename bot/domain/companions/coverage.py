"""How fresh the companions of a pool are: each by its own clock, and all of them in one line (seed 001)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from bot.domain.companions.kinds import COMPANIONS, DAY_S, FORTNIGHT_D, Companion, CompanionCopy, How
from bot.domain.measures import aged
from bot.domain.model import Pool


@dataclass(frozen=True, slots=True)
class Rule:
    """What is configured for one kind on one pool: when it is taken, when it is stale, or that it is not used there."""

    at: tuple[str, ...] = ()
    stale_d: int = FORTNIGHT_D
    used: bool = True


Rules = Mapping[tuple[str, str], Rule]
"""By FQDN and kind; whatever is not in it is as its companion says."""


def rule(rules: Rules, pool: str, kind: str) -> Rule:
    usual = COMPANIONS[kind]
    return rules.get((pool, kind), Rule(usual.at, usual.stale_d))


def rules_of(rows: Iterable[Mapping[str, Any]]) -> Rules:
    """The rules that rows of the configuration make; what a row leaves out is as its companion says."""
    return MappingProxyType({(row["pool"], row["kind"]): _ruled(row) for row in rows})


def _ruled(row: Mapping[str, Any]) -> Rule:
    usual = COMPANIONS[row["kind"]]
    return Rule(
        tuple(row.get("at") or usual.at), int(row.get("stale_days") or usual.stale_d), row.get("used") is not False
    )


def faults(rows: Sequence[Mapping[str, Any]], stores: Mapping[str, str]) -> Iterator[tuple[int, str, str]]:
    """What is wrong with rows of the configuration: the place of the row, its key, and a sentence.

    `stores` has every pool's file store by FQDN, empty where it has none.
    """
    for place, row in enumerate(rows):
        pool, one = row.get("pool"), COMPANIONS.get(row.get("kind") or "")
        if pool and pool not in stores:
            yield place, "pool", f"{pool} is not among the pools."
        if any((other.get("pool"), other.get("kind")) == (pool, row.get("kind")) for other in rows[:place]):
            yield place, "kind", f"{row.get('kind')} of {pool} has a row already."
        if one and row.get("at") and one.how in (How.UPLOAD, How.ATTEST):
            yield place, "at", f"{one.key} comes from people, so it has no times: leave them out."
        if one and row.get("at") and one.how is How.FILES and not stores.get(pool or ""):
            yield place, "at", f"{one.key} comes from the pool's file store: name its file_store under [[pools]]."


class State(StrEnum):
    """In the order in which the line of a pool tells them: what needs somebody comes first."""

    UNPROTECTED = "not protected"
    STALE = "stale"
    FRESH = "fresh"
    UNUSED = "not applicable"


@dataclass(frozen=True, slots=True)
class Cover:
    """How one companion of one pool is covered; `age_s` is None without a copy."""

    companion: Companion
    state: State
    kept: CompanionCopy | None
    rule: Rule
    way: How
    age_s: float | None = None

    @property
    def needs_people(self) -> bool:
        return self.way in (How.UPLOAD, How.ATTEST) and self.state in (State.UNPROTECTED, State.STALE)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How all companions of one pool are covered."""

    pool: str
    covers: tuple[Cover, ...]

    def of(self, *states: State) -> tuple[Cover, ...]:
        return tuple(cover for cover in self.covers if cover.state in states)

    @property
    def needing(self) -> tuple[Cover, ...]:
        """Those that only people can mend, and those that should have come by themselves and have not."""
        return tuple(cover for cover in self.covers if cover.needs_people or cover.state is State.STALE)

    @property
    def line(self) -> str:
        """The whole of it in one line, what needs somebody first."""
        groups = ((state, self.of(state)) for state in State)
        return "Other data: " + " · ".join(f"{state}: {_listed(covers)}" for state, covers in groups if covers)


def coverage(pool: Pool, newest: Mapping[str, CompanionCopy | None], rules: Rules, now: float) -> Coverage:
    """How the pool's companions are covered at `now` (seconds); `newest` by kind."""
    return Coverage(pool.fqdn, tuple(_cover(one, pool, newest.get(one.key), rules, now) for one in COMPANIONS.values()))


def _cover(one: Companion, pool: Pool, kept: CompanionCopy | None, rules: Rules, now: float) -> Cover:
    ruled, way = rule(rules, pool.fqdn, one.key), one.way(pool)
    age = None if kept is None else max(0.0, now - kept.as_of)
    if not ruled.used:
        state = State.UNUSED
    elif age is None:
        state = State.UNPROTECTED
    else:
        state = State.STALE if age > ruled.stale_d * DAY_S else State.FRESH
    return Cover(one, state, kept, ruled, way, age)


def _listed(covers: Sequence[Cover]) -> str:
    ages = {State.FRESH, State.STALE}
    return ", ".join(
        f"{cover.companion.title} ({aged(cover.age_s or 0.0)})" if cover.state in ages else cover.companion.title
        for cover in covers
    )


def slots(pools: Iterable[Pool], rules: Rules) -> tuple[tuple[Pool, Companion, tuple[str, ...]], ...]:
    """What is taken by itself, and at which wall times of the pool.

    What belongs to the organisation is taken from the pools whose own rule says so, or else from the first one alone.
    """
    ordered = tuple(pools)
    found: list[tuple[Pool, Companion, tuple[str, ...]]] = []
    for one in COMPANIONS.values():
        used = (pool for pool in ordered if rule(rules, pool.fqdn, one.key).used)
        taken = [pool for pool in used if one.way(pool) in (How.COMMAND, How.FILES)]
        if one.everywhere:
            taken = [pool for pool in taken if (pool.fqdn, one.key) in rules] or taken[:1]
        found += [(pool, one, rule(rules, pool.fqdn, one.key).at) for pool in taken]
    return tuple(row for row in found if row[2])
