"""What people do by hand, as changes of the deployment, and what they may say wrongly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from bot.domain.deployment.machines import SERVICES
from bot.domain.deployment.properties import NAMES
from bot.domain.deployment.world import LivePool, World
from bot.domain.groups.groups import RgsObject
from bot.domain.runs.run import Run, partner
from tests.walk.world import A, B, C, renamed, with_music

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


def _built(world: World, run: Run) -> World:
    stopped = MappingProxyType({C: tuple(one for one in SERVICES if one != "REPLICA")})
    return world.with_pool(LivePool(C, site=f"Site of {C}", stopped=stopped)) if C not in world.pools else world


def _started(world: World, run: Run) -> World:
    return world.with_pool(replace(world.pools[C], stopped=MappingProxyType({}))) if C in world.pools else world


def _moved(row: str) -> Deed:
    noun, leads = LODGERS[row]

    def change(world: World, run: Run) -> World:
        rows = (MappingProxyType({**one, leads: str(one[leads]).replace(A, C)}) for one in world.told[noun])
        return world.with_told(noun, rows)

    return change


def _paired(world: World, run: Run) -> World:
    pools = {fqdn: pool for fqdn, pool in world.pools.items() if fqdn != A}
    return replace(world, pairs=MappingProxyType({B: C, C: B}), pools=MappingProxyType(pools))


def _own_renamed(world: World, run: Run) -> World:
    """What the backup pool owns gets names of its own."""
    there = world.pools[partner(run).fqdn]
    return world.with_pool(renamed(there, lambda item: _own_name(item) if item.owner == there.fqdn else item.name))


def _own_name(item: RgsObject) -> str:
    return f"{item.kind} of {item.owner.partition('.')[0]}"


def _named_back(world: World, run: Run) -> World:
    """The copies get their old names, which the backup pool's own have to make room for."""
    there = _own_renamed(world, run).pools[partner(run).fqdn]
    return world.with_pool(renamed(there, lambda item: item.name.partition(" (")[0]))


def _music_back(world: World, run: Run) -> World:
    return world.with_pool(with_music(world.pools[partner(run).fqdn]))


Deed = Callable[[World, Run], World]

BY_HAND: Mapping[tuple[str, str], Deed] = {
    ("built", "done"): _built,
    **{(row, "done"): _moved(row) for row in LODGERS},
    ("start", "done"): _started,
    ("topology", "done"): _paired,
    ("rehearse", "renamed"): _own_renamed,
    ("names", "names-back"): _named_back,
    ("music", "music-set"): _music_back,
}
"""What this answer claims at this row; whoever gives it without having done so is wrong."""


def done(run: Run, choice: str, world: World) -> World:
    """The deployment once somebody has done what this answer says, or as it is where it says nothing of the kind."""
    deed = BY_HAND.get((run.step, choice))
    after = deed(world, run) if deed else world
    return world if after == world else after


def is_wrong(run: Run, choice: str, world: World) -> bool:
    """Whether a person who answers so says what is not so."""
    primary, partner = (world.pools.get(pool.fqdn) if pool else None for pool in (run.primary, run.partner))
    if (run.step, choice) in BY_HAND:
        return done(run, choice, world) is not world
    if primary is None:
        return False
    away = primary.failed_over
    claims = {
        "rebuilt": not primary.objects,
        "same": bool(primary.objects),
        "dead": partner is None or not partner.up,
        "replicated": world.replicates,
        "imported": not world.replicates,
        "is-away": away,
        "is-home": not away,
        **dict.fromkeys(("moved", "elsewhere", "seen"), away is (run.runbook in ("failover", "replace"))),
    }
    return not claims.get(choice, True)
