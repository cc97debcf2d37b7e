"""Rules that hold for every row: which acts only read, and which facts a run may know."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bot.domain.runs.acts import (
    Act,
    Answers,
    Attempt,
    Clock,
    FindCopies,
    Invoke,
    Load,
    Newest,
    NewestKept,
    NewestWhole,
    ReadGroups,
    ReadSettings,
    ReadState,
    Records,
    Survey,
)
from bot.domain.runs.facts import SHARED, Fact

_READS = (Answers, Clock, FindCopies, Load, Newest, NewestWhole, ReadGroups, ReadSettings, ReadState, Records, Survey)


def writes(act: Act) -> bool:
    """Whether it changes anything, on a server or in what is kept; one that nobody says only reads, does."""
    match act:
        case Attempt():
            return writes(act.act)
        case Invoke():
            return act.command.writes
        case NewestKept():
            return act.proven
    return not isinstance(act, _READS)


def misfits(facts: Mapping[str, Any], known: Sequence[Fact]) -> Iterator[str]:
    """What is written, but declared nowhere or as another type."""
    types = {fact.key: fact for fact in (*SHARED, *known)}
    for key, value in facts.items():
        if key not in types:
            yield f"{key} is declared nowhere"
        elif not types[key].fits(value):
            yield f"{key} is {value!r}, and should be {types[key].type}"
