"""After a failover that brought no groups, or was abandoned, they can still be imported and verified."""

from __future__ import annotations

from redis.asyncio import Redis

from bot.domain.deployment.world import FaultKind
from bot.domain.model import PoolState
from bot.domain.runs.run import Found, Phase
from tests.scenarios.books import IMPORT, TWO, commands, copies, failed_over, lose, record, started, until
from tests.scenarios.stage import ANNA, CLARA, EMIL, FAILBACK, FAILOVER, A, B, stage_of
from tests.scenarios.test_rehearsed import backed_up

AGAIN = {
    "backup": (("use", ANNA),),
    "settings": (("keep-settings", CLARA),),
    "import": (("approve", CLARA),),
    "agents": (("go-on", EMIL),),
}


async def test_a_failover_without_a_backup_gets_its_groups_later(redis: Redis) -> None:
    stage = await stage_of(redis)
    await stage.take_down(A)
    over = await stage.play(await started(stage, "failover"), {**FAILOVER, "find": (("without", ANNA),)})
    assert "`/rgs start import-again pool-a`" in over.sentence
    run = await started(stage, "import-again")
    assert (run.step, run.phase) == ("find", Phase.STOPPED)
    assert "without" not in stage.labels(run)
    run = await stage.press(run, "abandon", ANNA)
    assert "its groups were not imported" in run.sentence
    assert (await record(stage)).state is PoolState.FAILED_OVER


async def test_after_a_failover_abandoned_behind_the_move_it_goes_on_and_failback_knows_of_it(redis: Redis) -> None:
    stage = await stage_of(redis)
    await backed_up(stage)
    await stage.take_down(A)
    over = await until(stage, await started(stage, "failover"), "backup", FAILOVER)
    over = await stage.press(over, "abandon", ANNA)
    assert "`/rgs start import-again pool-a` brings them" in over.sentence
    run = await stage.play(await started(stage, "import-again"), AGAIN)
    assert run.phase is Phase.DONE and (await copies(stage)).objects
    known = await record(stage)
    assert (known.state, known.carry["imported"], known.carry["failover"]) == (PoolState.FAILED_OVER, True, over.id)
    assert known.carry["backup"] == run.fact("arrived")
    await stage.bring_up(A)
    assert (await stage.play(await started(stage, "failback"), FAILBACK)).phase is Phase.DONE


async def test_older_copies_are_removed_by_two_and_imported_anew(redis: Redis) -> None:
    stage = await stage_of(redis)
    await failed_over(stage)
    await stage.edit(B, A, Description="spoiled")
    script = {**AGAIN, "backup": (("clear", ANNA),), "clear": TWO}
    run = await stage.play(await started(stage, "import-again"), script)
    assert run.phase is Phase.DONE
    assert await commands(stage, IMPORT) == 2


async def test_abandoned_between_removal_and_import_the_groups_are_known_to_be_away(redis: Redis) -> None:
    stage = await stage_of(redis)
    await failed_over(stage)
    await stage.edit(B, A, Description="spoiled")
    script = {**AGAIN, "backup": (("clear", ANNA),), "clear": TWO}
    run = await until(stage, await started(stage, "import-again"), "import", script)
    run = await stage.press(run, "abandon", ANNA)
    assert "its groups were not imported there" in run.sentence
    assert (await record(stage)).carry["imported"] is False
    assert (await stage.play(await started(stage, "import-again"), AGAIN)).phase is Phase.DONE


async def test_a_lost_import_is_looked_at_and_nobody_says_that_it_is_there(redis: Redis) -> None:
    stage = await stage_of(redis)
    await failed_over(stage)
    await stage.edit(B, A, Description="spoiled")
    script = {**AGAIN, "backup": (("clear", ANNA),), "clear": TWO}
    run = await until(stage, await started(stage, "import-again"), "import", script)
    await lose(stage, IMPORT, FaultKind.LOST_AFTER)
    run = await stage.press(run, "approve", CLARA)
    assert (run.phase, run.finding.found) == (Phase.LOST, Found.DONE)
    run = await stage.press(run, "abandon", CLARA)
    assert "whether its groups were imported is not known" in run.sentence
    assert (await record(stage)).carry["imported"] is None
