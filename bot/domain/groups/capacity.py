"""What a pool can carry, and by how much it would be exceeded (facts: lync §2.9)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.domain.groups.groups import Inventory, Kind, RgsObject
from bot.domain.model import Edition, Pool


@dataclass(frozen=True, slots=True)
class Capacity:
    """The supported numbers of agents, hunt groups and IVR menus of one Enterprise pool of eight Front Ends."""

    agents: int
    hunt: int
    ivr: int

    @property
    def workflows(self) -> int:
        return self.hunt + self.ivr


_OF_2013 = Capacity(1_200, 400, 200)
_LATER = Capacity(2_400, 800, 400)


def capacity(pool: Pool) -> Capacity:
    return _OF_2013 if pool.version == "2013" else _LATER


def crowded(pool: Pool, held: Inventory) -> Iterator[str]:
    """A sentence for each number that the pool would exceed with all of this on it: each pool of a pair must be able
    to carry both pools' groups (seed 000). Members of distribution groups are not counted: nobody can see them here."""
    most = capacity(pool)
    menus = sum(_is_menu(item) for item in held.of(Kind.WORKFLOW))
    agents = {str(uri).casefold() for item in held.of(Kind.AGENT_GROUP) for uri in _agents(item)}
    counts = (
        (len(held.of(Kind.WORKFLOW)) - menus, most.hunt, "hunt groups"),
        (menus, most.ivr, "menus"),
        (len(agents), most.agents, "agents"),
    )
    for count, limit, what in counts:
        if count > limit:
            yield f"{pool.short} would carry {count:,} {what}; {limit:,} are supported in an Enterprise pool."
    yield from slow(pool)


def slow(pool: Pool) -> Iterator[str]:
    """The figures hold for eight Front Ends; one Standard Edition server takes far less (facts: lync §12.8)."""
    if pool.edition is Edition.STANDARD:
        yield f"{pool.short} is a Standard Edition server: it takes 2 calls a second, and 60 at a time."


def _is_menu(item: RgsObject) -> bool:
    action = item.properties.get("DefaultAction")
    return isinstance(action, Mapping) and action.get("Action") == "TransferToQuestion"


def _agents(item: RgsObject) -> tuple[object, ...]:
    agents = item.properties.get("AgentsByUri")
    return agents if isinstance(agents, tuple) else ()
