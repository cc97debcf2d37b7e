"""Ways into the shorter runbooks, for stories about them."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.deployment.world import Fault, FaultKind
from bot.domain.groups.groups import Inventory, ServiceSettings
from bot.domain.model import PoolRecord
from bot.domain.runs.run import Run
from tests.scenarios.stage import ANNA, BORIS, CLARA, EMIL, FAILBACK, FAILOVER, A, B, Stage
from tests.scenarios.test_rehearsed import backed_up

IMPORT, EXPORT = "Import-CsRgsConfiguration", "Export-CsRgsConfiguration"
TWO = (("approve", ANNA), ("approve", BORIS))

PRESTAGE = {
    "backup": (("use", ANNA),),
    "no-place": (("without-copy", ANNA),),
    "import": (("approve", CLARA),),
    "call": (("worked", EMIL),),
}
REFRESH = {**PRESTAGE, "backup": (("clear", ANNA),), "clear": TWO}
KEEPING = {**FAILBACK, "cleanup": (("pre-stage", ANNA),)}


async def started(stage: Stage, book: str, pool: str = A) -> Run:
    return await stage.settle((await stage.engine.start(book, pool, ANNA)).id)


async def until(stage: Stage, run: Run, step: str, script: dict) -> Run:
    """Presses through the run until it stands at this row."""
    while run.step != step:
        for choice, who in script[run.step]:
            run = await stage.press(run, choice, who)
    return run


async def prestaged(stage: Stage) -> Run:
    await backed_up(stage)
    return await stage.play(await started(stage, "prestage"), PRESTAGE)


async def edited(stage: Stage) -> None:
    """An hour later the pool is not what was pre-staged any more, and its newest backup knows."""
    await stage.edit(A, A, Description="newer")
    stage.clock.now += 3600
    await backed_up(stage)


async def failed_over(stage: Stage, **answers: tuple) -> Run:
    await backed_up(stage)
    await stage.take_down(A)
    return await stage.play(await started(stage, "failover"), {**FAILOVER, **answers})


async def record(stage: Stage, pool: str = A) -> PoolRecord:
    return (await stage.runs.records([pool]))[pool]


async def copies(stage: Stage) -> Inventory:
    """What lies on B and belongs to A."""
    return (await stage.worlds.load())[0].pools[B].inventory().owned_by(A)


async def lose(stage: Stage, cmdlet: str, kind: FaultKind = FaultKind.LOST_AFTER, pool: str = B) -> None:
    await stage.strike(Fault(kind, pool, cmdlet))


async def settings(stage: Stage, pool: str = B) -> ServiceSettings:
    return (await stage.worlds.load())[0].pools[pool].settings


async def set_by_hand(stage: Stage, given: ServiceSettings, pool: str = B, **audio: str) -> None:
    world, version = await stage.worlds.load()
    live = world.pools[pool]
    await stage.worlds.save(world.with_pool(live.holding(live.objects.values(), given, audio)), version)


async def moved_by_hand(stage: Stage, registrar: str, pool: str = A) -> None:
    """Somebody moves the pool without Switchback, or breaks off while at it."""
    world, version = await stage.worlds.load()
    await stage.worlds.save(world.with_pool(replace(world.pools[pool], registrar=registrar)), version)


async def commands(stage: Stage, cmdlet: str) -> int:
    return sum(effect.cmdlet == cmdlet for effect in (await stage.worlds.load())[0].effects)
