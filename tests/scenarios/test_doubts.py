"""What a sceptic would try: runs abandoned twice, answers lost at the worst place, servers edited in between."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from types import MappingProxyType

import pytest
from redis.asyncio import Redis

from bot.domain.backups.schedule import Slot
from bot.domain.deployment.server_state import state_of
from bot.domain.deployment.world import Fault, FaultKind
from bot.domain.errors import BadInput, CmdletFailed, OutcomeUnknown, Stale
from bot.domain.groups.groups import Kind, Ref, Row
from bot.domain.model import Pool, PoolState, Who
from bot.domain.runs.press import Press
from bot.domain.runs.run import Found, Phase, Run
from bot.domain.runs.view import view_of
from bot.runbooks import RUNBOOKS
from handlers.runs.card import card
from tests.scenarios.stage import ANNA, BORIS, CLARA, FAILBACK, FAILOVER, A, B, Stage, stage_of
from tests.scenarios.test_ways import a_conflict, declared, failing_over, move_by_others, moved_over, pre_staged


async def until(stage: Stage, run: Run, step: str, script: dict) -> Run:
    """Presses through the run until it waits at this row."""
    while run.step != step:
        for choice, who in script[run.step]:
            run = await stage.press(run, choice, who)
    return run


async def home_again(stage: Stage) -> Run:
    """A failback that has just been started."""
    await stage.play(await failing_over(stage), FAILOVER)
    await stage.bring_up(A)
    return await stage.settle((await stage.engine.start("failback", A, ANNA)).id)


async def test_an_empty_export_never_becomes_the_newest_backup(redis: Redis) -> None:
    stage = await stage_of(redis)
    first = await stage.settle((await stage.engine.start("backup", A, ANNA)).id)
    world, version = await stage.worlds.load()
    await stage.worlds.save(world.with_pool(world.pools[A].holding(())), version)
    empty = await stage.settle((await stage.engine.start("backup", A, ANNA)).id)
    assert (empty.step, empty.phase) == ("owners", Phase.STOPPED)
    newest = await stage.backups.newest(A, 1e12)
    assert newest is not None
    assert newest.run == first.id
    meant = await stage.press(empty, "empty", ANNA)
    assert meant.phase is Phase.DONE


async def test_a_backup_that_was_opened_in_the_outage_goes_where_the_groups_are_by_then(redis: Redis) -> None:
    stage = await stage_of(redis)
    back = await home_again(stage)
    late = await stage.engine.start_slot(Slot(A, "2026-11-22T02:30"))
    assert late.fact("source") == B
    await stage.redis.zrem("due", late.id)
    await stage.play(back, FAILBACK)
    await stage.redis.zadd("due", {late.id: stage.clock.now})
    late = await stage.settle(late.id)
    assert (late.phase, late.fact("source")) == (Phase.DONE, A)


async def test_a_newer_backup_ends_the_one_that_had_stopped(redis: Redis) -> None:
    stage = await stage_of(redis)
    await stage.take_down(A)
    stuck = await stage.settle((await stage.engine.start_slot(Slot(A, "2026-11-21T02:30"))).id)
    assert stuck.phase is Phase.STOPPED
    await stage.bring_up(A)
    assert (await stage.settle((await stage.engine.start_slot(Slot(A, "2026-11-22T02:30"))).id)).phase is Phase.DONE
    assert (await stage.runs.load(stuck.id)).phase is Phase.SUPERSEDED


async def test_two_people_who_both_ask_for_a_second_have_not_approved_together(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await until(stage, await home_again(stage), "import", FAILBACK)
    asked = Press("import", "approve", run.question, {})
    answers = await asyncio.gather(
        *(stage.engine.press(run.id, asked, who) for who in (ANNA, CLARA)), return_exceptions=True
    )
    (refused,) = (answer for answer in answers if isinstance(answer, Stale))
    assert "already asked for this" in refused.sentence
    waiting = await stage.settle(run.id)
    assert (waiting.phase, len(waiting.approvals)) == (Phase.WAITING, 1)


async def test_a_failover_started_again_and_abandoned_at_once_leaves_what_the_first_one_left(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await stage.press(await failing_over(stage), "elsewhere", BORIS)
    await stage.press(run, "abandon", BORIS)
    again = await declared(stage)
    assert (again.step, again.phase) == ("failover", Phase.WAITING)
    assert (await stage.runs.records([A]))[A].state is PoolState.FAILING_OVER
    again = await stage.press(again, "abandon", ANNA)
    assert "marked failing over, as it was before" in again.sentence
    assert (await stage.runs.records([A]))[A].state is PoolState.FAILING_OVER


async def test_the_other_pool_is_not_failed_over_onto_one_whose_failover_was_left_in_the_middle(redis: Redis) -> None:
    """Seed 004, also while nobody knows whether the command ran."""
    stage = await stage_of(redis)
    run = await failing_over(stage)
    await stage.strike(Fault(FaultKind.LOST_AFTER, B, "Invoke-CsPoolFailOver"))
    run = await stage.press(run, "approve", ANNA)
    assert run.phase is Phase.LOST
    await stage.press(run, "abandon", ANNA)
    assert (await stage.runs.records([A]))[A].state is PoolState.FAILING_OVER
    await stage.bring_up(A)
    with pytest.raises(BadInput) as refusal:
        await stage.engine.start("failover", B, BORIS)
    assert refusal.value.sentence == (
        "pool-a is itself failing over, onto pool-b, so pool-b cannot fail over to it. Finish that first: "
        "`/rgs failover pool-a`. Then start this again. Nothing was started."
    )


async def test_a_second_run_of_a_minute_that_draws_the_name_of_the_first_gets_one_of_its_own(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = await stage_of(redis)
    drawn = iter(("1a2b", "1a2b", "3c4d"))
    monkeypatch.setattr("bot.engine.secrets.token_hex", lambda size: next(drawn))
    first = await stage.engine.start("backup", A, ANNA)
    second = await stage.engine.start("backup", A, BORIS)
    assert (first.id[-4:], second.id[-4:], second.opened_by.id) == ("1a2b", "3c4d", BORIS.id)
    assert [run.id for run in await stage.runs.open()] == [first.id, second.id]


async def test_a_refused_pool_move_is_looked_at_since_the_pool_may_be_half_way(redis: Redis) -> None:
    """Facts: recovery §0.4."""
    stage = await stage_of(redis)
    run = await failing_over(stage)
    world, version = await stage.worlds.load()
    await stage.worlds.save(replace(world, pairs=MappingProxyType({})), version)
    run = await stage.press(run, "approve", ANNA)
    assert (run.phase, run.finding.found) == (Phase.LOST, Found.NOT_DONE)
    assert run.sentence == "Everything is as it was before the command: it did nothing. It may be run again."
    assert run.pool_state is PoolState.OUTAGE, "it never moved"
    assert view_of(run, RUNBOOKS["failover"]).state == "The server refused the command. Nothing was changed."
    card_ = card(view_of(run, RUNBOOKS["failover"]))["text"]
    assert card_.startswith("REFUSED · ") and ", and refused: Invoke-CsPoolFailOver" in card_ and "UNKNOWN" not in card_


@pytest.mark.parametrize(
    ("kind", "found"), [(FaultKind.LOST_AFTER, Found.DONE), (FaultKind.LOST_BEFORE, Found.NOT_DONE)]
)
@pytest.mark.parametrize("way", ["failover", "failback"])
async def test_where_a_lost_move_left_the_pool_is_read_before_anybody_is_asked(
    redis: Redis, way: str, kind: FaultKind, found: Found
) -> None:
    stage = await stage_of(redis)
    opened, script, who, where = (
        (await failing_over(stage), FAILOVER, ANNA, B)
        if way == "failover"
        else (await home_again(stage), FAILBACK, BORIS, A)
    )
    run = await until(stage, opened, way, script)
    stood = run.pool_state
    await stage.strike(Fault(kind, where, "Invoke-CsPoolFailOver" if way == "failover" else "Invoke-CsPoolFailBack"))
    run = await stage.press(run, "approve", who)
    assert (run.phase, run.finding.found) == (Phase.LOST, found), run.sentence
    assert ("accept" if found is Found.DONE else "retry") == stage.labels(run)[0]
    assert run.pool_state is (run_leaves(way) if found is Found.DONE else stood)


def run_leaves(way: str) -> PoolState | None:
    return RUNBOOKS[way].step(way).leaves


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ((), Found.UNKNOWN),
        (({"Identity": "Service:Registrar:pool-a.contoso.com"},), Found.UNKNOWN),
        (({"Identity": "Service:Registrar:pool-a.contoso.com", "PoolState": "FailingOver"},), Found.PARTLY),
        (({"Identity": "Service:Registrar:pool-a.contoso.com", "PoolState": "FailedBack"},), Found.NOT_DONE),
        (({"Identity": "Service:Registrar:pool-a.contoso.com", "PoolState": "FailedOver"},), Found.DONE),
    ],
)
def test_what_no_server_says_is_never_taken_for_active(rows: tuple[Row, ...], found: Found) -> None:
    step = RUNBOOKS["failover"].step("failover")
    run = Run("failover-1", "failover", Pool(A), Pool(B), Who.person(ANNA), 0.0, "failover")
    assert step.found(run, {"state": state_of(rows)}).found is found
    assert step.found(run, {"state": state_of(rows, old=True)}).found is Found.UNKNOWN, "a replica may be behind"


async def test_a_pool_that_dies_again_during_failback_can_be_failed_over_again(redis: Redis) -> None:
    stage = await stage_of(redis)
    back = await until(stage, await home_again(stage), "import", FAILBACK)
    await stage.take_down(A)
    back = await stage.press(back, "abandon", ANNA)
    assert "start a failover instead" in back.sentence
    again = await stage.settle((await stage.engine.start("failover", A, ANNA)).id)
    script = {**FAILOVER, "backup": (("keep", ANNA),)}
    again = await stage.play(again, script)
    assert (again.phase, (await stage.runs.records([A]))[A].state) == (Phase.DONE, PoolState.FAILED_OVER)


async def test_a_failover_that_was_counted_as_done_is_not_asked_for_again(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await failing_over(stage)
    await stage.strike(Fault(FaultKind.LOST_AFTER, B, "Invoke-CsPoolFailOver"))
    run = await stage.press(run, "approve", ANNA)
    run = await stage.press(run, "accept", ANNA)
    assert (run.step, run.fact("moved"), run.pool_state) == ("backup", "here", PoolState.FAILED_OVER)


async def choosing_beside_copies(stage: Stage, *, edited: bool) -> Run:
    await pre_staged(stage)
    if edited:
        await stage.edit(B, A, TimeoutThreshold=88)
    await stage.take_down(A)
    return await stage.press(await declared(stage), "approve", ANNA)


async def test_copies_are_compared_with_the_backup_before_anybody_is_asked(redis: Redis) -> None:
    run = await choosing_beside_copies(await stage_of(redis), edited=False)
    assert (run.step, run.fact("copies_equal")) == ("backup", True)


async def test_copies_with_later_edits_that_are_kept_are_not_overwritten_by_their_settings(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await choosing_beside_copies(stage, edited=True)
    assert (run.step, run.fact("copies_equal")) == ("backup", False)
    assert "differ from it" in run.sentence
    run = await stage.press(run, "keep", ANNA)
    assert (run.step, stage.labels(run)) == ("settings", ["keep-settings", "abandon"])


async def test_recordings_that_were_swapped_are_found_though_names_were_resolved(redis: Redis) -> None:
    stage = await stage_of(redis)
    await a_conflict(stage)
    run = await stage.press(await moved_over(stage), "use", ANNA)
    script = {**FAILOVER, "rehearse": (("resolve", ANNA),)}
    run = await until(stage, run, "import", script)
    run = await stage.press(run, "approve", ANNA)
    world, _ = await stage.worlds.load()
    swapped = dict.fromkeys(world.pools[A].audio, next(iter(world.pools[B].audio.values())))
    before = stage.driver.invoke

    async def swap_after_import(on, command):
        rows = await before(on, command)
        if command.name == "Import-CsRgsConfiguration":
            current, at = await stage.worlds.load()
            there = current.pools[B]
            audio = MappingProxyType({**there.audio, **swapped})
            await stage.worlds.save(current.with_pool(replace(there, audio=audio)), at)
        return rows

    stage.driver.invoke = swap_after_import
    run = await stage.press(run, "approve", CLARA)
    assert (run.step, run.phase) == ("audio", Phase.STOPPED)


async def test_abandoning_while_an_import_is_lost_does_not_say_that_it_did_not_happen(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await until(stage, await failing_over(stage), "settings", FAILOVER)
    run = await stage.press(run, "replace-settings", ANNA)
    run = await stage.press(run, "approve", ANNA)
    await stage.strike(Fault(FaultKind.LOST_AFTER, B, "Import-CsRgsConfiguration"))
    run = await stage.press(run, "approve", CLARA)
    assert run.phase is Phase.LOST
    run = await stage.press(run, "abandon", ANNA)
    assert "whether its groups were imported is not known there" in run.sentence
    record = (await stage.runs.records([A]))[A]
    assert (record.carry["imported"], record.carry["replaced"]) == (None, True)


async def test_what_a_lost_removal_took_away_is_fetched_by_the_look(redis: Redis) -> None:
    stage = await stage_of(redis)
    back = await until(stage, await home_again(stage), "clean", FAILBACK)
    back = await stage.press(back, "approve", ANNA)
    await stage.strike(Fault(FaultKind.LOST_AFTER, B, "Export-CsRgsConfiguration"))
    back = await stage.press(back, "approve", BORIS)
    assert back.phase is Phase.LOST
    name = back.sentence.rpartition(" ")[2].rstrip(".")
    assert sum((await stage.backups.get(name)).counts.values()) == 73
    back = await stage.press(back, "accept", ANNA)
    assert back.phase is Phase.DONE


async def test_an_object_that_appears_after_the_import_is_found_by_verification(redis: Redis) -> None:
    stage = await stage_of(redis)
    back = await until(stage, await home_again(stage), "import", FAILBACK)
    back = await stage.press(back, "approve", ANNA)
    invoke = stage.driver.invoke

    async def add_after_import(on, command):
        rows = await invoke(on, command)
        if command.name == "Import-CsRgsConfiguration":
            world, version = await stage.worlds.load()
            pool = world.pools[A]
            one = pool.of(Kind.QUEUE)[0]
            guid = "0f0f0f0f-0000-4000-8000-000000000001"
            more = replace(one, identity=Ref(A, guid), name="Surprise")
            objects = MappingProxyType({**pool.objects, (Kind.QUEUE, guid): more})
            await stage.worlds.save(world.with_pool(replace(pool, objects=objects)), version)
        return rows

    stage.driver.invoke = add_after_import
    back = await stage.press(back, "approve", CLARA)
    assert (back.step, back.phase) == ("verify", Phase.STOPPED)
    assert any("Surprise" in line for line in back.details)


async def test_nothing_arrived_offers_to_import_again_and_never_to_accept(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await until(stage, await failing_over(stage), "import", FAILOVER)
    invoke = stage.driver.invoke

    async def swallow_import(on, command):
        return () if command.name == "Import-CsRgsConfiguration" else await invoke(on, command)

    stage.driver.invoke = swallow_import
    run = await stage.press(run, "approve", CLARA)
    assert (run.step, run.phase) == ("verify", Phase.STOPPED)
    assert stage.labels(run) == ["import-again", "retry", "abandon"]


async def test_the_servers_own_text_stays_out_of_what_everybody_reads(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await failing_over(stage)
    invoke = stage.driver.invoke

    async def somebody_was_faster(on, command):
        if command.name == "Invoke-CsPoolFailOver":
            await move_by_others(stage)
        return await invoke(on, command)

    stage.driver.invoke = somebody_was_faster
    run = await stage.press(run, "approve", ANNA)
    assert (run.phase, run.finding.found) == (Phase.LOST, Found.DONE)
    assert run.sentence.endswith("the move is done, by this command or by somebody else."), "it was refused"
    assert "already failed over" in run.detail
    log = await stage.runs.audit(run.id)
    assert not any("already failed over" in text for text in (run.sentence, *(entry.sentence for entry in log)))
    assert stage.labels(run)[0] == "accept"


async def test_nothing_is_sent_for_a_run_that_was_abandoned_while_its_worker_was_busy(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await until(stage, await failing_over(stage), "import", FAILOVER)
    put = stage.driver.put

    async def abandon_during_put(pool, file, data):
        await put(pool, file, data)
        busy = await stage.runs.load(run.id)
        await stage.engine.press(run.id, Press("import", "abandon", busy.question, {"reason": "a drill"}), ANNA)

    stage.driver.put = abandon_during_put
    ended = await stage.press(run, "approve", CLARA)
    assert ended.phase is Phase.ABANDONED
    world, _ = await stage.worlds.load()
    assert not [effect for effect in world.effects if effect.cmdlet == "Import-CsRgsConfiguration"]


async def test_a_file_that_did_not_get_there_leaves_no_doubt_about_the_import(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await until(stage, await failing_over(stage), "import", FAILOVER)
    put, troubles = stage.driver.put, [OutcomeUnknown("It broke."), CmdletFailed("Full.", error_id="IOException")]

    async def troubled(pool, file, data):
        if troubles:
            raise troubles.pop(0)
        await put(pool, file, data)

    stage.driver.put = troubled
    full = await stage.press(run, "approve", CLARA)
    assert not troubles and (full.phase, full.finding) == (Phase.STOPPED, None)
    assert full.sentence == ("What comes before the command failed on the server (IOException). No command was sent.")
    log = await stage.runs.audit(run.id)
    assert "lost" not in [entry.what for entry in log]
    ended = await stage.press(await stage.press(full, "retry", CLARA), "approve", CLARA)
    assert ended.step != "import"


async def test_a_failover_can_start_only_where_it_can_go_on(redis: Redis) -> None:
    stage = await stage_of(redis)
    await stage.play(await failing_over(stage), FAILOVER)
    with pytest.raises(BadInput, match="failed over"):
        await stage.engine.start("failover", A, ANNA)
