"""The ways that are not straight: conflicts, copies that lie there already, settings replaced, runs abandoned."""

from __future__ import annotations

import re
from dataclasses import replace
from types import MappingProxyType

import pytest
from redis.asyncio import Redis

from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.world import Fault, FaultKind
from bot.domain.errors import BadInput
from bot.domain.groups.groups import Kind, service
from bot.domain.model import PoolState
from bot.domain.runs.acts import Put
from bot.domain.runs.facts import KEPT_AS
from bot.domain.runs.run import Found, Phase, Run
from bot.domain.runs.view import view_of
from bot.runbooks import RUNBOOKS
from handlers.runs.card import card
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


async def given_address(stage: Stage, address: str = "") -> str:
    """A workflow of B gets the address of a workflow of A, or the one that is given; gives the one that it had."""
    world, version = await stage.worlds.load()
    theirs, own = world.pools[A].of(Kind.WORKFLOW)[0], world.pools[B].of(Kind.WORKFLOW)[0]
    address, had = address or str(theirs.properties["PrimaryUri"]), str(own.properties["PrimaryUri"])
    changed = replace(own, properties=MappingProxyType({**own.properties, "PrimaryUri": address}))
    objects = MappingProxyType({**world.pools[B].objects, (own.kind, own.guid): changed})
    await stage.worlds.save(world.with_pool(replace(world.pools[B], objects=objects)), version)
    return had


async def failing_over(stage: Stage) -> Run:
    """A failover of a pool that is down, which waits for the approval of its move."""
    await stage.settle((await stage.engine.start("backup", A, ANNA)).id)
    await stage.take_down(A)
    return await declared(stage)


async def declared(stage: Stage) -> Run:
    run = await stage.settle((await stage.engine.start("failover", A, ANNA)).id)
    return await stage.press(run, "declare", ANNA)


async def moved_over(stage: Stage) -> Run:
    """A failover whose pool has moved, which asks for a backup."""
    return await stage.press(await failing_over(stage), "approve", ANNA)


async def pre_staged(stage: Stage) -> None:
    """Copies of A's groups lie on B, as its newest backup has them, while A is active."""
    backup = await stage.settle((await stage.engine.start("backup", A, ANNA)).id)
    name = KEPT_AS.of(backup)
    await stage.hands.perform(Put(B, "C:\\Switchback\\ahead.zip", name))
    ahead = cmdlet("Import-CsRgsConfiguration", Destination=service(B), FileName="C:\\Switchback\\ahead.zip")
    await stage.driver.invoke(B, ahead)


async def count_of(stage: Stage, name: str) -> int:
    """How many commands of this name had an effect."""
    world, _ = await stage.worlds.load()
    return sum(effect.cmdlet == name for effect in world.effects)


async def test_a_name_conflict_does_not_hold_up_the_move_stops_before_any_group_is_changed_and_renaming_helps(
    redis: Redis,
) -> None:
    stage = await stage_of(redis)
    name = await a_conflict(stage)
    run = await moved_over(stage)
    assert (run.step, run.phase, run.pool_state) == ("backup", Phase.ASKING, PoolState.FAILED_OVER)
    run = await stage.press(run, "use", ANNA)
    assert (run.step, run.phase) == ("rehearse", Phase.STOPPED)
    assert run.details[-1] == (
        f'$one = Get-CsRgsQueue -Identity "service:ApplicationServer:{B}" -Name "{name}"; '
        f'$one.Name = "{name} (pool-b)"; Set-CsRgsQueue -Instance $one'
    )
    assert stage.labels(run)[:3] == ["renamed", "resolve", "rechoose"]
    world, _ = await stage.worlds.load()
    changed = [effect.cmdlet for effect in world.effects if "Export" not in effect.cmdlet]
    assert changed == ["Invoke-CsPoolFailOver"]
    await a_conflict(stage, "Renamed by hand")
    run = await stage.press(run, "renamed", ANNA)
    assert (run.step, run.phase) == ("settings", Phase.ASKING)


