"""How long a recovery took, part by part, and how old what came back was; pure, from what a run has noted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from bot.domain.runs.facts import outage_since
from bot.domain.runs.run import AtWork, Run, Stay


class Part(StrEnum):
    """What a second of a recovery went into; the words are what people read."""

    DECLARE = "Until the outage was declared"
    PEOPLE = "Waiting for people"
    COMMANDS = "Commands under way"
    CHECKS = "Switchback read and checked"
    AGENTS = "Waiting for agents"
    UNKNOWN = "Not noted, by a version before"

    @property
    def is_people(self) -> bool:
        """Whether a person could have made it shorter by being faster."""
        return self in (Part.DECLARE, Part.PEOPLE, Part.AGENTS)


_AT_ROWS = {"declare": Part.DECLARE, "agents": Part.AGENTS}
"""The rows at which waiting for people has a part of its own."""

_AT_WORK = {AtWork.PEOPLE: Part.PEOPLE, AtWork.SERVER: Part.COMMANDS, AtWork.BOT: Part.CHECKS}
_FIRST_S = 2.0
"""The first stay is noted so soon after a run was opened; else a version before noted none."""


@dataclass(frozen=True, slots=True)
class Leg:
    """From second `begin` to second `end`, all of it went into this part, at this row."""

    part: Part
    step: str
    begin: int
    end: int

    @property
    def seconds(self) -> int:
        return self.end - self.begin


@dataclass(frozen=True, slots=True)
class RunClocks:
    """The legs follow each other from `begin` to `end`, whole seconds since the epoch, so that parts add up to all.

    `from_outage`: it begins with the outage, else when the run was opened. `is_over`: the run has ended.
    """

    begin: int
    end: int
    legs: tuple[Leg, ...]
    from_outage: bool
    is_over: bool

    @property
    def total_s(self) -> int:
        return self.end - self.begin

    @property
    def parts(self) -> tuple[tuple[Part, int], ...]:
        """Every part that took any time, with its seconds, in the order in which people read them."""
        sums = {part: sum(leg.seconds for leg in self.legs if leg.part is part) for part in Part}
        return tuple((part, seconds) for part, seconds in sums.items() if seconds)


def clocks(run: Run, now: float) -> RunClocks:
    """Of any run, up to `now` while it is open; a clock that leapt back makes a leg of no length."""
    outage = outage_since(run)
    begin = int(run.opened_at if outage is None else outage)
    end = max(begin, int(now if run.closed_at is None else run.closed_at))
    turns = [(Part.DECLARE if outage is not None else _before(run), "", float(begin)), *_turns(run)]
    legs, at = [], begin
    for (part, step, _), following in pairwise([*turns, (Part.UNKNOWN, "", float(end))]):
        until = max(at, min(end, int(following[2])))
        legs += [Leg(part, step, at, until)] if until > at else []
        at = until
    return RunClocks(begin, end, tuple(legs), outage is not None, run.closed_at is not None)


def commands_s(run: Run, step: str) -> int:
    """For how long commands of this row were under way, in seconds; 0 where none were, or nobody noted it."""
    return sum(leg.seconds for leg in clocks(run, run.opened_at).legs if leg.step == step and leg.part is Part.COMMANDS)


def unsaved_minutes(taken_at: float, outage: float) -> int:
    """The recovery point: how old a backup was when the outage began, in whole minutes; 0 for one taken later."""
    return max(0, int((outage - taken_at) // 60))


def _turns(run: Run) -> Iterator[tuple[Part, str, float]]:
    """Each change of part, with its row and second."""
    first = run.stays[0].at if run.stays else None
    if first is None or first > run.opened_at + _FIRST_S:
        yield Part.UNKNOWN, "", run.opened_at
    for stay in run.stays:
        yield _part(stay), stay.step, stay.at


def _part(stay: Stay) -> Part:
    at_row = _AT_ROWS.get(stay.step) if stay.who is AtWork.PEOPLE else None
    return at_row or _AT_WORK[stay.who]


def _before(run: Run) -> Part:
    """What the first second is taken for, where nobody said when the outage began."""
    return _part(run.stays[0]) if run.stays else Part.UNKNOWN
