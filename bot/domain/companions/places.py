"""The places that emergency calls carry, as they are read: what a copy says, what is there now, what differs (R0.6)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.domain.groups.groups import Row
from bot.domain.measures import numbered

SUBNET, PLACE = "Subnet", "Place"
_ADDRESS = (
    "CompanyName",
    "Location",
    "StreetName",
    "HouseNumber",
    "HouseNumberSuffix",
    "City",
    "State",
    "PostalCode",
    "Country",
)
"""In the order in which people read it. The names are those that the cmdlets take; no page shows what they give."""


@dataclass(frozen=True, slots=True)
class Places:
    """All locations, each as one line, and the location of every subnet, empty where it has none.

    Access points, switches and ports lead to locations as well: those are not read.
    """

    places: frozenset[str]
    subnets: Mapping[str, str]

    @property
    def in_words(self) -> str:
        return f"{numbered(len(self.places), 'location')} and {numbered(len(self.subnets), 'subnet')}"

    @property
    def digest(self) -> str:
        """One digest of all of it."""
        told = [*sorted(self.places), *sorted(f"{subnet}\t{place}" for subnet, place in self.subnets.items())]
        return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]

    def rows(self) -> tuple[Row, ...]:
        """As a copy keeps them."""
        alone = ({PLACE: place} for place in sorted(self.places))
        return (*alone, *({SUBNET: subnet, PLACE: place} for subnet, place in sorted(self.subnets.items())))


def read(locations: Iterable[Row], subnets: Iterable[Row]) -> Places:
    """From what `Get-CsLisLocation` and `Get-CsLisSubnet` gave."""
    return Places(frozenset(map(_line, locations)), {str(row.get(SUBNET)): _line(row) for row in subnets})


def kept(rows: Sequence[Mapping[str, object]]) -> Places | None:
    """From what a copy keeps; None for a copy that was taken without it, which nothing can be compared with."""
    if not rows:
        return None
    alone = frozenset(str(row[PLACE]) for row in rows if SUBNET not in row)
    return Places(alone, {str(row[SUBNET]): str(row[PLACE]) for row in rows if SUBNET in row})


def returning(copy: Places, now: Places) -> tuple[str, ...]:
    """What an import of this copy would move back to an old place, a line each."""
    moved = ((subnet, place, now.subnets[subnet]) for subnet, place in copy.subnets.items() if subnet in now.subnets)
    return tuple(
        f"A subnet that is at “{there}” goes back to “{place}”: {subnet}."
        for subnet, place, there in moved
        if place != there
    )


def lacking(copy: Places, now: Places) -> tuple[str, ...]:
    """What the copy holds and is not there as the copy has it, a line each; an import that worked leaves nothing."""
    return tuple(_lacking(copy, now))


def lost(copy: Places, now: Places) -> tuple[str, ...]:
    """What the copy holds and is nowhere now, a line each; what was only moved since is not lost."""
    unmoved = {subnet: copy.subnets.get(subnet, place) for subnet, place in now.subnets.items()}
    return lacking(copy, Places(now.places, unmoved))


def beyond(copy: Places, now: Places) -> tuple[str, ...]:
    """What is there and the copy does not hold, a line each: import deletes nothing."""
    led = frozenset(now.subnets.values())
    places = (
        f"“{place}” is not in the copy{'' if place in led else ', and no subnet is at it'}."
        for place in sorted(now.places - copy.places)
    )
    return (*places, *(f"A subnet is not in the copy: {one}." for one in sorted(now.subnets.keys() - copy.subnets)))


def _lacking(copy: Places, now: Places) -> Iterator[str]:
    yield from (f"“{place}” is not there." for place in sorted(copy.places - now.places))
    for subnet, place in sorted(copy.subnets.items()):
        if subnet not in now.subnets:
            yield f"A subnet of “{place}” is not there: {subnet}."
        elif now.subnets[subnet] != place:
            yield f"A subnet is at “{now.subnets[subnet]}” and should be at “{place}”: {subnet}."


def _line(row: Row) -> str:
    return ", ".join(str(row[key]) for key in _ADDRESS if row.get(key))
