"""What the cmdlets of the Location Information service do: places, subnets that lead to them, publishing (R0.6)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bot.domain.deployment.cmdlets import Cmdlet, refuse
from bot.domain.deployment.neighbours import Answer
from bot.domain.deployment.world import LivePool, World

_COLUMNS = ("CompanyName", "Location", "StreetName", "HouseNumber", "Country")
_NAME = _COLUMNS.index("Location")


@dataclass(frozen=True, slots=True)
class Locations:
    """All places, as rows of `_COLUMNS`, and the name of the location of every subnet.

    Documented choice: no page says what a real export holds inside, so the simulated deployment writes JSON.
    """

    places: tuple[tuple[str, ...], ...] = ()
    subnets: Mapping[str, str] = field(default_factory=dict)

    def over(self, now: Locations) -> Locations:
        """As an import leaves them: nothing is deleted, and what was changed goes back to its old place (R0.6)."""
        return Locations(tuple(dict.fromkeys((*now.places, *self.places))), {**now.subnets, **self.subnets})


def parsed(data: bytes) -> Locations | None:
    """What such bytes hold; None for anything else."""
    try:
        found = json.loads(data)
        return Locations(tuple(tuple(map(str, row)) for row in found["places"]), dict(found["subnets"]))
    except (ValueError, KeyError, TypeError):
        return None


def packed(found: Locations) -> bytes:
    """The bytes of these; equal ones are equal byte for byte."""
    return json.dumps({"places": found.places, "subnets": found.subnets}, ensure_ascii=False, indent=1).encode()


def import_locations(world: World, server: LivePool, command: Cmdlet) -> Answer:
    """`Import-CsLisConfiguration -FileName`. Documented choice: bytes on the line itself are never sent."""
    path = str(command.get("FileName"))
    file = server.file(path)
    if file is None:
        raise refuse(command, "FileNotFoundException", f'Could not find file "{path}" on a server of {server.fqdn}.')
    brought = parsed(file.locations)
    if brought is None:
        raise refuse(command, "InvalidDataException", f'The file "{path}" is not an exported location configuration.')
    return replace(world, locations=packed(brought.over(_now(world)))), ()


def publish_locations(world: World, server: LivePool, command: Cmdlet) -> Answer:
    """`Publish-CsLisConfiguration`: from now on calls carry what is there."""
    return (world if command.get("WhatIf") is True else replace(world, published=world.locations)), ()


def read_locations(world: World, server: LivePool, command: Cmdlet) -> Answer:
    """`Get-CsLisLocation`, published or not; -Unreferenced: those that nothing leads to."""
    found = _now(world)
    led = frozenset(found.subnets.values()) if command.get("Unreferenced") is True else frozenset[str]()
    return world, tuple(_place(row) for row in found.places if row[_NAME] not in led)


def read_subnets(world: World, server: LivePool, command: Cmdlet) -> Answer:
    """`Get-CsLisSubnet`: each with the whole address of its location."""
    found = _now(world)
    places = {row[_NAME]: _place(row) for row in found.places}
    return world, tuple(
        {"Subnet": subnet, "Location": name, **places.get(name, {})} for subnet, name in found.subnets.items()
    )


def _now(world: World) -> Locations:
    return parsed(world.locations) or Locations()


def _place(row: tuple[str, ...]) -> dict[str, str]:
    return dict(zip(_COLUMNS, row, strict=False))