async def test_an_address_that_another_workflow_has_is_named_and_changing_it_helps(redis: Redis) -> None:
    stage = await stage_of(redis)
    own = await given_address(stage)
    run = await stage.press(await moved_over(stage), "use", ANNA)
    assert (run.step, run.phase) == ("rehearse", Phase.STOPPED)
    assert run.sentence.startswith("The import would fail. The SIP address of workflow “")
    assert run.sentence.endswith("” on pool-b.contoso.com already. Give one of them another address, then try again.")
    assert run.details[-1].startswith("$one = Get-CsRgsWorkflow -Identity")
    assert "; $one.PrimaryUri = (Read-Host " in run.details[-1] and run.details[-1].endswith("-Instance $one")
    assert stage.labels(run)[:2] == ["rechoose", "retry"]
    assert await count_of(stage, "Import-CsRgsConfiguration") == 0
    await given_address(stage, own)
    run = await stage.press(run, "retry", ANNA)
    assert (run.step, run.phase) == ("settings", Phase.ASKING)


async def test_names_that_the_import_resolved_are_expected_by_verification_and_asked_about_on_the_way_home(
    redis: Redis,
) -> None:
    stage = await stage_of(redis)
    name = await a_conflict(stage)
    run = await stage.press(await moved_over(stage), "use", ANNA)
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
    assert any(run.fact("own") in line for line in back.records[-1].details)


async def test_an_abandoned_failover_is_taken_up_where_it_was_left(redis: Redis) -> None:
    """Copies that lie there already are kept, and a move that was begun elsewhere is not sent once more."""
    stage = await stage_of(redis)
    await pre_staged(stage)
    await stage.take_down(A)
    run = await stage.press(await declared(stage), "elsewhere", BORIS)
    assert (run.step, run.phase) == ("failover-after", Phase.STOPPED)
    run = await stage.press(run, "abandon", BORIS)
    assert run.phase is Phase.ABANDONED
    assert run.sentence == (
        "Boris abandoned this run: a drill. pool-a is marked failing over; its groups were not imported on pool-b. "
        "Start a failover again to go on from here: it reads where both pools stand, and what lies there. If it stands "
        "otherwise, `/rgs start adopt pool-a` takes that over."
    )
    await move_by_others(stage)
    again = await declared(stage)
    assert (again.step, stage.labels(again)[:2]) == ("backup", ["keep", "clear"])
    again = await stage.play(again, {**FAILOVER, "backup": (("keep", ANNA),)})
    assert (again.phase, again.pool_state) == (Phase.DONE, PoolState.FAILED_OVER)
    assert await count_of(stage, "Invoke-CsPoolFailOver") == 0
    assert await count_of(stage, "Import-CsRgsConfiguration") == 1, "the one ahead of all this"


async def move_by_others(stage: Stage) -> None:
    """Somebody fails A over, past Switchback."""
    world, version = await stage.worlds.load()
    await stage.worlds.save(world.with_pool(replace(world.pools[A], registrar="FailedOver")), version)


