"""Copies leave the backup pool only while nobody needs them, and only what is kept elsewhere."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest
from redis.asyncio import Redis

from bot.domain.deployment.world import FaultKind
from bot.domain.errors import BadInput
from bot.domain.runs.run import Found, Phase
from tests.scenarios.books import (
    EXPORT,
    KEEPING,
    TWO,
    copies,
    failed_over,
    lose,
    moved_by_hand,
    prestaged,
    record,
    started,
)
from tests.scenarios.stage import ANNA, BORIS, A, B, Stage, stage_of

CLEANUP = {"clean": TWO}


async def own(stage: Stage) -> set[str]:
    world, _ = await stage.worlds.load()
    return {item.guid for item in world.pools[B].objects.values() if item.owner == B}


async def test_a_pre_stage_is_removed_by_two_and_forgotten_and_the_backup_pools_own_groups_stay(redis: Redis) -> None:
    stage = await stage_of(redis)
    await prestaged(stage)
    before = await own(stage)
    run = await stage.play(await started(stage, "clean-up"), CLEANUP)
    assert run.phase is Phase.DONE and len(run.record_of("clean").approved) == 2
    assert not (await copies(stage)).objects and await own(stage) == before
    kept = (await record(stage)).carry
    assert (kept["imported"], kept["prestaged"]) == (False, {})


async def test_what_a_failback_kept_is_a_pre_stage_and_can_be_removed_later(redis: Redis) -> None:
    stage = await stage_of(redis)
    await failed_over(stage)
    await stage.bring_up(A)
    back = await stage.play(await started(stage, "failback"), KEEPING)
    kept = (await record(stage)).carry
    assert (kept["imported"], kept["prestaged"]["id"]) == (True, back.fact("export"))
    run = await stage.play(await started(stage, "clean-up"), CLEANUP)
    assert run.phase is Phase.DONE
    assert (await record(stage)).carry["prestaged"] == {}


async def test_copies_that_were_edited_are_listed_and_go_only_with_a_reason(redis: Redis) -> None:
    stage = await stage_of(redis)
    await prestaged(stage)
    name = await stage.edit(B, A, Description="edited on pool-b")
    run = await started(stage, "clean-up")
    assert (run.step, run.phase) == ("compare", Phase.STOPPED)
    assert any(name in line for line in run.details)
    run = await stage.press(run, "accept-differences", ANNA)
    assert (await stage.play(run, CLEANUP)).phase is Phase.DONE


async def test_an_edit_between_the_look_and_the_removal_is_compared_first(redis: Redis) -> None:
    stage = await stage_of(redis)
    await prestaged(stage)
    run = await stage.press(await started(stage, "clean-up"), "approve", ANNA)
    await stage.edit(B, A, Description="edited meanwhile")
    run = await stage.press(run, "approve", BORIS)
    assert (run.step, run.phase) == ("clean", Phase.STOPPED)
    assert (await copies(stage)).objects
    run = await stage.press(run, "compare-again", ANNA)
    assert (run.step, run.phase) == ("compare", Phase.STOPPED)


async def test_a_removal_that_took_the_backup_pools_own_groups_too_is_never_a_pass(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = await stage_of(redis)
    await prestaged(stage)
    run = await stage.press(await started(stage, "clean-up"), "approve", ANNA)
    invoke = stage.driver.invoke

    async def greedy(pool: str, command: object) -> object:
        """A server that takes one group too many with it."""
        rows = await invoke(pool, command)
        if command.name == EXPORT and command.get("RemoveExportedConfiguration"):
            world, version = await stage.worlds.load()
            live = world.pools[B]
            key = next(key for key, item in live.objects.items() if item.owner == B)
            rest = {one: item for one, item in live.objects.items() if one != key}
            await stage.worlds.save(world.with_pool(replace(live, objects=MappingProxyType(rest))), version)
        return rows

    monkeypatch.setattr(stage.driver, "invoke", greedy)
    run = await stage.press(run, "approve", BORIS)
    assert (run.step, run.phase) == ("clean", Phase.STOPPED)
    assert "pool-b's own groups are not the same as before" in run.sentence


@pytest.mark.parametrize("kind", [FaultKind.LOST_BEFORE, FaultKind.LOST_AFTER])
async def test_a_lost_removal_is_looked_at_before_anything_runs_again(redis: Redis, kind: FaultKind) -> None:
    stage = await stage_of(redis)
    await prestaged(stage)
    run = await stage.press(await started(stage, "clean-up"), "approve", ANNA)
    await lose(stage, EXPORT, kind)
    run = await stage.press(run, "approve", BORIS)
    gone = kind is FaultKind.LOST_AFTER
    assert (run.phase, run.finding.found) == (Phase.LOST, Found.DONE if gone else Found.NOT_DONE)
    run = await stage.press(run, "abandon", ANNA)
    again = await stage.play(await started(stage, "clean-up"), CLEANUP)
    assert again.phase is Phase.DONE
    assert again.record_of("clean").mark == ("skipped" if gone else "pass")
    assert (await record(stage)).carry["imported"] is False


async def test_copies_that_are_in_use_are_left_alone(redis: Redis) -> None:
    stage = await stage_of(redis)
    await prestaged(stage)
    await moved_by_hand(stage, "FailedOver")
    run = await started(stage, "clean-up")
    assert (run.step, run.phase) == ("home", Phase.STOPPED)
    run = await stage.press(run, "abandon", ANNA)
    assert "Nothing was removed" in run.sentence
    assert (await record(stage)).carry["prestaged"]


async def test_it_starts_from_an_active_pool_only(redis: Redis) -> None:
    stage = await stage_of(redis)
    await failed_over(stage)
    with pytest.raises(BadInput, match=r"pool-a is already failed over\. Next: `/rgs failback pool-a`."):
        await stage.engine.start("clean-up", A, ANNA)
