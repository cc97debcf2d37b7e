"""What servers said that they can do is known before a run starts: it refuses or is told, and waits for nobody."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.domain.errors import BadInput
from bot.domain.runs.run import Run
from bot.hands.asking import Asking
from tests.scenarios.stage import ANNA, FAILBACK, FAILOVER, A, B, Stage, stage_of

IMPORT = "Import-CsRgsConfiguration"


async def asked(stage: Stage, *pools: str, without: str = "") -> None:
    """These pools are asked now; what they lack is taken from their answer."""
    for fqdn in pools:
        pool = stage.engine._pools.pool(fqdn)
        said = await Asking(stage.driver, pool, pool.short).ask(stage.clock())
        known = {name: keys for name, keys in said.cmdlets.items() if name != without}
        await stage.kept.abilities.note(fqdn, replace(said, cmdlets=known))


async def knowing(redis: Redis) -> Stage:
    stage = await stage_of(redis)
    stage.rebuilt(known=stage.kept.abilities.of)
    await stage.settle((await stage.engine.start("backup", A, ANNA)).id)
    return stage


def told(run: Run, row: str) -> tuple[str, ...]:
    record = run.record_of(row)
    assert record is not None
    return record.details


async def test_a_failover_that_could_not_import_does_not_start(redis: Redis) -> None:
    stage = await knowing(redis)
    await asked(stage, A, B, without=IMPORT)
    await stage.take_down(A)
    with pytest.raises(BadInput, match=rf"pool-b lacks {IMPORT} .* Nothing was started\."):
        await stage.engine.start("failover", A, ANNA)
    assert not await stage.runs.open(10)
    await asked(stage, B)
    assert (await stage.engine.start("failover", A, ANNA)).is_open


async def test_at_night_with_nothing_known_and_a_dead_pool_it_starts_and_says_so(redis: Redis) -> None:
    stage = await knowing(redis)
    await stage.take_down(A)
    run = await stage.settle((await stage.engine.start("failover", A, ANNA)).id)
    run = await stage.press(run, "declare", ANNA)
    assert "What pool-b can do is not known: its servers were never asked." in told(run, "pair")


async def test_a_failback_tells_it_where_it_asks_whether_the_pool_is_back(redis: Redis) -> None:
    stage = await knowing(redis)
    await asked(stage, A, B)
    await stage.take_down(A)
    await stage.play(await stage.settle((await stage.engine.start("failover", A, ANNA)).id), FAILOVER)
    await stage.bring_up(A)
    stage.clock.now += 3 * 86_400
    await asked(stage, B)
    run = await stage.settle((await stage.engine.start("failback", A, ANNA)).id)
    assert run.details == ("What pool-a can do is not known: its servers were asked last 3 days ago.",)
    assert (await stage.play(run, FAILBACK)).record_of("back") is not None
