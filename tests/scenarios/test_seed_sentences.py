"""What people are told and asked in a recovery because the seed documents say so."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bot.domain.runs.run import Phase, Run
from tests.scenarios.stage import ANNA, EMIL, FAILBACK, FAILOVER, A, Stage, stage_of
from tests.scenarios.test_doubts import home_again, until
from tests.scenarios.test_ways import count_of, failing_over

BOTH = pytest.mark.parametrize("runbook", ["failover", "failback"])


async def calling(stage: Stage, runbook: str, row: str = "inside") -> tuple[Run, dict]:
    """A run that waits for its first test call, or at another row, and how it goes on."""
    script = {"failover": FAILOVER, "failback": FAILBACK}[runbook]
    run = await (failing_over if runbook == "failover" else home_again)(stage)
    return await until(stage, run, row, script), script


@BOTH
async def test_nothing_goes_on_before_a_test_call_was_handled_correctly_seed_000(redis: Redis, runbook: str) -> None:
    stage = await stage_of(redis)
    run, script = await calling(stage, runbook)
    run = await stage.press(run, "failed", EMIL, inside_heard="Sales, silence")
    assert run.is_open and run.step != "outside"
    assert any("silence" in entry.sentence for entry in await stage.runs.audit(run.id))

    run = await until(stage, run, "outside", script)
    run = await stage.press(run, "failed", EMIL)
    assert (run.step, run.phase) == ("routes", Phase.ASKING), "what leads calls here is looked at again"
    run = await until(stage, run, "outside", script)
    assert (await stage.press(run, "worked", EMIL)).step not in ("routes", "outside")


async def test_the_choice_of_settings_says_what_either_way_loses_seed_003_step_3(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await until(stage, await failing_over(stage), "backup", FAILOVER)
    at_once = (await stage.engine.view(run.id)).explain
    assert "If pool-a can never be recovered, its settings are in the backup's record only." in at_once
    run = await until(stage, run, "settings", FAILOVER)
    said = (await stage.engine.view(run.id)).explain
    assert "*Keep*: if pool-a can never be recovered, its settings are in the backup's record only." in said
    assert "*Replace* overwrites them, for pool-b's own groups too" in said


async def test_after_a_failover_it_is_said_that_control_panel_does_not_manage_its_groups_seed_000(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await stage.play(await failing_over(stage), FAILOVER)
    told = [item.tell.sentence for item in await stage.runs.outbox(stage.clock() + 9, 500) if item.tell]
    for words in (run.sentence, next(one for one in told if one.startswith("pool-a is failed over to pool-b"))):
        assert "with the Management Shell only, not with Control Panel" in words


async def test_a_pool_that_is_not_repaired_yet_is_not_failed_back_seed_004(redis: Redis) -> None:
    stage = await stage_of(redis)
    await stage.play(await failing_over(stage), FAILOVER)
    back = await stage.settle((await stage.engine.start("failback", A, ANNA)).id)
    assert (back.step, back.phase) == ("back", Phase.STOPPED)
    back = await stage.press(back, "retry", ANNA)
    assert (back.step, back.phase) == ("back", Phase.STOPPED)
    await stage.bring_up(A)
    back = await stage.press(back, "retry", ANNA)
    assert (back.step, back.phase) == ("back", Phase.ASKING)
    assert await count_of(stage, "Invoke-CsPoolFailBack") == 0
