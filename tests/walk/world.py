"""The deployment that is walked: pools with one workflow, one queue and one agent group each, paired one to one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from types import MappingProxyType

from bot.domain.deployment.world import LivePool, World, world_of
from bot.domain.groups.groups import Audio, Inventory, Kind, Ref, RgsObject, ServiceSettings
from bot.domain.model import Person, Pool, Role, Standing
from bot.domain.runs.opening import Estate

NAMES = ("pool-a", "pool-b", "pool-c")
A, B, C = (f"{name}.contoso.com" for name in NAMES)

ANNA, BORIS = (Person(f"T0:U0{name}", name, Standing.MEMBER, frozenset(Role)) for name in ("Anna", "Boris"))
"""Both hold both roles: who may press what is tested elsewhere. Anna asks, Boris is the second person."""

RECORDINGS: Mapping[str, bytes] = {sha256(data).hexdigest(): data for data in (f"RIFF {n}".encode() for n in NAMES)}
_SOUND = dict(zip(NAMES, RECORDINGS, strict=True))


def estate(world: World, *fqdns: str) -> Estate:
    """Of these pools the first two are a pair; a third one is still alone, as the one that is to replace another."""
    pair = dict(zip(fqdns[:2], fqdns[1::-1], strict=True))
    version = world.pools[fqdns[0]].version
    pools = {fqdn: Pool(fqdn, version=version, site=f"Site of {fqdn}", backup_pool=pair.get(fqdn)) for fqdn in fqdns}
    return Estate(pools, pair, {fqdn: f"{fqdn} has no backup pool." for fqdn in fqdns if fqdn not in pair})


def world(*fqdns: str) -> World:
    """Every pool is up and serves its own users; the third one holds nothing yet."""
    pools = [_pool(fqdn, empty=fqdn not in fqdns[:2]) for fqdn in fqdns]
    return world_of(pools, [(fqdns[0], fqdns[1])])


CLASH = "Queue of both"


def clashing(world: World) -> World:
    """Each pool has a queue that is called as one of the other."""
    for pool in world.pools.values():
        world = world.with_pool(renamed(pool, lambda item: CLASH if item.kind is Kind.QUEUE else item.name))
    return world


def renamed(pool: LivePool, name: Callable[[RgsObject], str]) -> LivePool:
    """The pool with other names on what it holds."""
    objects = {key: replace(item, name=name(item)) for key, item in pool.objects.items()}
    return replace(pool, objects=MappingProxyType(objects)) if objects != pool.objects else pool


def replicating(world: World) -> World:
    """The servers copy groups by themselves: 2019, with the update from which on they can."""
    pools = {fqdn: replace(pool, version="2019", build="7.0.2046.123") for fqdn, pool in world.pools.items()}
    return replace(world, pools=MappingProxyType(pools), replicates=True)


def groups(fqdn: str, version: str = "first") -> tuple[RgsObject, ...]:
    """What a pool owns; one that is edited has another `version`."""
    short = fqdn.partition(".")[0]
    guids = {kind: f"{number}0000000-0000-4000-8000-{short[-1] * 12}" for number, kind in enumerate(Kind)}
    properties = {
        Kind.AGENT_GROUP: {"ParticipationPolicy": "Formal", "AgentsByUri": (f"sip:agent@{short}.example",)},
        Kind.QUEUE: {"Description": version, "AgentGroupIDList": (Ref(fqdn, guids[Kind.AGENT_GROUP]),)},
        Kind.WORKFLOW: {
            "PrimaryUri": f"sip:desk@{short}.example",
            "DefaultAction": MappingProxyType(
                {"Action": "TransferToQueue", "QueueID": Ref(fqdn, guids[Kind.QUEUE]), "Prompt": None}
            ),
        },
    }
    return tuple(
        RgsObject(kind, Ref(fqdn, guids[kind]), f"{kind} of {short}", fqdn, MappingProxyType(of_kind))
        for kind, of_kind in properties.items()
    )


def _pool(fqdn: str, *, empty: bool) -> LivePool:
    pool = LivePool(fqdn, site=f"Site of {fqdn}")
    if empty:
        return pool
    return with_music(pool.holding(groups(fqdn), ServiceSettings(90)))


def with_music(pool: LivePool) -> LivePool:
    """The pool with its own default music."""
    short = pool.fqdn.partition(".")[0]
    music = Audio(f"music-{short}", "music.wav")
    settings = replace(pool.settings, default_music=music)
    return pool.holding(pool.objects.values(), settings, {music.unique_name: _SOUND[short]})


def edited(pool: LivePool, owner: str, version: str) -> LivePool:
    """Somebody changed the queue of `owner` that lies on this pool."""
    changed = {
        key: replace(item, properties=MappingProxyType({**item.properties, "Description": version}))
        for key, item in pool.objects.items()
        if item.kind is Kind.QUEUE and item.owner == owner
    }
    return replace(pool, objects=MappingProxyType({**pool.objects, **changed}))


def exported(pool: LivePool) -> Inventory:
    """What a backup of a pool holds that serves its own users."""
    return pool.inventory(item for item in pool.objects.values() if item.owner == pool.fqdn)
