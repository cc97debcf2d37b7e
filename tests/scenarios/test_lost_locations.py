"""Emergency locations where a pool is built anew: put back only where some were lost (runbooks, "rebuild"; R0.6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.domain.deployment.locations import Locations, packed, parsed
from bot.domain.deployment.world import Fault, FaultKind, World
from bot.domain.runs.facts import KIND
from bot.domain.runs.run import Phase, Run
from bot.runbooks import RUNBOOKS
from bot.sandbox.pools.file_store import LOCATIONS
from tests.scenarios.ends import located_again, unlocated
from tests.scenarios.recovery import begun, changed, emptied, failed_over, lines_of, until, with_pool, world_now
from tests.scenarios.stage import ANNA, BORIS, FAILBACK, NEW, A, B, N, Stage
from tests.scenarios.test_rebuilding import REBUILD
from tests.scenarios.test_replacing import lost_pool, walked

ROWS = ("lis", "lis-import", "lis-publish", "lis-compare")


def moved(world: World) -> World:
    """Since the copy every subnet was led to another place, and one place was added."""
    now = parsed(world.locations)
    assert now
    annex = ("Contoso", "Annex", "Side Street", "2", "DE")
    return replace(world, locations=packed(Locations((*now.places, annex), dict.fromkeys(now.subnets, "Annex"))))


def shrunk(world: World) -> World:
    """One subnet of the copy is gone, the other one was moved."""
    found = parsed(moved(world).locations)
    assert found
    return replace(world, locations=packed(replace(found, subnets=dict(list(found.subnets.items())[:1]))))


async def copy_taken(stage: Stage) -> None:
    await stage.settle((await stage.engine.start("companion", A, ANNA, facts=KIND.to("lis"))).id)


async def rebuilding(redis: Redis, change: Callable[[World], World], *, copied: bool = True) -> tuple[Stage, Run]:
    """A rebuild that stands where the first row about locations that asks, or the first after them, asks people."""
    stage = await failed_over(redis)
    if copied:
        await copy_taken(stage)
    await changed(stage, with_pool(A, emptied))
    await changed(stage, change)
    run = await begun(stage, "rebuild")
    while run.step not in ("lis", "failback"):
        for choice, who in REBUILD[run.step]:
            run = await stage.press(run, choice, who)
    return stage, run


async def test_what_is_lost_is_put_back_on_the_rebuilt_pool_before_its_users_come_home(redis: Redis) -> None:
    stage, run = await rebuilding(redis, unlocated)
    lost = run.record_of("lis-lost")
    assert lost.sentence == "4 of the newest copy are not on pool-a. It has 0 locations and 0 subnets."
    assert any(line.startswith("A subnet of “Contoso, Berlin") for line in lost.details)
    assert run.step == "lis" and "its old place" in RUNBOOKS["rebuild"].step("lis").explain(run)
    run = await stage.press(run, "lis-import", ANNA)
    run = await stage.press(run, "approve", BORIS)
    run = await stage.press(run, "approve", ANNA)
    assert run.record_of("lis-compare").mark == "pass" and run.step == "failback"
    world = await world_now(stage)
    assert located_again(world) and not lines_of(world, A, "Invoke-CsPoolFailBack")
    assert [one.pool for one in world.effects if "Lis" in one.cmdlet][-2:] == [A, A]


async def test_what_was_only_moved_since_the_copy_is_not_moved_back(redis: Redis) -> None:
    """An import would lead emergency calls to the old places."""
    _, run = await rebuilding(redis, moved)
    assert run.step == "failback" and run.record_of("lis-lost").mark == "pass"
    assert {run.record_of(row).sentence for row in ROWS} == {"Skipped: no emergency location was lost."}


async def test_where_some_are_lost_what_would_go_back_is_said_before_anybody_decides(redis: Redis) -> None:
    _, run = await rebuilding(redis, shrunk)
    assert run.step == "lis" and len(run.record_of("lis-lost").details) == 1
    assert "1 changed since the copy and would go back." in run.sentence


async def test_without_a_copy_they_fall_away_and_people_are_told_to_look(redis: Redis) -> None:
    _, run = await rebuilding(redis, unlocated, copied=False)
    found = run.record_of("lis-lost")
    assert run.step == "failback" and found.mark == "warn"
    assert found.sentence == (
        "No copy of LIS is kept. So nothing can be put back. Look on pool-a whether any are missing."
    )
    assert {run.record_of(row).sentence for row in ROWS} == {"Skipped: no copy of the locations is kept."}


async def test_what_cannot_be_compared_is_put_to_people(redis: Redis) -> None:
    stage = await failed_over(redis)
    await copy_taken(stage)
    await changed(stage, with_pool(A, emptied))
    await stage.strike(Fault(FaultKind.LOST_BEFORE, A, cmdlet="Get-CsLisSubnet", times=0))
    run = await until(stage, await begun(stage, "rebuild"), "lis", REBUILD)
    assert run.record_of("lis-lost").sentence.startswith("What is on pool-a cannot be read")
    run = await stage.press(run, "lis-without", ANNA)
    assert run.step == "failback"


async def test_a_copy_without_a_list_is_put_to_people(redis: Redis) -> None:
    stage = await failed_over(redis)
    await stage.strike(Fault(FaultKind.LOST_BEFORE, B, "Get-CsLisLocation"))
    await copy_taken(stage)
    await changed(stage, with_pool(A, emptied))
    run = await until(stage, await begun(stage, "rebuild"), "lis", REBUILD)
    assert run.record_of("lis-lost").sentence == (
        "The newest copy holds no list. Nobody can say whether any are lost. pool-a has 2 locations and 2 subnets."
    )


async def test_a_failback_to_a_pool_that_was_not_rebuilt_leaves_them_alone(redis: Redis) -> None:
    stage = await failed_over(redis)
    await copy_taken(stage)
    await changed(stage, unlocated)
    run = await stage.play(await begun(stage, "failback"), FAILBACK)
    assert run.phase is Phase.DONE
    assert {run.record_of(row).sentence for row in ("lis-lost", *ROWS)} == {"Skipped: the pool was not reinstalled."}


async def test_a_new_pool_has_them_before_users_move_there(redis: Redis) -> None:
    stage = await lost_pool(redis)
    await stage.bring_up(A)
    await copy_taken(stage)
    await stage.take_down(A)
    await changed(stage, unlocated)
    run = await walked(stage, await begun(stage, "replace", NEW), "lis")
    assert run.record_of("lis-lost").sentence.startswith("4 of the newest copy are not on pool-n.")
    run = await stage.press(run, "lis-import", ANNA)
    assert run.proposal.commands[0].startswith("Import-CsLisConfiguration")
    run = await stage.press(run, "approve", ANNA)
    run = await stage.press(run, "approve", BORIS)
    assert (run.step, run.phase) == ("users", Phase.ASKING)
    world = await world_now(stage)
    assert located_again(world)
    assert [one.pool for one in world.effects if "Lis" in one.cmdlet][-2:] == [N, N]
    run = await walked(stage, run)
    assert run.phase is Phase.DONE


@pytest.mark.parametrize("book", ["rebuild", "replace"])
async def test_whoever_abandons_before_they_are_published_is_told_what_is_missing(redis: Redis, book: str) -> None:
    """Nothing that can be read later tells what is published."""
    if book == "rebuild":
        stage, run = await rebuilding(redis, unlocated)
    else:
        stage = await lost_pool(redis)
        await stage.bring_up(A)
        await copy_taken(stage)
        await changed(stage, unlocated)
        run = await walked(stage, await begun(stage, "replace", NEW), "lis")
    run = await stage.press(run, "lis-import", ANNA)
    run = await stage.press(run, "approve", BORIS)
    assert run.step == "lis-publish"
    run = await stage.press(run, "abandon", ANNA)
    where = "pool-a" if book == "rebuild" else "pool-n"
    assert f"run `Publish-CsLisConfiguration` on {where}" in run.left[0]
    assert (await world_now(stage)).published != LOCATIONS
