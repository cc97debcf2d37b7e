"""The kinds of rule that the tables of Block Kit are written in."""

from collections.abc import Mapping
from dataclasses import dataclass

from handlers.blocks.kit.relations import Relation


@dataclass(frozen=True, slots=True)
class Str:
    """A string of `low` (0 or 1) to `high` characters; the pattern has to match all of it."""

    high: int | None = None
    low: int = 1
    pattern: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""


@dataclass(frozen=True, slots=True)
class Number:
    low: float = float("-inf")
    high: float = float("inf")
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Items:
    of: "Rule"
    low: int = 1
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Fields:
    """An object with these keys and no others; `needs` must be there; relations look at it as a whole."""

    rows: Mapping[str, "Rule"]
    needs: tuple[str, ...]
    relations: tuple[Relation, ...]


@dataclass(frozen=True, slots=True)
class OneOf:
    """An object whose `type` says which fields it has."""

    kinds: Mapping[str, Fields]


Rule = Str | Choice | Flag | Number | Items | Fields | OneOf


def fields(needs: str, *relations: Relation, **rows: Rule) -> Fields:
    return Fields(rows, tuple(needs.split()), relations)


def block(needs: str, *relations: Relation, **rows: Rule) -> Fields:
    return fields(needs, *relations, block_id=Str(255), **rows)


def plain(high: int = 3000) -> OneOf:
    return OneOf({"plain_text": fields("text", text=Str(high), emoji=Flag())})


def text(high: int = 3000) -> OneOf:
    return OneOf({**plain(high).kinds, "mrkdwn": fields("text", text=Str(high), verbatim=Flag())})


def pick(kinds: Mapping[str, Fields], names: str) -> OneOf:
    return OneOf({name: kinds[name] for name in names.split()})
