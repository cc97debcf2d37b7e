"""What servers say of themselves and of the topology: versions, and which services there are."""

from __future__ import annotations

from collections.abc import Mapping

from bot.domain.deployment.cmdlets import Cmdlet
from bot.domain.deployment.named import central
from bot.domain.deployment.neighbours import Answer
from bot.domain.deployment.properties import NAMES
from bot.domain.deployment.told import rows_of
from bot.domain.deployment.world import LivePool, World

TEXT = "Text"
"""The one property of the one row of a cmdlet that gives a text and no object."""

TEXTS = frozenset({"Get-CsServerVersion"})
"""Those that do."""

_FIRST: Mapping[str, tuple[str, str]] = {
    "2013": ("Microsoft Lync Server 2013", "5.0.8308.0"),
    "2015": ("Skype for Business Server 2015", "6.0.9319.0"),
    "2019": ("Skype for Business Server 2019", "7.0.2046.0"),
}


def read_version(world: World, server: LivePool, command: Cmdlet) -> Answer:
    """`Get-CsServerVersion`: of the server itself, as one text with the product and its number.

    Documented choice: the words. What is known for certain is that the number stands in it, in brackets.
    """
    product, first = _FIRST[server.version]
    return world, ({TEXT: f"{product} ({server.build or first})"},)


def read_services(world: World, server: LivePool, command: Cmdlet) -> Answer:
    """`Get-CsService`: -EdgeServer, by whose Registrar one knows its next hop, and -CentralManagement.

    Documented choices: of all services, the simulated deployment tells of these only; it is refused while Central
    Management, where the topology lies, does not answer; the backup pool of the one that has it has it too, not active.
    """
    central(world, command)
    rows = rows_of(world, "CsEdgeServer") if command.get("EdgeServer") is True else ()
    if command.get("CentralManagement") is True:
        active = [one for one in (world.store, world.also_active) if one]
        spare = [one for one in (world.pairs.get(world.store),) if one and one not in active]
        rows = tuple(
            {"Identity": f"CentralManagement:{one}", "PoolFqdn": one, NAMES.active: one in active}
            for one in (*active, *spare)
        )
    wanted = str(command.get("PoolFqdn") or "").lower()
    return world, tuple(row for row in rows if wanted in ("", row["PoolFqdn"]))