async def test_what_an_abandoned_failover_says_can_be_started(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await moved_over(stage)
    for step in ("backup", "settings", "import"):
        for choice, who in FAILOVER[step]:
            run = await stage.press(run, choice, who)
    run = await stage.press(run, "abandon", CLARA)
    assert (run.phase, run.pool_state) == (Phase.ABANDONED, PoolState.FAILED_OVER)
    assert "pool-a is failed over to pool-b; its groups were imported there." in run.sentence
    assert "`/rgs failback pool-a` brings all home" in run.sentence and "tart a failover" not in run.sentence
    with pytest.raises(BadInput):
        await stage.engine.start("failover", A, ANNA)
    await stage.bring_up(A)
    back = await stage.settle((await stage.engine.start("failback", A, ANNA)).id)
    assert (await stage.play(back, FAILBACK)).phase is Phase.DONE


async def test_a_failover_abandoned_before_anything_was_changed_leaves_the_pool_active(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await failing_over(stage)
    assert (await stage.runs.records([A]))[A].state is PoolState.OUTAGE
    run = await stage.press(run, "abandon", ANNA)
    record = (await stage.runs.records([A]))[A]
    assert (record.state, record.held_by) == (PoolState.ACTIVE, "")
    assert "Nothing was changed" in run.sentence


async def importing(stage: Stage) -> Run:
    """A failover that waits for the approval of its import."""
    run = await moved_over(stage)
    for step in ("backup", "settings"):
        for choice, who in FAILOVER[step]:
            run = await stage.press(run, choice, who)
    assert (run.step, run.phase) == ("import", Phase.WAITING)
    return run


async def test_an_import_that_is_lost_half_way_is_looked_at_and_run_again(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await importing(stage)
    await stage.strike(Fault(FaultKind.HALF_LOST, B))
    run = await stage.press(run, "approve", CLARA)
    assert (run.step, run.phase) == ("import", Phase.LOST)
    assert run.finding.found is Found.PARTLY
    assert " objects are there: " in run.sentence
    run = await stage.press(run, "retry", CLARA)
    assert (run.phase, run.approvals) == (Phase.WAITING, ())
    run = await stage.press(run, "approve", CLARA)
    assert run.step == "companions"


async def test_a_refused_import_is_looked_at_since_it_may_have_done_a_part(redis: Redis) -> None:
    """Importing again updates what is there (facts: lync §3.6)."""
    stage = await stage_of(redis)
    run = await importing(stage)
    await stage.strike(Fault(FaultKind.HALF_FAILED, B))
    run = await stage.press(run, "approve", CLARA)
    assert (run.step, run.phase, run.finding.found) == ("import", Phase.LOST, Found.PARTLY)
    there, all_of, *kinds = map(int, re.findall(r"\d+", run.sentence))
    assert 0 < there < all_of and sum(kinds) == there, run.sentence
    (lacks,) = (line for line in run.details if line.startswith("Missing: "))
    assert sum(map(int, re.findall(r"\d+", lacks))) == all_of - there, "both add up"
    said = str(card(view_of(run, RUNBOOKS["failover"])))
    assert "HALF DONE · " in said and "The server refused the command after a part was done." in said
    assert "no answer" not in said.lower()
    assert stage.labels(run) == ["retry", "look", "rehearse", "abandon"]
    run = await stage.press(run, "retry", CLARA)
    assert (run.phase, run.approvals) == (Phase.WAITING, ())
    run = await stage.press(run, "approve", CLARA)
    assert run.step == "companions"


async def test_a_lost_import_that_did_nothing_is_not_done_though_equal_copies_were_there_before(redis: Redis) -> None:
    """That all are there is no evidence where all were there before."""
    stage = await stage_of(redis)
    await pre_staged(stage)
    await stage.take_down(A)
    run = await stage.press(await declared(stage), "approve", ANNA)
    run = await stage.press(run, "keep", ANNA)
    view = view_of(run, RUNBOOKS["failover"])
    assert "pool-b has 60 s ringback grace" in run.sentence and "pool-a has 45 s ringback grace" in run.sentence
    assert view.explain.startswith("Usual: keep pool-b's.") and "Keep pool-b's" in str(card(view))
    assert all(side in str(card(view)) for side in ("pool-b has", "pool-a has")), "both sides have room"
    run = await stage.press(run, "replace-settings", ANNA)
    run = await stage.press(run, "approve", ANNA)
    await stage.strike(Fault(FaultKind.LOST_BEFORE, B, "Import-CsRgsConfiguration"))
    run = await stage.press(run, "approve", CLARA)
    assert (run.step, run.phase, run.finding.found) == ("import", Phase.LOST, Found.NOT_DONE)
    assert run.sentence == "Everything is as it was before the command: it did nothing. It may be run again."
    assert stage.labels(run)[0] == "retry" and "accept" not in stage.labels(run)


async def test_copies_that_lie_there_already_are_removed_by_two_right_before_the_import(redis: Redis) -> None:
    stage = await stage_of(redis)
    await pre_staged(stage)
    await stage.take_down(A)
    script = {**FAILOVER, "backup": (("clear", ANNA),), "clear": (("approve", ANNA), ("approve", CLARA))}
    run = await stage.play(await declared(stage), script)
    assert run.phase is Phase.DONE
    cleared = run.record_of("clear")
    assert cleared is not None
    kept = await stage.backups.get(cleared.sentence.rpartition(" ")[2].rstrip("."))
    assert (kept.source, sum(kept.counts.values())) == (B, 73)
    assert kept.id not in {backup.id for backup in await stage.backups.page(A)}
    done = [record.step for record in run.records if record.mark != "skipped"]
    assert done.index("failover-after") < done.index("settings") < done.index("clear") == done.index("import") - 1


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
