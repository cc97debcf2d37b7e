"""What people do by hand when a pool is replaced, as changes of the deployment, and what they may say wrongly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from bot.domain.deployment.machines import SERVICES
from bot.domain.deployment.properties import NAMES
from bot.domain.deployment.world import LivePool, World
from bot.domain.runs.run import Run
from tests.walk.world import A, B, C

LODGERS: Mapping[str, tuple[str, str]] = {
    "users": ("CsUser", NAMES.users_pool),
    "directories": ("CsConferenceDirectory", NAMES.directory_service),
    "endpoints": ("CsApplicationEndpoint", NAMES.users_pool),
    "park": ("CsCallParkOrbit", NAMES.orbit_service),
    "announcements": ("CsUnassignedNumber", NAMES.range_service),
}
"""The row that moves them, their noun, and the property that leads to the pool."""


def lodged(world: World) -> World:
    """One of each lives on the first pool; the third one is not built yet."""
    for noun, leads in LODGERS.values():
        service = "UserServer" if noun == "CsConferenceDirectory" else "ApplicationServer"
        pool = A if leads == NAMES.users_pool else f"{service}:{A}"
        world = world.with_told(noun, (MappingProxyType({"Identity": "one", "SipAddress": "sip:one", leads: pool}),))
    return replace(world, pools=MappingProxyType({fqdn: pool for fqdn, pool in world.pools.items() if fqdn != C}))


def lodgers_of(world: World, fqdn: str) -> set[str]:
    """What still lives on a pool."""
    return {
        noun
        for noun, leads in LODGERS.values()
        if any(str(row.get(leads, "")).endswith(fqdn) for row in world.told.get(noun, ()))
    }


def _built(world: World) -> World:
    stopped = MappingProxyType({C: tuple(one for one in SERVICES if one != "REPLICA")})
    return world.with_pool(LivePool(C, site=f"Site of {C}", stopped=stopped)) if C not in world.pools else world


def _started(world: World) -> World:
    return world.with_pool(replace(world.pools[C], stopped=MappingProxyType({}))) if C in world.pools else world


def _moved(row: str) -> Callable[[World], World]:
    noun, leads = LODGERS[row]

    def change(world: World) -> World:
        rows = (MappingProxyType({**one, leads: str(one[leads]).replace(A, C)}) for one in world.told[noun])
        return world.with_told(noun, rows)

    return change


def _paired(world: World) -> World:
    pools = {fqdn: pool for fqdn, pool in world.pools.items() if fqdn != A}
    return replace(world, pairs=MappingProxyType({B: C, C: B}), pools=MappingProxyType(pools))


BY_HAND: Mapping[str, Callable[[World], World]] = {
    "built": _built,
    **{row: _moved(row) for row in LODGERS},
    "start": _started,
    "topology": _paired,
}
"""What "It is done" claims at each of these rows; whoever says so without having done it is wrong."""


def is_wrong(run: Run, choice: str, world: World) -> bool:
    """Whether a person who answers so says what is not so."""
    primary, partner = (world.pools.get(pool.fqdn) if pool else None for pool in (run.primary, run.partner))
    if choice == "done" and run.step in BY_HAND:
        return BY_HAND[run.step](world) != world
    if primary is None:
        return False
    away = primary.failed_over
    claims = {
        "rebuilt": not primary.objects,
        "same": bool(primary.objects),
        "dead": partner is None or not partner.up,
        "is-away": away,
        "is-home": not away,
        **dict.fromkeys(("moved", "elsewhere", "seen"), away is (run.runbook in ("failover", "replace"))),
    }
    return not claims.get(choice, True)
