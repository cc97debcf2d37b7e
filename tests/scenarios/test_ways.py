"""The ways that are not straight: conflicts, copies that lie there already, settings replaced, runs abandoned."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from redis.asyncio import Redis

from bot.domain.deployment.world import Fault, FaultKind
from bot.domain.groups.groups import Kind, ServiceSettings
from bot.domain.model import PoolState
from bot.domain.runs.run import Phase, Run
from tests.scenarios.stage import ANNA, BORIS, CLARA, FAILBACK, FAILOVER, A, B, Stage, stage_of


async def a_conflict(stage: Stage, name: str = "") -> str:
    """A queue of B gets the name of a queue of A, or the one that is given; gives A's name."""
    world, version = await stage.worlds.load()
    (theirs, *_) = sorted(item.name for item in world.pools[A].of(Kind.QUEUE))
    pool = world.pools[B]
    key, own = min(
        ((key, item) for key, item in pool.objects.items() if key[0] is Kind.QUEUE), key=lambda row: row[1].guid
    )
    objects = MappingProxyType({**pool.objects, key: replace(own, name=name or theirs)})
    await stage.worlds.save(world.with_pool(replace(pool, objects=objects)), version)
    return theirs


async def failing_over(stage: Stage) -> Run:
    await stage.settle((await stage.engine.start("backup", A, ANNA)).id)
    await stage.take_down(A)
    run = await stage.settle((await stage.engine.start("failover", A, ANNA)).id)
    return await stage.press(run, "declare", ANNA)


async def test_a_name_conflict_stops_before_anything_is_changed_and_renaming_helps(redis: Redis) -> None:
    stage = await stage_of(redis)
    name = await a_conflict(stage)
    run = await stage.press(await failing_over(stage), "use", ANNA)
    assert (run.step, run.phase) == ("rehearse", Phase.STOPPED)
    assert any(name in line for line in run.details)
    assert stage.labels(run)[:3] == ["renamed", "resolve", "rechoose"]
    world, _ = await stage.worlds.load()
    assert not [effect for effect in world.effects if "Export" not in effect.cmdlet]
    await a_conflict(stage, "Renamed by hand")
    run = await stage.press(run, "renamed", ANNA)
    assert (run.step, run.phase) == ("failover", Phase.WAITING)


async def test_names_that_the_import_resolved_are_expected_by_verification_and_asked_about_on_the_way_home(
    redis: Redis,
) -> None:
    stage = await stage_of(redis)
    name = await a_conflict(stage)
    run = await stage.press(await failing_over(stage), "use", ANNA)
    run = await stage.press(run, "resolve", ANNA)
    two = {**FAILOVER, "import": (("approve", ANNA), ("approve", CLARA))}
    run = await stage.play(run, two)
    assert run.phase is Phase.DONE
    verified = run.record_of("verify")
    assert verified is not None
    assert (verified.mark, "1 renamed" in verified.sentence) == ("warn", True)
    world, _ = await stage.worlds.load()
    assert f"{name} (2)" in {item.name for item in world.pools[B].of(Kind.QUEUE)}
    await stage.bring_up(A)
    back = await stage.settle((await stage.engine.start("failback", A, ANNA)).id)
    back = await stage.press(back, "same", ANNA)
    assert back.step == "names"
    assert "(2)" in await explained(stage, back)


async def explained(stage: Stage, run: Run) -> str:
    return (await stage.engine.view(run.id)).explain


async def test_replaced_settings_are_kept_first_and_come_home_with_the_groups(redis: Redis) -> None:
    stage = await stage_of(redis)
    before = (await stage.worlds.load())[0].pools
    script = {
        **FAILOVER,
        "settings": (("replace-settings", ANNA),),
        "import": (("approve", ANNA), ("approve", CLARA)),
    }
    run = await stage.play(await failing_over(stage), script)
    world, _ = await stage.worlds.load()
    assert world.pools[B].settings == before[A].settings != before[B].settings
    kept = await stage.backups.get(run.fact("own"))
    assert (kept.pool, kept.source) == (B, B)
    await stage.bring_up(A)
    back = await stage.settle((await stage.engine.start("failback", A, ANNA)).id)
    back = await stage.play(back, FAILBACK)
    imported = back.record_of("import")
    assert imported is not None
    assert "-ReplaceExistingRgsSettings" in imported.commands[0]
    assert run.fact("own") in back.sentence


