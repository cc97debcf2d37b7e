"""Failback beyond the straight way: B dead, edits on both sides, things that are only at home, and wrong words."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from redis.asyncio import Redis

from bot.domain.deployment.world import FAILED_OVER, Fault, FaultKind, World
from bot.domain.groups.groups import Kind, Ref, RgsObject
from bot.domain.model import PoolState
from bot.domain.runs.run import Phase, Run
from bot.exports.export_zip import read_inventory
from bot.runbooks import RUNBOOKS
from bot.runbooks.rows.facts import SPARED
from tests.scenarios.recovery import also, begun, changed, failed_over, lines_of, until, with_pool, without, world_now
from tests.scenarios.stage import ANNA, BORIS, CLARA, EMIL, ESTATE, FAILBACK, FAILOVER, A, B, Stage, stage_of

DISASTER = {
    **FAILBACK,
    "backup-answers": (("dead", ANNA),),
    "last": (("leave", ANNA),),
}
FALLEN = {"names", "export", "changes", "conferences", "cleanup", "clean"}
"""Rows that read B."""


async def test_a_dead_backup_pool_leaves_the_disaster_way_which_says_its_price(redis: Redis) -> None:
    stage = await failed_over(redis)
    await stage.take_down(B)
    run = await until(stage, await begun(stage, "failback"), "backup-answers")
    assert run.phase is Phase.STOPPED and "is lost" in run.sentence
    assert stage.labels(run) == ["dead", "retry", "abandon"]
    run = await stage.press(run, "dead", ANNA)
    run = await until(stage, run, "failback", DISASTER)
    assert run.proposal is not None
    assert run.proposal.commands == (f'Invoke-CsPoolFailBack -PoolFqdn "{A}" -DisasterMode -Confirm:$false',)
    assert "is lost" in run.proposal.effect[0]
    run = await stage.play(run, DISASTER)
    assert run.phase is Phase.DONE, run.sentence
    assert {one.step for one in run.records if one.sentence == "Skipped: pool-b is dead."} >= FALLEN
    record = (await stage.runs.records([A]))[A]
    assert record.state is PoolState.ACTIVE
    assert record.carry["imported"] is None, "nobody knows what lies on a pool that is dead"


async def test_what_the_pool_holds_at_home_is_kept_before_an_import_goes_over_it(redis: Redis) -> None:
    stage = await failed_over(redis)
    run = await until(stage, await begun(stage, "failback"), "import")
    (kept,) = (one for one in run.records if one.step == "spare")
    spared = await stage.backups.load(SPARED.of(run))
    assert spared and SPARED.of(run) in kept.sentence
    assert SPARED.of(run) not in {one.id for one in await stage.backups.page(A)}, "it is older than what comes home"
    name = await stage.edit(A, A, TimeoutThreshold=321)
    run = await stage.press(run, "approve", ANNA)
    run = await stage.press(run, "retry", ANNA) if run.phase is Phase.STOPPED else run
    while run.phase is Phase.WAITING:
        run = await stage.press(run, "approve", CLARA if run.approvals else ANNA)
    assert (run.step, run.phase) == ("import", Phase.STOPPED) and "was edited since" in run.sentence
    assert not lines_of(await world_now(stage), A, "Import-CsRgsConfiguration")
    run = await stage.press(run, "spare-again", ANNA)
    assert (run.step, run.phase) == ("import", Phase.WAITING)
    exported = read_inventory(await stage.backups.load(SPARED.of(run)))
    (queue,) = (item for item in exported.of(Kind.QUEUE) if item.name == name)
    assert queue.properties["TimeoutThreshold"] == 321


async def test_users_come_home_though_no_groups_were_ever_imported(redis: Redis) -> None:
    stage = await stage_of(redis)
    await stage.settle((await stage.engine.start("backup", A, ANNA)).id)
    await stage.take_down(A)
    away = await until(stage, await begun(stage, "failover"), "backup", FAILOVER)
    assert (await stage.press(away, "abandon", ANNA)).pool_state is PoolState.FAILED_OVER
    await stage.bring_up(A)
    script = {**FAILBACK, "export": (("without-groups", ANNA),), "last": (("leave", ANNA),)}
    run = await until(stage, await begun(stage, "failback"), "export", script)
    assert (run.step, run.phase) == ("export", Phase.STOPPED), run.sentence
    assert stage.labels(run) == ["without-groups", "backup-dead", "retry", "abandon"]
    run = await stage.play(run, script)
    assert run.phase is Phase.DONE, run.sentence
    world = await world_now(stage)
    (line,) = lines_of(world, A, "Invoke-CsPoolFailBack")
    assert "-DisasterMode" not in line and not lines_of(world, A, "Import-CsRgsConfiguration")
    record = (await stage.runs.records([A]))[A]
    assert record.state is PoolState.ACTIVE and record.carry["imported"] is False


async def test_an_administrator_of_groups_cannot_choose_the_disaster_way(redis: Redis) -> None:
    stage = await failed_over(redis)
    await stage.take_down(B)
    run = await until(stage, await begun(stage, "failback"), "backup-answers")
    assert RUNBOOKS["failback"].step(run.step).need.words == "RTCUniversalServerAdmins"


async def test_in_the_disaster_way_the_last_backup_brings_what_the_pool_lacks(redis: Redis) -> None:
    stage = await failed_over(redis)
    queue = next(item for item in (await world_now(stage)).pools[A].of(Kind.QUEUE))
    await changed(stage, with_pool(A, without(Kind.QUEUE, queue.name)))
    await stage.take_down(B)
    script = {**DISASTER, "back": (("same", ANNA),), "last": (("bring", ANNA),), "extras": (("extras-kept", ANNA),)}
    run = await until(stage, await begun(stage, "failback"), "last", script)
    assert "1 missing" in run.sentence
    run = await stage.play(run, script)
    assert run.phase is Phase.DONE
    world = await world_now(stage)
    assert queue.key in {item.key for item in world.pools[A].objects.values()}
    assert all("-OverwriteOwner" in line for line in lines_of(world, A, "Import-CsRgsConfiguration"))


async def test_a_backup_pool_that_dies_before_the_move_is_read_before_anybody_decides(redis: Redis) -> None:
    stage = await failed_over(redis)
    run = await until(stage, await begun(stage, "failback"), "failback")
    await stage.take_down(B)
    run = await stage.press(run, "approve", BORIS)
    assert (run.step, run.phase) == ("failback", Phase.LOST), "without -DisasterMode it is refused"
    run = await stage.press(run, "retry", BORIS)
    assert run.phase is Phase.WAITING and "backup-dead" in stage.labels(run)
    run = await stage.press(run, "backup-dead", ANNA)
    assert (run.step, run.phase) == ("backup-answers", Phase.STOPPED)
    run = await stage.play(run, DISASTER)
    assert run.phase is Phase.DONE
    (line,) = lines_of(await world_now(stage), A, "Invoke-CsPoolFailBack")
    assert "-DisasterMode" in line


async def test_whoever_asks_whether_the_backup_pool_answers_repeats_nothing_when_it_does(redis: Redis) -> None:
    """Seen in the demo: the export was made anew, and the change freeze stood twice in the channel."""
    stage = await failed_over(redis)
    run = await until(stage, await begun(stage, "failback"), "failback")
    done = [one for one in run.records if one.step in ("freeze", "export", "changes")]
    run = await stage.press(run, "backup-dead", ANNA)
    assert (run.step, run.phase) == ("failback", Phase.WAITING)
    assert [one for one in run.records if one.step in ("freeze", "export", "changes")] == done
    told = [item.tell.sentence for item in await stage.runs.outbox(float("inf"), 1000) if item.tell]
    assert sum("Change freeze: please do not edit" in one for one in told) == 1
    latest = next(one for one in reversed(run.records) if one.mark != "skipped")
    assert latest.step == "backup-answers", "the card says what was found, as the last event"


async def test_a_backup_pool_that_dies_after_the_move_lets_the_pool_be_home(redis: Redis) -> None:
    stage = await failed_over(redis)
    run = await unread(stage)
    await stage.take_down(B)
    run = await stage.press(run, "backup-dead", ANNA)
    assert (run.step, run.phase) == ("backup-answers", Phase.STOPPED)
    run = await stage.play(run, DISASTER)
    assert run.phase is Phase.DONE
    moved = lines_of(await world_now(stage), A, "Invoke-CsPoolFailBack")
    assert len(moved) == 1, "the pool was home already"


async def test_a_backup_pool_that_only_seemed_dead_leads_on_as_before(redis: Redis) -> None:
    stage = await failed_over(redis)
    run = await unread(stage)
    await stage.bring_up(B)
    run = await stage.press(run, "backup-dead", ANNA)
    assert run.step == "import", "it answers, so nothing is lost and the import comes next"


async def test_nothing_is_imported_when_the_pool_was_failed_over_again_meanwhile(redis: Redis) -> None:
    stage = await failed_over(redis)
    run = await unread(stage)
    await stage.bring_up(B)
    await changed(stage, with_pool(A, lambda pool: replace(pool, registrar=FAILED_OVER)))
    run = await stage.press(run, "retry", ANNA)
    assert (run.step, run.phase) == ("reread", Phase.STOPPED)
    assert "not home any longer" in run.sentence
    run = await stage.press(run, "move-again", ANNA)
    assert run.step == "failback"


async def unread(stage: Stage) -> Run:
    """The pool is home, and B cannot be read just then."""
    run = await until(stage, await begun(stage, "failback"), "failback")
    await stage.strike(Fault(FaultKind.LOST_BEFORE, B, cmdlet="Get-CsRgsQueue", times=0))
    run = await stage.press(run, "approve", BORIS)
    assert (run.step, run.phase) == ("reread", Phase.STOPPED), run.sentence
    return run


async def test_what_the_outage_changed_is_told_three_ways_and_may_be_undone_first(redis: Redis) -> None:
    stage = await failed_over(redis)
    queues = [item.name for item in (await world_now(stage)).pools[A].of(Kind.QUEUE)]
    edited = await stage.edit(B, A, TimeoutThreshold=45)
    await changed(stage, with_pool(B, without(Kind.QUEUE, queues[-1])))
    mine = RgsObject(Kind.QUEUE, Ref(A, "00000000-0000-0000-0000-00000000abcd"), "Only here", A)
    await changed(stage, with_pool(A, also(mine)))
    run = await until(stage, await begun(stage, "failback"), "decide")
    found = run.record_of("changes")
    assert found is not None and found.mark == "warn"
    assert any(line.startswith(f"Comes home: Queue “{edited}”") for line in found.details)
    assert f"Deleted on pool-b, stays on pool-a: Queue “{queues[-1]}”" in found.details
    assert "Only on pool-a: Queue “Only here”" in found.details
    assert any(f'Get-CsRgsQueue -Identity "service:ApplicationServer:{B}"' in line for line in run.details)
    assert any("$one.TimeoutThreshold = " in line for line in run.details)
    exported = run.fact("export")
    run = await stage.press(run, "undone", ANNA)
    assert run.step == "decide" and run.fact("export") != exported, "exported again, and told again"


async def test_what_is_only_at_home_is_removed_by_hand_and_a_wrong_word_is_caught(redis: Redis) -> None:
    stage = await failed_over(redis)
    name = "The chief's “own” queue"
    mine = RgsObject(Kind.QUEUE, Ref(A, "00000000-0000-0000-0000-00000000abcd"), name, A)
    await changed(stage, with_pool(A, also(mine)))
    run = await until(stage, await begun(stage, "failback"), "extras")
    line = next(one for one in run.details if "Remove-CsRgsQueue" in one)
    assert "-Name 'The chief''s “own” queue' | Remove-CsRgsQueue" in line
    assert "-Force" not in line and "-Confirm" not in line
    run = await stage.press(run, "extras-removed", CLARA)
    assert run.step == "extras", "it is still there, so it is asked again"
    await changed(stage, with_pool(A, without(Kind.QUEUE, name)))
    run = await stage.press(run, "extras-removed", CLARA)
    assert run.step == "conferences"


async def test_what_leads_to_an_object_that_is_only_at_home_is_named(redis: Redis) -> None:
    stage = await failed_over(redis)
    mine = RgsObject(Kind.QUEUE, Ref(A, "00000000-0000-0000-0000-00000000abcd"), "Old", A)
    over = RgsObject(
        Kind.QUEUE,
        Ref(A, "00000000-0000-0000-0000-00000000abce"),
        "Older",
        A,
        MappingProxyType({"OverflowAction": MappingProxyType({"QueueID": mine.identity})}),
    )
    await changed(stage, with_pool(A, also(mine, over)))
    run = await until(stage, await begun(stage, "failback"), "extras")
    assert "Queue “Old” is the target of Queue “Older”: OverflowAction.QueueID." in run.details


async def test_an_edge_pool_that_was_led_away_is_led_back_and_a_wrong_word_is_caught(redis: Redis) -> None:
    edge = "edge.contoso.com"
    stage = await failed_over(redis, lambda world: replace(world, edges=MappingProxyType({edge: B})))
    script = {**FAILBACK, "edge-first": (("edge-ran", ANNA),)}
    run = await until(stage, await begun(stage, "failback"), "hop-way", script)
    run = await stage.press(run, "hop-hand", ANNA)
    assert (run.step, run.phase) == ("hop-after", Phase.STOPPED) and "still pool-b" in run.sentence
    assert "hop-seen" not in stage.labels(run), "where a reading says no, no word is offered"
    run = await stage.press(await stage.press(run, "hop-back", ANNA), "hop-command", ANNA)
    assert run.proposal.commands == (
        f'Set-CsEdgeServer -Identity "EdgeServer:{edge}" -Registrar "Registrar:{A}" -Confirm:$false',
    )
    run = await stage.press(run, "approve", ANNA)
    assert run.step == "routes"


async def test_contents_of_conferences_that_were_lost_on_the_way_are_sent_again(redis: Redis) -> None:
    for kind in (FaultKind.LOST_BEFORE, FaultKind.LOST_AFTER):
        await redis.flushall()
        stage = await failed_over(redis)
        run = await until(stage, await begun(stage, "failback"), "conferences")
        await stage.strike(Fault(kind, B, cmdlet="Invoke-CsBackupServiceSync"))
        run = await stage.press(run, "approve", ANNA)
        assert run.step == "routes", (kind, run.sentence)


async def test_contents_of_conferences_that_have_not_arrived_stop_the_run(redis: Redis) -> None:
    stage = await failed_over(redis)
    run = await until(stage, await begun(stage, "failback"), "conferences")
    await stage.strike(Fault(FaultKind.LOST_BEFORE, B, cmdlet="Get-CsBackupServiceStatus"))
    run = await stage.press(run, "approve", ANNA)
    assert (run.step, run.phase) == ("conferences-arrived", Phase.STOPPED)
    assert "could not be read" in run.sentence
    run = await stage.press(run, "retry", ANNA)
    assert run.step == "routes"


async def test_what_abandoning_offers_can_be_started_at_every_row(redis: Redis) -> None:
    stage = await failed_over(redis)
    for row in ("back", "failback", "import", "conferences", "inside"):
        run = await until(stage, await begun(stage, "failback"), row)
        run = await stage.press(run, "abandon", ANNA)
        assert run.phase is Phase.ABANDONED and "/rgs start failback pool-a" in run.sentence
    run = await stage.play(await begun(stage, "failback"), FAILBACK)
    assert run.phase is Phase.DONE


async def test_a_backup_pool_that_was_edited_after_the_import_is_not_cleaned(redis: Redis) -> None:
    stage = await failed_over(redis)
    run = await until(stage, await begun(stage, "failback"), "inside")
    await stage.edit(B, A, TimeoutThreshold=99)
    for choice in ("worked", "worked", "go-on"):
        run = await stage.press(run, choice, EMIL)
    run = await stage.press(run, "clean", ANNA)
    assert (run.step, run.phase) == ("clean", Phase.STOPPED) and "was edited" in run.sentence
    run = await stage.press(run, "pre-stage", ANNA)
    assert run.phase is Phase.DONE


async def test_in_replication_mode_nothing_is_imported_and_nothing_is_cleaned(redis: Redis) -> None:
    """Both pools are 2019 with the update that replicates groups: B is exported to be kept and compared with."""
    stage = await failed_over(redis, replicating, REPLICATING, KEPT)
    run = await stage.play(await begun(stage, "failback"), FAILBACK)
    assert run.phase is Phase.DONE
    left_out = {one.step: one.sentence for one in run.records if one.mark == "skipped"}
    assert all("replicate the groups themselves" in left_out[row] for row in ("import", "cleanup", "clean"))
    assert next(one for one in run.records if one.step == "replicas").mark == "pass"
    assert "all 73 objects are there and equal" in next(one for one in run.records if one.step == "verify").sentence
    assert not lines_of(await world_now(stage), A, "Import-CsRgsConfiguration")


async def test_a_difference_between_replicas_stops_and_nothing_is_imported_over_them(redis: Redis) -> None:
    stage = await failed_over(redis, replicating, REPLICATING, KEPT)
    run = await until(stage, await begun(stage, "failback"), "failback")
    await stage.strike(Fault(FaultKind.LOST_BEFORE, B, cmdlet="Get-CsBackupServiceStatus", times=0))
    run = await stage.press(run, "approve", BORIS)
    assert (run.step, run.phase) == ("replicas", Phase.STOPPED)
    await stage.bring_up(B)
    await stage.edit(A, A, TimeoutThreshold=99)
    run = await stage.press(run, "retry", ANNA)
    assert (run.step, run.phase) == ("verify", Phase.STOPPED)
    assert "import-again" not in stage.labels(run)


def replicating(world: World) -> World:
    for fqdn in (A, B):
        world = world.with_pool(replace(world.pools[fqdn], version="2019", build="7.0.2046.820"))
    return replace(world, replicates=True)


KEPT = {**FAILOVER, "backup": (("keep", ANNA),)}
REPLICATING = replace(ESTATE, pools={fqdn: replace(pool, version="2019") for fqdn, pool in ESTATE.pools.items()})
