"""Who has to sign in again to formal groups, and how far they have by their own word (seed 000; seed 003 step 6)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.groups.groups import Inventory, Kind, RgsObject
from bot.domain.measures import numbered


class Reach(StrEnum):
    """How far a message to an agent got; one that nobody could be sent stays unsent."""

    WAITS = "waits"
    ASKED = "asked"
    NOT_HERE = "not in Slack"
    NO_MEMBER = "no full member"
    UNREACHED = "cannot be written to"


@dataclass(frozen=True, slots=True)
class Agent:
    """One who is asked to sign in to these formal groups; `signed_at` is when they said that they have (seconds)."""

    groups: tuple[str, ...]
    reach: Reach = Reach.WAITS
    signed_at: float | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of the agents of one formal group were found, asked, and say that they are signed in."""

    group: str
    agents: int
    signed: int = 0
    waiting: int = 0
    unasked: int = 0

    @property
    def is_covered(self) -> bool:
        """Whether a call to it rings somebody, as far as anybody said."""
        return self.signed > 0

    def __str__(self) -> str:
        """For a channel: no name and no address of an agent."""
        if not self.agents:
            return f"{self.group}: its agents cannot be asked one by one."
        signed = f"{self.group}: {self.signed} of {self.agents} signed in"
        waiting = f"{self.waiting} not asked yet" if self.waiting else ""
        unasked = f"{self.unasked} not reached in Slack" if self.unasked else ""
        return f"{'; '.join(filter(None, (signed, waiting, unasked)))}."


def formal(inventory: Inventory) -> tuple[RgsObject, ...]:
    """The agent groups whose agents have to sign in before they are rung."""
    groups = inventory.of(Kind.AGENT_GROUP)
    return tuple(item for item in groups if item.properties.get("ParticipationPolicy") == "Formal")


def invited(groups: Iterable[RgsObject]) -> Mapping[str, tuple[str, ...]]:
    """The names of the groups of each agent, by address without `sip:`: whoever is in several is asked once."""
    found: dict[str, tuple[str, ...]] = {}
    for item in groups:
        for address in _addresses(item):
            found[address] = (*found.get(address, ()), item.name)
    return found


def unlisted(groups: Iterable[RgsObject]) -> tuple[str, ...]:
    """The names of those that take their agents from a distribution group: nobody can be asked one by one."""
    return tuple(item.name for item in groups if item.properties.get("DistributionGroupAddress"))


def coverage(groups: Sequence[str], agents: Iterable[Agent]) -> tuple[Coverage, ...]:
    """Of each of these formal groups; those of which nobody has signed in come first."""
    known = tuple(agents)
    found = (_covered(name, [one for one in known if name in one.groups]) for name in groups)
    return tuple(sorted(found, key=lambda one: one.is_covered))


def in_all(found: Sequence[Coverage]) -> str:
    """“2 of 6 formal groups …”, as a sentence."""
    covered = sum(one.is_covered for one in found)
    return f"{covered} of {numbered(len(found), 'formal group')} have a signed-in agent, by their own word."


def _covered(name: str, agents: Sequence[Agent]) -> Coverage:
    silent = [one for one in agents if one.signed_at is None]
    waiting = sum(one.reach is Reach.WAITS for one in silent)
    unasked = sum(one.reach not in (Reach.WAITS, Reach.ASKED) for one in silent)
    return Coverage(name, len(agents), len(agents) - len(silent), waiting, unasked)


def _addresses(item: RgsObject) -> tuple[str, ...]:
    listed = item.properties.get("AgentsByUri")
    given = listed if isinstance(listed, tuple) else ()
    return tuple(dict.fromkeys(str(one).strip().lower().removeprefix("sip:") for one in given if one))
