"""Moving a pool: users first, what servers say before what people say, and nothing that was sent twice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.domain.access import Need
from bot.domain.deployment.pool_reading import PoolReading
from bot.domain.deployment.server_state import ServerState
from bot.domain.errors import BadInput, CmdletFailed, NotAllowed, OutcomeUnknown
from bot.domain.model import PoolState
from bot.domain.runs.press import offered
from bot.domain.runs.run import Phase, Run
from bot.runbooks import RUNBOOKS
from tests.scenarios.stage import ANNA, BORIS, CLARA, FAILBACK, FAILOVER, A, B, Stage, stage_of
from tests.scenarios.test_ways import count_of, declared, failing_over, move_by_others

FAIL_OVER = "Invoke-CsPoolFailOver"
PLANNED = 'Invoke-CsPoolFailOver -PoolFqdn "pool-a.contoso.com" -Confirm:$false'
DISASTER = 'Invoke-CsPoolFailOver -PoolFqdn "pool-a.contoso.com" -DisasterMode -Confirm:$false'
STATE = "Get-CsRegistrarConfiguration"


async def planned(stage: Stage, *, backed_up: bool = True) -> Run:
    """A planned failover of a pool that runs, as far as it goes without people."""
    if backed_up:
        await stage.settle((await stage.engine.start("backup", A, ANNA)).id)
    run = await stage.settle((await stage.engine.start("failover", A, ANNA)).id)
    return await stage.press(run, "declare", ANNA, mode="planned")


def failing(stage: Stage, name: str, error: Exception) -> None:
    """Every command of this name fails from now on; nothing of it reaches a server."""
    invoke = stage.driver.invoke

    async def troubled(on, command):
        if command.name == name:
            raise error
        return await invoke(on, command)

    stage.driver.invoke = troubled


def silent(stage: Stage) -> None:
    """No server says where any pool stands."""
    failing(stage, STATE, CmdletFailed("No.", error_id="AccessDenied"))


async def set_over(stage: Stage, pool: str, over: bool) -> None:
    world, version = await stage.worlds.load()
    await stage.worlds.save(
        world.with_pool(replace(world.pools[pool], registrar="FailedOver" if over else "Active")), version
    )


async def test_it_is_done_already_is_read_and_a_wrong_one_is_caught(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await stage.press(await failing_over(stage), "moved", BORIS)
    assert (run.step, run.phase) == ("failover-after", Phase.STOPPED)
    assert run.sentence == (
        "pool-a: Central Management says “Active”: it is not moved yet. Nothing that needs it goes on."
    )
    assert stage.labels(run) == ["here", "retry", "abandon"], "no word helps against a reading"
    assert await count_of(stage, FAIL_OVER) == 0

    run = await stage.press(run, "here", BORIS)
    assert (run.step, run.phase) == ("failover", Phase.WAITING)
    run = await stage.press(run, "approve", BORIS)
    assert (run.step, run.pool_state) == ("backup", PoolState.FAILED_OVER)
    assert await count_of(stage, FAIL_OVER) == 1


async def test_a_word_is_recorded_as_a_word_with_how_it_is_known_and_never_as_a_command(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await failing_over(stage)
    with pytest.raises(BadInput, match="How do you know"):
        await stage.press(run, "moved", BORIS, note=" ")
    run = await stage.press(run, "moved", BORIS, note="on FE2, by Ida")
    word = run.record_of("failover")
    assert word is not None
    assert (word.sentence, word.commands) == ("Boris says it has already been run: on FE2, by Ida", ())


async def test_what_is_being_done_elsewhere_is_waited_for_until_its_server_says_so(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await stage.press(await failing_over(stage), "elsewhere", BORIS)
    assert (run.step, run.phase, run.pool_state) == ("failover-after", Phase.STOPPED, PoolState.FAILING_OVER)
    run = await stage.press(run, "retry", BORIS)
    assert (run.step, run.phase) == ("failover-after", Phase.STOPPED)
    await move_by_others(stage)
    run = await stage.press(run, "retry", BORIS)
    assert (run.step, run.pool_state) == ("backup", PoolState.FAILED_OVER)
    assert await count_of(stage, FAIL_OVER) == 0


async def test_where_no_server_says_anything_a_word_counts_as_a_word_only(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await failing_over(stage)
    silent(stage)
    run = await stage.press(run, "approve", ANNA)
    assert (run.step, run.phase) == ("failover-after", Phase.STOPPED)
    assert run.pool_state is PoolState.FAILING_OVER, "nobody knows that it has moved"
    assert run.sentence == (
        "pool-a: no server says where it stands. See where its users are signed in: `Get-CsUserPoolInfo`."
    )
    assert stage.labels(run) == ["here", "seen", "retry", "abandon"]
    with pytest.raises(NotAllowed):
        await stage.press(run, "seen", CLARA)
    run = await stage.press(run, "seen", BORIS, note="Get-CsUserPoolInfo of Ida")
    seen = run.record_of("failover-after")
    assert seen is not None
    assert seen.sentence == "Boris has seen that the pool has moved: Get-CsUserPoolInfo of Ida"
    assert (seen.commands, run.step, run.pool_state) == ((), "backup", PoolState.FAILED_OVER)


async def test_for_a_pool_that_others_moved_nothing_is_sent_and_the_run_goes_on(redis: Redis) -> None:
    stage = await stage_of(redis)
    await stage.settle((await stage.engine.start("backup", A, ANNA)).id)
    await stage.take_down(A)
    await move_by_others(stage)
    run = await declared(stage)
    assert (run.step, run.pool_state) == ("backup", PoolState.FAILED_OVER)
    before, order = run.record_of("failover-before"), run.record_of("order")
    assert before is not None and order is not None
    assert before.sentence == (
        "pool-a: Central Management says “FailedOver”. Somebody moved it already, so nothing is sent."
    )
    assert order.sentence.endswith("The pool itself was failed over by somebody else already.")
    run = await stage.play(run, FAILOVER)
    assert run.phase is Phase.DONE
    assert await count_of(stage, FAIL_OVER) == 0


async def test_a_pool_that_others_move_while_the_approval_is_awaited_is_not_moved_again(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await failing_over(stage)
    await move_by_others(stage)
    run = await stage.press(run, "approve", ANNA)
    assert (run.step, run.phase) == ("failover", Phase.STOPPED)
    assert run.sentence == "pool-a: Central Management says “FailedOver”: somebody moved it already. Nothing was sent."
    assert (run.proposal, run.approvals) == (None, ())
    run = await stage.press(run, "look-first", ANNA)
    assert (run.step, run.pool_state) == ("backup", PoolState.FAILED_OVER)
    assert await count_of(stage, FAIL_OVER) == 0


async def test_a_failback_that_others_did_is_taken_as_read(redis: Redis) -> None:
    stage = await stage_of(redis)
    await stage.play(await failing_over(stage), FAILOVER)
    await stage.bring_up(A)
    await set_over(stage, A, False)
    back = await stage.settle((await stage.engine.start("failback", A, ANNA)).id)
    back = await stage.press(back, "same", ANNA)
    assert (back.step, back.phase) == ("import", Phase.WAITING)
    assert await count_of(stage, "Invoke-CsPoolFailBack") == 0
    assert (await stage.runs.records([A]))[A].state is PoolState.FAILING_BACK, "it is home, as was read"
    left = await stage.press(back, "abandon", ANNA)
    assert left.pool_state is PoolState.FAILING_BACK and "pool-a is marked failing back" in left.sentence


async def test_a_wrong_word_never_ends_a_failback_as_active(redis: Redis) -> None:
    stage = await stage_of(redis)
    await stage.play(await failing_over(stage), FAILOVER)
    await stage.bring_up(A)
    back = await stage.settle((await stage.engine.start("failback", A, ANNA)).id)
    back = await stage.press(await stage.press(back, "same", ANNA), "moved", BORIS)
    assert (back.step, back.phase) == ("failback-after", Phase.STOPPED)
    assert back.sentence.startswith("pool-a: Central Management says “FailedOver”: it is not moved yet.")
    back = await stage.play(await stage.press(back, "here", BORIS), FAILBACK)
    assert (back.phase, back.pool_state) == (Phase.DONE, PoolState.ACTIVE)
    assert await count_of(stage, "Invoke-CsPoolFailBack") == 1


async def test_a_pool_is_not_failed_over_to_one_that_servers_say_is_away_though_the_record_says_active(
    redis: Redis,
) -> None:
    """Seed 004: by what servers say, whoever moved the pool."""
    stage = await stage_of(redis)
    await stage.take_down(A)
    await set_over(stage, B, True)
    run = await declared(stage)
    assert (run.step, run.phase) == ("order", Phase.STOPPED)
    assert run.sentence == (
        "pool-b is itself failed over, onto pool-a, so pool-a cannot fail over to it. Finish that first: "
        "`/rgs start adopt pool-b`. Then start this again."
    )
    await set_over(stage, B, False)
    run = await stage.press(run, "retry", ANNA)
    assert (run.step, run.phase) == ("failover", Phase.WAITING)


async def b_was_failed_over(stage: Stage) -> None:
    """The record says that B is failed over onto A."""
    await stage.settle((await stage.engine.start("backup", B, BORIS)).id)
    await stage.take_down(B)
    run = await stage.settle((await stage.engine.start("failover", B, BORIS)).id)
    run = await stage.play(run, FAILOVER)
    assert (await stage.runs.records([B]))[B].state is PoolState.FAILED_OVER
    await stage.bring_up(B)


async def test_what_servers_say_of_the_order_comes_before_a_record_that_says_otherwise(redis: Redis) -> None:
    """Somebody failed B back by hand, so it is free again."""
    stage = await stage_of(redis)
    await b_was_failed_over(stage)
    await set_over(stage, B, False)
    await read(stage, "FailedBack", 60)
    await stage.take_down(A)
    run = await declared(stage)
    assert (run.step, run.phase) == ("failover", Phase.WAITING)


async def read(stage: Stage, word: str, ago_s: float) -> None:
    """That servers said so of B, so long ago; some minutes have gone by since whatever was before."""
    stage.clock.now += 600
    at = stage.clock.now - ago_s
    await stage.kept.readings.note(B, PoolReading(at, B, ServerState(word), at))


async def test_the_record_holds_where_no_server_says_anything(redis: Redis) -> None:
    stage = await stage_of(redis)
    await b_was_failed_over(stage)
    await set_over(stage, B, False)
    await read(stage, "FailedBack", 60)
    await stage.take_down(A)
    silent(stage)
    run = await declared(stage)
    assert (run.step, run.phase) == ("order", Phase.STOPPED)
    assert "Finish that first: `/rgs failback pool-b`." in run.sentence


@pytest.mark.parametrize("ago_s", [None, 301, 700])
async def test_what_the_order_will_refuse_is_refused_before_anything_is_declared(
    redis: Redis, ago_s: float | None
) -> None:
    """What servers said long ago, or before the pool was moved from here, says nothing of now."""
    stage = await stage_of(redis)
    await b_was_failed_over(stage)
    if ago_s:
        await read(stage, "FailedBack", ago_s)
    runs = await stage.runs.page()
    with pytest.raises(
        BadInput, match=r"Finish that first: `/rgs failback pool-b`\. Then start this again\. Nothing was"
    ):
        await stage.engine.start("failover", A, ANNA)
    assert await stage.runs.page() == runs


async def test_what_servers_said_just_now_is_refused_at_once_as_well(redis: Redis) -> None:
    stage = await stage_of(redis)
    await read(stage, "FailedOver", 60)
    with pytest.raises(BadInput, match=r"pool-b is itself failed over, onto pool-a.*`/rgs start adopt pool-b`"):
        await stage.engine.start("failover", A, ANNA)
    assert not await stage.runs.page()


async def test_without_any_backup_users_are_moved_and_the_run_goes_on_without_groups(redis: Redis) -> None:
    stage = await stage_of(redis)
    await stage.take_down(A)
    run = await stage.press(await declared(stage), "approve", ANNA)
    assert (run.step, run.phase, run.pool_state) == ("find", Phase.STOPPED, PoolState.FAILED_OVER)
    assert stage.labels(run) == ["without", "retry", "abandon"]
    script = {step: ways for step, ways in FAILOVER.items() if step in ("companions", "routes", "inside", "outside")}
    run = await stage.play(run, {**script, "find": (("without", ANNA),)})
    assert run.phase is Phase.DONE
    assert run.sentence.startswith("pool-a is failed over to pool-b, without its Response Groups.")
    assert (await stage.runs.records([A]))[A].carry["imported"] is False
    assert await count_of(stage, "Import-CsRgsConfiguration") == 0
    assert await count_of(stage, FAIL_OVER) == 1


async def test_the_mode_is_chosen_on_the_row_and_what_is_approved_follows_it(redis: Redis) -> None:
    stage = await stage_of(redis)
    first = await failing_over(stage)
    assert first.proposal.commands == (
        'Invoke-CsPoolFailOver -PoolFqdn "pool-a.contoso.com" -DisasterMode -Confirm:$false',
    )
    other = await stage.press(first, "planned", ANNA)
    assert (other.step, other.phase) == ("failover", Phase.WAITING)
    assert other.proposal.commands == (PLANNED,)
    assert other.proposal.hash != first.proposal.hash
    for at, key, says in ((first, "planned", "loses -DisasterMode."), (other, "disaster", "gets -DisasterMode.")):
        choice = next(one for one in offered(at, RUNBOOKS["failover"]) if one.key == key)
        assert choice.confirm.startswith(f"Invoke-CsPoolFailOver for pool-a {says} ")
        assert ("pool-a did not answer when it was asked." in choice.confirm) is (key == "planned")
    again = await stage.press(other, "disaster", ANNA)
    assert again.proposal == first.proposal
    await stage.bring_up(A)
    run = await stage.press(await stage.press(again, "planned", ANNA), "approve", ANNA)
    sent = run.record_of("failover")
    assert sent is not None and sent.commands == other.proposal.commands


async def test_the_other_mode_is_offered_when_a_move_was_refused(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await failing_over(stage)
    failing(stage, FAIL_OVER, CmdletFailed("No.", error_id="NoReplicas"))
    run = await stage.press(run, "approve", ANNA)
    assert (run.phase, run.pool_state) == (Phase.LOST, PoolState.OUTAGE)
    assert stage.labels(run) == ["retry", "look-first", "planned", "elsewhere", "moved", "abandon"]
    run = await stage.press(run, "retry", ANNA)
    assert (run.phase, "planned" in stage.labels(run)) == (Phase.WAITING, True)


async def test_a_declared_pool_that_is_fine_is_asked_about_before_anything_is_done(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await declared(stage)
    assert (run.step, run.phase) == ("doubt", Phase.ASKING)
    assert (await stage.engine.view(run.id)).explain == (
        "pool-a answers, with its Response Group data. It was declared as a disaster. "
        "If pool-a is well, abandon this run: nothing was changed."
    )
    assert stage.labels(run) == ["disaster", "planned", "abandon"]
    run = await stage.press(run, "abandon", ANNA)
    assert "Nothing was changed on either pool, and pool-a is marked active, as it was before." in run.sentence
    assert (await stage.runs.records([A]))[A].state is PoolState.ACTIVE


async def test_a_planned_move_of_a_pool_that_does_not_answer_is_asked_about(redis: Redis) -> None:
    stage = await stage_of(redis)
    await stage.take_down(A)
    run = await planned(stage, backed_up=False)
    assert (run.step, run.phase) == ("doubt", Phase.ASKING)
    run = await stage.press(run, "disaster", ANNA)
    assert (run.step, run.phase) == ("failover", Phase.WAITING)
    assert "-DisasterMode" in run.proposal.commands[0]


async def test_a_planned_move_exports_the_pool_first_and_moves_it_without_disaster_mode(redis: Redis) -> None:
    stage = await stage_of(redis)
    run = await planned(stage)
    assert (run.step, run.phase) == ("failover", Phase.WAITING)
    assert run.proposal.commands == (PLANNED,)
    exported = run.record_of("planned")
    assert exported is not None and exported.sentence.startswith("Exported and kept just now: ")
    newest = await stage.backups.newest(A, 1e12)
    assert newest is not None and newest.run == run.id
    run = await stage.press(run, "approve", ANNA)
    assert run.step == "backup" and newest.id in [offer["id"] for offer in run.fact("offers")]


async def test_a_planned_failover_that_is_abandoned_before_the_move_leaves_the_pool_active(redis: Redis) -> None:
    """Its export changed nothing on either pool."""
    stage = await stage_of(redis)
    run = await stage.press(await planned(stage), "abandon", ANNA)
    assert "Nothing was changed on either pool, and pool-a is marked active, as it was before." in run.sentence
    assert (await stage.runs.records([A]))[A].state is PoolState.ACTIVE


@pytest.mark.parametrize("error", [CmdletFailed("Full.", error_id="IOException"), OutcomeUnknown("It broke.")])
async def test_an_export_that_fails_before_a_planned_move_never_stops_it(redis: Redis, error: Exception) -> None:
    stage = await stage_of(redis)
    await stage.settle((await stage.engine.start("backup", A, ANNA)).id)
    failing(stage, "Export-CsRgsConfiguration", error)
    run = await planned(stage, backed_up=False)
    assert run.step == "planned" and run.phase in (Phase.STOPPED, Phase.LOST)
    (without,) = (one for one in offered(run, RUNBOOKS["failover"]) if one.key == "without-export")
    assert (without.label, without.need) == ("Go on without it", Need.SERVER_ADMIN)
    with pytest.raises(NotAllowed):
        await stage.press(run, "without-export", CLARA)
    run = await stage.press(run, "without-export", ANNA)
    assert (run.step, run.phase) == ("failover", Phase.WAITING)


async def test_a_failover_never_ends_as_done_when_its_server_says_that_the_pool_is_home(redis: Redis) -> None:
    """Somebody failed it back by hand meanwhile; a run of an older version may also come here before its move."""
    stage = await stage_of(redis)
    run = await failing_over(stage)
    while run.step != "agents":
        for choice, who in FAILOVER[run.step]:
            run = await stage.press(run, choice, who)
    await set_over(stage, A, False)
    run = await stage.press(run, "go-on", BORIS)
    assert (run.step, run.phase) == ("done", Phase.STOPPED)
    assert run.sentence == "pool-a: Central Management says “Active”, so its failover is not done."
    assert stage.labels(run) == ["move", "retry", "abandon"]
    with pytest.raises(NotAllowed):
        await stage.press(run, "move", CLARA)
    run = await stage.press(run, "move", BORIS)
    assert (run.step, run.phase) == ("failover", Phase.WAITING)
