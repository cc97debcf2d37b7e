"""What stories of the pool level share: a deployment with Edges, Central Management and other versions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from redis.asyncio import Redis

from bot.domain.deployment.world import Fault, FaultKind, World
from bot.domain.model import Person, Pool
from bot.domain.runs.opening import Estate
from bot.domain.runs.run import Run
from tests.scenarios.stage import ANNA, BORIS, EMIL, ESTATE, POOLS, A, B, Stage, stage_of

E1, E2 = "edge1.contoso.com", "edge2.contoso.com"
TYPES = ("User", "CentralMgmt", "Application")
SQL = {"sql_server": "sql-b.contoso.com", "sql_instance": "RTC", "sql_mirror_server": "", "sql_mirror_instance": ""}


def estate(**changes: Any) -> Estate:
    """Pools A and B with these changes."""
    pools: dict[str, Pool] = {fqdn: replace(POOLS[fqdn], **changes) for fqdn in (A, B)}
    return replace(ESTATE, pools={**POOLS, **pools})


async def built(redis: Redis, version: str = "2015", **changes: Any) -> Stage:
    """A stage whose A and B are of this version; the deployment has two Edge pools, the first one led to A."""
    stage = await stage_of(redis)
    stage.rebuilt(estate(version=version))
    world = (await stage.worlds.load())[0]
    for fqdn in (A, B):
        world = world.with_pool(replace(world.pools[fqdn], version=version))
    await put(stage, replace(world, edges=MappingProxyType({E1: A, E2: B}), **changes))
    return stage


async def put(stage: Stage, world: World) -> None:
    await stage.worlds.save(world, (await stage.worlds.load())[1])


async def seen(stage: Stage) -> World:
    return (await stage.worlds.load())[0]


async def pool_becomes(stage: Stage, fqdn: str, **changes: Any) -> None:
    world = await seen(stage)
    await put(stage, world.with_pool(replace(world.pools[fqdn], **changes)))


async def begun(stage: Stage, runbook: str, pool: str = A) -> Run:
    return await stage.settle((await stage.engine.start(runbook, pool, ANNA)).id)


async def through(stage: Stage, run: Run, choice: str, who: Person) -> Run:
    """Presses, and goes on without a copy of the emergency locations where it comes to that."""
    run = await stage.press(run, choice, who)
    return await stage.press(run, "lis-without", who) if run.step == "lis" else run


async def losing(stage: Stage, pool: str, cmdlet: str, *, after: bool) -> None:
    """The next such command is lost, before or after its effect."""
    kind = FaultKind.LOST_AFTER if after else FaultKind.LOST_BEFORE
    await stage.strike(Fault(kind, pool, cmdlet))


async def sent(stage: Stage) -> list[str]:
    """Every command that changed something, as a line."""
    return [effect.line for effect in (await seen(stage)).effects]


DONE, APPROVED, LEFT = (("done", ANNA),), (("approve", BORIS),), (("leave", ANNA),)
ENDINGS: Mapping[str, Mapping[str, tuple[tuple[str, Person], ...]]] = {
    "cms": {"cms": APPROVED, "lis": (("lis-without", ANNA),)},
    "edge": {
        "choose": (("over", ANNA),),
        "builder": DONE,
        "builder-seen": (("by-command", ANNA),),
        "route": APPROVED,
        "wizard": DONE,
        "trial": (("worked", EMIL),),
    },
    "xmpp": {
        "choose": (("over", ANNA),),
        **dict.fromkeys(("stopped", "dns", "firewall", "started"), DONE),
        "route": APPROVED,
        "trial": (("worked", EMIL),),
    },
    "edge-of-pool": {"choose": (("chosen", ANNA),), "builder": DONE, "trial": (("worked", EMIL),)},
    "mirror": {
        "user-choose": (("mirror", ANNA),),
        "user": APPROVED,
        "centralmgmt-choose": LEFT,
        "application-choose": LEFT,
    },
    "conferences": {"conferences": APPROVED},
    "backup-service": {"change": (("sync", ANNA),), "sync": APPROVED, "sync-back": APPROVED},
}
"""Each of them to its end: which row asks, and who presses what."""


async def everything_there(stage: Stage) -> None:
    """The deployment has Central Management on A, two Edge pools, a federated site, and mirrored databases."""
    world = await seen(stage)
    site = {"Identity": "Site:Berlin", "DisplayName": "Berlin", "XmppFederationRoute": ""}
    world = replace(world, store=A, edges=MappingProxyType({E1: B, E2: B}))
    world = world.with_told("CsSite", (MappingProxyType({**site, "FederationRoute": f"EdgeServer:{E1}"}),))
    mirrored = replace(world.pools[A], principals=MappingProxyType(dict.fromkeys(TYPES, "Primary")))
    await put(stage, world.with_pool(mirrored))


async def all_ended(stage: Stage, anew: Callable[[], object] = lambda: None) -> list[Run]:
    """A run of each, played to its end; `anew` is done before every press."""
    await everything_there(stage)
    ended = []
    for key, script in ENDINGS.items():
        run = await begun(stage, key)
        while run.is_open:
            for choice, who in script[run.step]:
                anew()
                run = await stage.press(run, choice, who)
        ended.append(run)
    return ended
