"""A pool that was built again with the same name: an empty database, default settings (runbooks, "rebuild")."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bot.domain.groups.groups import ServiceSettings
from bot.domain.model import PoolState
from bot.domain.runs.run import Phase
from tests.scenarios.recovery import begun, changed, emptied, failed_over, lines_of, until, with_pool, world_now
from tests.scenarios.stage import ANNA, BORIS, CLARA, FAILBACK, A, B

REBUILD = {
    **FAILBACK,
    "back": (("rebuilt", ANNA),),
    "settings": (("from-backup-pool", CLARA),),
    "plain": (("done", CLARA),),
    "companions": (("put-back", ANNA),),
    "sync-home": (("approve", ANNA),),
    "sync-back": (("approve", BORIS),),
    "cleanup": (("pre-stage", ANNA),),
}


@pytest.mark.parametrize("runbook", ["rebuild", "failback"])
async def test_a_rebuilt_pool_gets_everything_and_both_ways_are_brought_over(redis: Redis, runbook: str) -> None:
    """A failback to a pool that turns out to be empty goes the same way."""
    stage = await failed_over(redis)
    before = (await world_now(stage)).pools[A]
    await changed(stage, with_pool(A, emptied))
    run = await begun(stage, runbook)
    assert run.fact("rebuilt") == "likely" and stage.labels(run)[0] == "rebuilt"
    run = await stage.play(run, REBUILD)
    assert run.phase is Phase.DONE
    world = await world_now(stage)
    after = world.pools[A]
    assert {item.key for item in after.objects.values()} == {item.key for item in before.objects.values()}
    (line,) = lines_of(world, A, "Import-CsRgsConfiguration")
    assert "-OverwriteOwner -ReplaceExistingRgsSettings" in line
    assert after.settings == world.pools[B].settings
    assert next(one for one in run.records if one.step == "sync-home-arrived").mark == "pass"
    assert (await stage.runs.records([A]))[A].state is PoolState.ACTIVE


async def test_nothing_came_home_offers_to_import_again_and_never_to_accept(redis: Redis) -> None:
    stage = await failed_over(redis)
    await changed(stage, with_pool(A, emptied))
    run = await until(stage, await begun(stage, "rebuild"), "import", REBUILD)
    invoke = stage.driver.invoke

    async def swallow_import(on, command):
        return () if command.name == "Import-CsRgsConfiguration" else await invoke(on, command)

    stage.driver.invoke = swallow_import
    run = await stage.press(await stage.press(run, "approve", ANNA), "approve", CLARA)
    assert (run.step, run.phase) == ("verify", Phase.STOPPED) and "nothing came back" in run.sentence
    assert stage.labels(run) == ["import-again", "retry", "abandon"]

    stage.driver.invoke = invoke
    run = await stage.play(await stage.press(run, "import-again", ANNA), REBUILD)
    assert run.phase is Phase.DONE


async def test_the_recorded_settings_are_set_by_hand_and_a_wrong_word_is_caught(redis: Redis) -> None:
    stage = await failed_over(redis)
    had = (await world_now(stage)).pools[A].settings
    await changed(stage, with_pool(A, emptied))
    script = {**REBUILD, "settings": (("from-record", CLARA),)}
    run = await until(stage, await begun(stage, "rebuild"), "recorded", script)
    where = f'-Identity "service:ApplicationServer:{A}"'
    assert run.details[0] == (
        f"Set-CsRgsConfiguration {where} -AgentRingbackGracePeriod {had.ringback_grace_s} "
        f"-DisableCallContext ${str(had.call_context_disabled).lower()} -Confirm:$false"
    )
    assert had.default_music is None or any("Import-CsRgsAudioFile" in line for line in run.details)
    run = await stage.press(run, "done", CLARA)
    assert (run.step, run.phase) == ("recorded-seen", Phase.STOPPED)
    assert "not the recorded ones" in run.sentence
    await changed(stage, with_pool(A, lambda pool: pool.holding(pool.objects.values(), had, pool.audio)))
    run = await stage.press(run, "retry", CLARA)
    assert run.step == "conferences"


async def test_settings_that_are_set_by_hand_are_left_to_people(redis: Redis) -> None:
    stage = await failed_over(redis)
    await changed(stage, with_pool(A, emptied))
    script = {**REBUILD, "settings": (("defaults", CLARA),)}
    run = await stage.play(await begun(stage, "rebuild"), script)
    assert run.phase is Phase.DONE
    world = await world_now(stage)
    assert world.pools[A].settings == ServiceSettings()
    assert all("ReplaceExisting" not in line for line in lines_of(world, A, "Import-CsRgsConfiguration"))


async def test_a_pool_that_still_holds_everything_is_sent_to_failback(redis: Redis) -> None:
    stage = await failed_over(redis)
    run = await begun(stage, "rebuild")
    assert run.phase is Phase.ASKING and "`/rgs failback pool-a`" in run.sentence
    run = await stage.press(run, "abandon", ANNA)
    assert (await begun(stage, "failback")).phase is Phase.ASKING


async def test_a_rebuild_that_is_abandoned_is_begun_again_from_where_it_stood(redis: Redis) -> None:
    stage = await failed_over(redis)
    await changed(stage, with_pool(A, emptied))
    for row in ("settings", "companions", "sync-back"):
        run = await until(stage, await begun(stage, "rebuild"), row, REBUILD)
        run = await stage.press(run, "abandon", ANNA)
        assert "/rgs start rebuild pool-a" in run.sentence
    run = await stage.play(await begun(stage, "rebuild"), REBUILD)
    assert run.phase is Phase.DONE
