"""What stories of the ways home begin with: a pool that is failed over, and changes made by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from redis.asyncio import Redis

from bot.domain.deployment.world import LivePool, World
from bot.domain.groups.groups import Kind, RgsObject, ServiceSettings
from bot.domain.model import Person, Pool
from bot.domain.runs.opening import Estate
from bot.domain.runs.run import Phase, Run
from tests.scenarios.stage import ANNA, ESTATE, FAILBACK, FAILOVER, A, Stage, stage_of

Script = Mapping[str, tuple[tuple[str, Person], ...]]
"""For every row that asks, the choices and who makes them, in order."""


async def failed_over(
    redis: Redis,
    prepared: Callable[[World], World] = lambda world: world,
    estate: Estate = ESTATE,
    script: Script = FAILOVER,
) -> Stage:
    """A is failed over to B with its groups, and answers again."""
    stage = await stage_of(redis)
    stage.rebuilt(estate)
    await changed(stage, prepared)
    backup = await stage.settle((await stage.engine.start("backup", A, ANNA)).id)
    assert backup.phase is Phase.DONE
    await stage.take_down(A)
    failover = await stage.settle((await stage.engine.start("failover", A, ANNA)).id)
    failover = await stage.play(failover, script)
    assert failover.phase is Phase.DONE
    await stage.bring_up(A)
    return stage


async def changed(stage: Stage, change: Callable[[World], World]) -> None:
    """Somebody changes the deployment by hand."""
    world, version = await stage.worlds.load()
    await stage.worlds.save(change(world), version)


async def world_now(stage: Stage) -> World:
    return (await stage.worlds.load())[0]


def with_pool(fqdn: str, change: Callable[[LivePool], LivePool]) -> Callable[[World], World]:
    return lambda world: world.with_pool(change(world.pools[fqdn]))


def without(kind: Kind, name: str) -> Callable[[LivePool], LivePool]:
    """Somebody removes an object by hand."""
    return lambda pool: pool.holding(
        item for item in pool.objects.values() if not (item.kind is kind and item.name == name)
    )


def also(*items: RgsObject) -> Callable[[LivePool], LivePool]:
    return lambda pool: pool.holding((*pool.objects.values(), *items))


def emptied(pool: LivePool) -> LivePool:
    """It was built again: no objects, default settings."""
    return pool.holding((), ServiceSettings())


async def begun(stage: Stage, runbook: str, replacement: Pool | None = None) -> Run:
    return await stage.settle((await stage.engine.start(runbook, A, ANNA, replacement=replacement)).id)


async def until(stage: Stage, run: Run, row: str, script: Script = FAILBACK) -> Run:
    """Presses on until the run stands at this row."""
    while run.step != row:
        for choice, who in script[run.step]:
            run = await stage.press(run, choice, who)
    return run


def lines_of(world: World, fqdn: str, cmdlet: str) -> list[str]:
    """What was run there of this cmdlet, as far as it changed something."""
    return [one.line for one in world.effects if one.pool == fqdn and one.cmdlet == cmdlet]


def told(world: World, noun: str, rows: Iterable[Mapping[str, object]]) -> World:
    return world.with_told(noun, tuple(MappingProxyType(dict(row)) for row in rows))