async def test_an_abandoned_failover_is_taken_up_where_it_was_left(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await failing_over(stage)
    for step in ("backup", "failover", "settings", "import"):
        for choice, who in FAILOVER[step]:
            run = await stage.press(run, choice, who)
    run = await stage.press(run, "abandon", CLARA)
    assert run.phase is Phase.ABANDONED
    assert "its groups were imported on pool-b" in run.sentence
    again = await stage.settle((await stage.engine.start("failover", A, ANNA)).id)
    again = await stage.press(again, "declare", ANNA)
    assert stage.labels(again)[:2] == ["keep", "clear"]
    kept = {**FAILOVER, "backup": (("keep", ANNA),), "failover": (("moved", BORIS),)}
    again = await stage.play(again, kept)
    assert again.phase is Phase.DONE
    world, _ = await stage.worlds.load()
    assert sum(effect.cmdlet == "Import-CsRgsConfiguration" for effect in world.effects) == 1


async def test_a_failover_abandoned_before_anything_was_changed_leaves_the_pool_active(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await failing_over(stage)
    assert (await stage.runs.records([A]))[A].state is PoolState.OUTAGE
    run = await stage.press(run, "abandon", ANNA)
    record = (await stage.runs.records([A]))[A]
    assert (record.state, record.held_by) == (PoolState.ACTIVE, "")
    assert "Nothing was changed" in run.sentence


async def test_an_import_that_fails_half_way_is_looked_at_and_run_again(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await failing_over(stage)
    for step in ("backup", "failover", "settings"):
        for choice, who in FAILOVER[step]:
            run = await stage.press(run, choice, who)
    await stage.strike(Fault(FaultKind.HALF_FAILED, B))
    run = await stage.press(run, "approve", CLARA)
    assert (run.step, run.phase) == ("import", Phase.LOST)
    assert "did a part of its work" in run.sentence
    run = await stage.press(run, "retry", CLARA)
    assert (run.phase, run.approvals) == (Phase.WAITING, ())
    run = await stage.press(run, "approve", CLARA)
    assert run.step == "routes"


async def test_copies_that_lie_there_already_are_removed_by_two_and_imported_anew(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await failing_over(stage)
    for step in ("backup", "failover", "settings", "import"):
        for choice, who in FAILOVER[step]:
            run = await stage.press(run, choice, who)
    await stage.press(run, "abandon", ANNA)
    again = await stage.settle((await stage.engine.start("failover", A, ANNA)).id)
    again = await stage.press(again, "declare", ANNA)
    script = {
        **FAILOVER,
        "backup": (("clear", ANNA),),
        "clear": (("approve", ANNA), ("approve", CLARA)),
        "failover": (("moved", BORIS),),
    }
    again = await stage.play(again, script)
    assert again.phase is Phase.DONE
    cleared = again.record_of("clear")
    assert cleared is not None
    kept = await stage.backups.get(cleared.sentence.rpartition(" ")[2].rstrip("."))
    assert (kept.source, sum(kept.counts.values())) == (B, 73)
    assert kept.id not in {backup.id for backup in await stage.backups.page(A)}


async def test_a_rebuilt_pool_stops_with_the_commands_to_run_by_hand(redis: Redis) -> None:
    stage = await stage_of(redis)
    await stage.play(await failing_over(stage), FAILOVER)
    await stage.bring_up(A)
    world, version = await stage.worlds.load()
    await stage.worlds.save(world.with_pool(world.pools[A].holding((), ServiceSettings())), version)
    back = await stage.settle((await stage.engine.start("failback", A, ANNA)).id)
    assert (back.step, back.phase, back.fact("rebuilt")) == ("back", Phase.ASKING, "likely")
    back = await stage.press(back, "rebuilt", ANNA)
    assert (back.step, back.phase) == ("rebuild", Phase.STOPPED)
    assert any("-OverwriteOwner" in line for line in back.details)
    assert any("Invoke-CsPoolFailBack" in line for line in back.details)


async def test_an_edit_on_the_backup_pool_between_export_and_import_is_exported_again(redis: Redis) -> None:
    stage = await stage_of(redis)
    await stage.play(await failing_over(stage), FAILOVER)
    await stage.bring_up(A)
    back = await stage.settle((await stage.engine.start("failback", A, ANNA)).id)
    back = await stage.press(back, "same", ANNA)
    assert (back.step, back.phase) == ("failback", Phase.WAITING)
    name = await stage.edit(B, A, TimeoutThreshold=123)
    back = await stage.play(back, FAILBACK)
    assert [record.step for record in back.records].count("export") == 2
    world, _ = await stage.worlds.load()
    (home,) = (item for item in world.pools[A].of(Kind.QUEUE) if item.name == name)
    assert home.properties["TimeoutThreshold"] == 123
