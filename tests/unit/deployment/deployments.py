"""A small deployment to try cmdlets on: a primary pool, its backup pool, and one without a pair."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from bot.domain.deployment.apply import apply
from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.world import LivePool, World, world_of
from bot.domain.errors import CmdletFailed
from bot.domain.groups.groups import Audio, Kind, Ref, RgsObject, Row, ServiceSettings, Value, service

P, B, C = "pool-p.contoso.com", "pool-b.contoso.com", "pool-c.contoso.com"
FILE = "C:\\Switchback\\groups.zip"
MUSIC = Audio("music-1", "waltz.wav")
GREETING = Audio("greeting-1", "welcome.wav")
OWN_MUSIC = Audio("music-2", "jazz.wav")
HOLD = Audio("music-3", "harp.wav")
SOUNDS = {
    "music-1": "aa" * 32,
    "greeting-1": "bb" * 32,
    "music-2": "cc" * 32,
    "music-3": "dd" * 32,
    "unused": "ee" * 32,
}


def guid(number: int) -> str:
    return f"00000000-0000-0000-0000-{number:012d}"


def thing(kind: Kind, pool: str, number: int, name: str, **properties: Value) -> RgsObject:
    return RgsObject(kind, Ref(pool, guid(number)), name, pool, MappingProxyType(properties))


def workflow(pool: str, number: int, name: str, queue: int, **more: Value) -> RgsObject:
    uri = f"sip:{name.lower().replace(' ', '')}@contoso.com"
    action = MappingProxyType({"Action": "TransferToQueue", "QueueID": Ref(pool, guid(queue))})
    return thing(Kind.WORKFLOW, pool, number, name, PrimaryUri=uri, DefaultAction=action, **more)


def queue(pool: str, number: int, name: str, *groups: int, **more: Value) -> RgsObject:
    return thing(
        Kind.QUEUE, pool, number, name, AgentGroupIDList=tuple(Ref(pool, guid(group)) for group in groups), **more
    )


PRIMARY = LivePool(P).holding(
    (
        workflow(P, 1, "Help Desk", 2, CustomMusicOnHoldFile=GREETING),
        queue(P, 2, "Help Desk Queue", 3),
        thing(Kind.AGENT_GROUP, P, 3, "Help Desk Agents", AgentAlertTime=20),
        thing(Kind.HOURS_OF_BUSINESS, P, 4, "Office Hours"),
        thing(Kind.HOLIDAY_SET, P, 5, "Holidays"),
    ),
    ServiceSettings(45, MUSIC, True),
    SOUNDS,
)
BACKUP = LivePool(B).holding(
    (workflow(B, 11, "Orders", 12, CustomMusicOnHoldFile=HOLD), queue(B, 12, "Orders Queue")),
    ServiceSettings(60, OWN_MUSIC),
    SOUNDS,
)
OTHER = LivePool(C).holding((workflow(C, 21, "Front Desk", 22), queue(C, 22, "Front Desk Queue")))
WORLD = world_of((PRIMARY, BACKUP, OTHER), [(P, B)])


def run(world: World, on: str, name: str, **arguments: object) -> World:
    return apply(world, on, cmdlet(name, **arguments))[0]


def rows(world: World, on: str, name: str, **arguments: object) -> tuple[Row, ...]:
    return apply(world, on, cmdlet(name, **arguments))[1]


def names(world: World, kind: str = "Workflow", **arguments: object) -> list[str]:
    return sorted(str(row["Name"]) for row in rows(world, B, f"Get-CsRgs{kind}", **arguments))


def export(world: World, source: str, file: str = FILE, on: str | None = None, **more: object) -> World:
    return run(world, on or source, "Export-CsRgsConfiguration", Source=service(source), FileName=file, **more)


def imported(world: World, destination: str, file: str = FILE, **more: object) -> World:
    return run(world, destination, "Import-CsRgsConfiguration", Destination=service(destination), FileName=file, **more)


def carried(world: World, source: str, destination: str, file: str = FILE) -> World:
    """The file as it lies on one pool's server, put onto another's."""
    return world.with_pool(world.pools[destination].with_file(file, world.pools[source].file(file)))


def refused(world: World, on: str, name: str, **arguments: object) -> CmdletFailed:
    with pytest.raises(CmdletFailed) as caught:
        apply(world, on, cmdlet(name, **arguments))
    return caught.value


def down(world: World, *pools: str) -> World:
    for pool in pools:
        world = world.with_pool(replace(world.pools[pool], up=False))
    return world


def held(world: World, pool: str, kind: Kind, name: str) -> RgsObject:
    (found,) = (item for item in world.pools[pool].objects.values() if (item.kind, item.name) == (kind, name))
    return found


def over(world: World, pool: str, **more: object) -> World:
    return run(world, C, "Invoke-CsPoolFailOver", PoolFqdn=pool, **more)


def back(world: World, pool: str, **more: object) -> World:
    return run(world, C, "Invoke-CsPoolFailBack", PoolFqdn=pool, **more)


EXPORTED = carried(export(WORLD, P), P, B)
IMPORTED = imported(EXPORTED, B)
