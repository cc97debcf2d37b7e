"""Redis is wiped while the deployment lives on: backups and pools come back from off-site, and the runbooks go on."""

from __future__ import annotations

from pathlib import Path

from redis.asyncio import Redis

from bot.commands.restore import Restoring
from bot.domain.backups.offsite import OffSite
from bot.domain.model import PoolState
from bot.domain.runs.run import Phase, Run
from tests.scenarios.offsite import House
from tests.scenarios.stage import ANNA, FAILBACK, FAILOVER, A, B, C, Stage, stage_of


async def backed_up(stage: Stage, *pools: str) -> None:
    for pool in pools:
        run = await stage.settle((await stage.engine.start("backup", pool, ANNA)).id)
        assert run.phase is Phase.DONE, (run.step, run.sentence, run.details)


async def failed_over(stage: Stage) -> Run:
    await stage.take_down(A)
    run = await stage.settle((await stage.engine.start("failover", A, ANNA)).id)
    run = await stage.play(run, FAILOVER)
    assert run.phase is Phase.DONE
    return run


async def wiped(redis: Redis) -> None:
    """Everything is gone but the deployment, which only the simulation keeps in the same place."""
    world = {key: await redis.dump(key) for key in await redis.keys("world:*")}
    await redis.flushall()
    for key, value in world.items():
        await redis.restore(key, 0, value)


async def kept(stage: Stage) -> dict[str, bytes]:
    found = [backup for pool in (A, B, C) for backup in await stage.backups.page(pool, count=50)]
    return {backup.id: await stage.backups.load(backup.id) for backup in found}


async def copied_wiped_and_restored(redis: Redis, stage: Stage, place: OffSite) -> list[str]:
    house, before, said = House(redis, place), await kept(stage), list[str]()
    await house.mirroring().work(stage.clock())
    assert await house.mirroring().lag(stage.clock()) is None and before
    await wiped(redis)
    assert await kept(stage) == {}
    assert await Restoring(house.kept, house.mirror, said.append, stage.clock()).restore()
    assert await kept(stage) == before
    stage.rebuilt()
    return said


async def test_after_a_restore_a_failover_uses_the_restored_backup(redis: Redis, place: OffSite) -> None:
    stage = await stage_of(redis)
    await backed_up(stage, A, B, C, A)
    newest = await stage.backups.newest(A, 1e12)
    await copied_wiped_and_restored(redis, stage, place)

    failover = await failed_over(stage)
    assert newest is not None and newest.id in str(failover.facts)
    assert (await stage.runs.records([A]))[A].state is PoolState.FAILED_OVER
    await stage.bring_up(A)
    failback = await stage.settle((await stage.engine.start("failback", A, ANNA)).id)
    assert (await stage.play(failback, FAILBACK)).phase is Phase.DONE


async def test_a_pool_that_was_failed_over_is_failed_back_after_a_restore(redis: Redis, tmp_path: Path) -> None:
    stage = await stage_of(redis)
    await backed_up(stage, A, B)
    await failed_over(stage)
    before = await stage.runs.records([A, B])
    said = await copied_wiped_and_restored(redis, stage, OffSite(folder=str(tmp_path)))
    assert await stage.runs.records([A, B]) == before and any("failed over" in line for line in said)

    await stage.bring_up(A)
    failback = await stage.settle((await stage.engine.start("failback", A, ANNA)).id)
    assert (await stage.play(failback, FAILBACK)).phase is Phase.DONE
    assert (await stage.runs.records([A]))[A].state is PoolState.ACTIVE
