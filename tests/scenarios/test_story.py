"""The main job end to end without Slack: backup, failover and failback against real Redis."""

from __future__ import annotations

from redis.asyncio import Redis

from bot.domain.model import PoolState
from bot.domain.runs.run import Phase
from tests.scenarios.stage import ANNA, FAILBACK, FAILOVER, A, stage_of


async def test_backup_failover_and_failback_end_with_the_pool_active(redis: Redis) -> None:
    stage = await stage_of(redis)
    backup = await stage.settle((await stage.engine.start("backup", A, ANNA)).id)
    assert backup.phase is Phase.DONE, (backup.step, backup.sentence, backup.details)

    await stage.take_down(A)
    failover = await stage.settle((await stage.engine.start("failover", "pool-a", ANNA)).id)
    failover = await stage.play(failover, FAILOVER)
    assert failover.phase is Phase.DONE
    assert (await stage.runs.records([A]))[A].state is PoolState.FAILED_OVER

    await stage.bring_up(A)
    failback = await stage.settle((await stage.engine.start("failback", A, ANNA)).id)
    failback = await stage.play(failback, FAILBACK)
    assert failback.phase is Phase.DONE
    imported = failback.record_of("import")
    assert imported is not None
    assert [who.name for who in imported.approved] == ["Anna", "Clara"]
    assert (await stage.runs.records([A]))[A].state is PoolState.ACTIVE
