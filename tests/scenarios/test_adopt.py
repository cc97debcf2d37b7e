"""What others did by hand is taken over as servers tell it; a word counts only where none of them says anything."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.server_state import ServerState
from bot.domain.groups.groups import service
from bot.domain.model import PoolState
from bot.domain.runs.acts import Put
from bot.domain.runs.moves import go_back
from bot.domain.runs.run import Phase
from bot.runbooks.adopt import ADOPT
from bot.runbooks.adopt.truth import stands
from tests.scenarios.books import failed_over, moved_by_hand, prestaged, record, started
from tests.scenarios.stage import ANNA, EMIL, FAILBACK, FAILOVER, A, B, Stage, stage_of
from tests.scenarios.test_import_again import AGAIN
from tests.scenarios.test_rehearsed import backed_up


async def imported_by_hand(stage: Stage, backup: str) -> None:
    await stage.hands.perform(Put(B, "C:\\Switchback\\hand.zip", backup))
    line = cmdlet("Import-CsRgsConfiguration", Destination=service(B), FileName="C:\\Switchback\\hand.zip")
    await stage.driver.invoke(B, line)


async def test_a_failover_by_hand_with_its_groups_is_taken_over_and_comes_home(redis: Redis) -> None:
    stage = await stage_of(redis)
    backup = (await backed_up(stage)).fact("backup")
    await stage.take_down(A)
    await moved_by_hand(stage, "FailedOver")
    await imported_by_hand(stage, backup)
    run = await started(stage, "adopt")
    assert run.sentence == "Remembered here: pool-a is active. pool-a: Central Management says “FailedOver”."
    assert any("it may be down" in line for line in run.details)
    assert (await record(stage)).state is PoolState.ACTIVE
    run = await stage.press(run, "adopt", ANNA)
    known = await record(stage)
    assert (known.state, known.carry["imported"], known.carry["backup"]) == (PoolState.FAILED_OVER, True, backup)
    assert (run.step, run.phase) == ("agents", Phase.ASKING)
    run = await stage.press(run, "go-on", EMIL)
    assert run.phase is Phase.DONE and run.sentence.startswith("pool-a is failed over, as others left it.")
    assert run.records[-1].details[-1].startswith("6 formal groups silent, since no agent said that they signed in: ")
    await stage.bring_up(A)
    assert (await stage.play(await started(stage, "failback"), FAILBACK)).phase is Phase.DONE


async def test_a_failover_by_hand_without_groups_leads_to_importing_them(redis: Redis) -> None:
    stage = await stage_of(redis)
    await backed_up(stage)
    await stage.take_down(A)
    await moved_by_hand(stage, "FailedOver")
    run = await stage.press(await started(stage, "adopt"), "adopt", ANNA)
    assert "`/rgs start import-again pool-a` brings its groups" in run.sentence
    assert (await record(stage)).carry["imported"] is False
    assert (await stage.play(await started(stage, "import-again"), AGAIN)).phase is Phase.DONE


async def test_copies_that_differ_are_taken_over_only_with_a_reason(redis: Redis) -> None:
    stage = await stage_of(redis)
    await imported_by_hand(stage, (await backed_up(stage)).fact("backup"))
    await stage.edit(B, A, Description="edited during the outage")
    await moved_by_hand(stage, "FailedOver")
    run = await stage.press(await started(stage, "adopt"), "adopt", ANNA)
    assert (run.step, run.phase) == ("verify", Phase.STOPPED)
    abandoned = await stage.press(run, "abandon", ANNA)
    known = await record(stage)
    assert (known.state, dict(known.carry)) == (PoolState.ACTIVE, {}) and "Nothing was changed" in abandoned.sentence
    run = await stage.press(await started(stage, "adopt"), "adopt", ANNA)
    run = await stage.press(run, "accept-differences", ANNA)
    assert (run.step, run.phase) == ("agents", Phase.ASKING)
    run = await stage.press(run, "abandon", ANNA)
    assert "pool-a is failed over, as others left it." in run.sentence
    assert (await record(stage)).state is PoolState.FAILED_OVER


async def test_who_was_asked_when_the_groups_were_imported_is_not_asked_again(redis: Redis) -> None:
    stage = await stage_of(redis)
    await failed_over(stage)
    run = await stage.press(await started(stage, "adopt"), "adopt", ANNA)
    assert run.phase is Phase.DONE and run.fact("formal", ()) == ()
    assert run.record_of("ask-agents").sentence == "Skipped: agents were asked when the groups were imported."


async def test_a_take_over_that_an_older_version_left_before_its_end_is_remembered_first(redis: Redis) -> None:
    stage = await stage_of(redis)
    await backed_up(stage)
    await moved_by_hand(stage, "FailedOver")
    run = await started(stage, "adopt")
    await stage.runs.commit(go_back(run, ADOPT, "done", stage.clock()), stage.clock())
    run = await stage.settle(run.id)
    assert run.phase is Phase.DONE and (await record(stage)).state is PoolState.FAILED_OVER


async def test_a_move_that_broke_off_is_between_and_failover_goes_on_from_there(redis: Redis) -> None:
    stage = await stage_of(redis)
    await backed_up(stage)
    await moved_by_hand(stage, "FailingOver")
    run = await stage.press(await started(stage, "adopt"), "adopt", ANNA)
    assert run.phase is Phase.DONE
    assert (await record(stage)).state is PoolState.FAILING_OVER
    await moved_by_hand(stage, "Active")
    await stage.take_down(A)
    assert (await stage.play(await started(stage, "failover"), FAILOVER)).phase is Phase.DONE


async def test_a_failback_by_hand_is_taken_over_and_what_stays_is_a_pre_stage_if_it_is_one(redis: Redis) -> None:
    stage = await stage_of(redis)
    await failed_over(stage)
    await stage.bring_up(A)
    await moved_by_hand(stage, "Active")
    run = await stage.press(await started(stage, "adopt"), "adopt", ANNA)
    known = await record(stage)
    assert run.phase is Phase.DONE
    assert (known.state, known.carry["imported"], bool(known.carry["prestaged"])) == (PoolState.ACTIVE, True, True)
    assert "failover" not in known.carry and "backup" not in known.carry
    assert (await started(stage, "clean-up")).step == "clean"


async def test_what_is_so_already_stays_so(redis: Redis) -> None:
    stage = await stage_of(redis)
    await prestaged(stage)
    run = await stage.press(await started(stage, "adopt"), "adopt", ANNA)
    assert run.phase is Phase.DONE
    known = await record(stage)
    assert known.state is PoolState.ACTIVE and known.carry["prestaged"]


async def test_where_no_server_says_it_a_word_is_recorded_as_a_word(redis: Redis) -> None:
    stage = await stage_of(redis)
    await backed_up(stage)
    await moved_by_hand(stage, "")
    await stage.take_down(A)
    await stage.take_down(B)
    run = await started(stage, "adopt")
    assert stage.labels(run)[:2] == ["is-away", "is-home"]
    run = await stage.press(run, "is-away", ANNA)
    assert run.phase is Phase.DONE
    assert run.record_of("take").sentence == "Anna says that it is failed over: Boris did it on a Front End"
    assert not run.record_of("take").commands
    known = await record(stage)
    assert (known.state, known.carry["imported"]) == (PoolState.FAILED_OVER, None)


AWAY, HOME, BETWEEN = (ServerState(word) for word in ("FailedOver", "FailedBack", "FailingOver"))


@pytest.mark.parametrize(
    ("remembered", "said", "answers", "truth"),
    [
        (PoolState.ACTIVE, AWAY, True, PoolState.FAILED_OVER),
        (PoolState.OUTAGE, AWAY, False, PoolState.FAILED_OVER),
        (PoolState.FAILED_OVER, HOME, True, PoolState.ACTIVE),
        (PoolState.FAILING_BACK, HOME, True, PoolState.ACTIVE),
        (PoolState.OUTAGE, HOME, False, PoolState.OUTAGE),
        (PoolState.OUTAGE, HOME, True, PoolState.ACTIVE),
        (PoolState.ACTIVE, BETWEEN, True, PoolState.FAILING_OVER),
        (PoolState.FAILING_BACK, BETWEEN, True, PoolState.FAILING_BACK),
        (PoolState.ACTIVE, ServerState("FailedOver", old=True), True, None),
        (PoolState.FAILED_OVER, ServerState(), True, None),
    ],
)
def test_where_a_pool_stands_by_its_servers(
    remembered: PoolState, said: ServerState, answers: bool, truth: PoolState | None
) -> None:
    assert stands(remembered, said, answers) is truth
