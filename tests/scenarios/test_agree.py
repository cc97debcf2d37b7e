"""`/rgs`, Home, status and impact agree with each other, and with what is known of the pools at this moment."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from bot.domain.deployment.answers import Part, PoolAnswer
from bot.domain.model import PoolState
from bot.domain.runs.run import Phase, Run
from bot.runbooks.rows.facts import FORMAL
from handlers.blocks import actions
from tests.sandbox.parts import ANNA, EMIL, INCIDENT
from tests.scenarios.front import Front, opened
from tests.scenarios.stage import ANNA as OPENER
from tests.scenarios.stage import FAILBACK, FAILOVER, A, B, C
from tests.scenarios.test_typed import answer, failed_over, press


@pytest.fixture
async def front(redis: Redis) -> AsyncIterator[Front]:
    async with opened(redis) as front:
        yield front


async def answering(front: Front, *pools: str) -> None:
    for fqdn in pools or (A, B, C):
        await front.desk.answers.note(fqdn, PoolAnswer(front.stage.clock.now, last=front.stage.clock.now))


async def home_again(front: Front) -> Run:
    """Failed over and back, and nobody has said that they signed in."""
    await failed_over(front)
    await front.stage.bring_up(A)
    run = await front.stage.settle((await front.desk.engine.start("failback", A, OPENER)).id)
    run = await front.stage.play(run, FAILBACK)
    assert run.phase is Phase.DONE and (await front.desk.runs.records([A]))[A].state is PoolState.ACTIVE
    await answering(front)
    return run


async def drawn(front: Front, user: str) -> str:
    await front.slack.open_home(user)
    return str((await front.slack.until(lambda: front.slack.home(user))).blocks)


async def test_groups_that_ring_nobody_after_a_failback_are_said_everywhere(front: Front) -> None:
    run = await home_again(front)
    many = len(FORMAL.of(run))
    rings = f"{many} groups of pool-a* ring nobody"

    now = await answer(front, EMIL, "/rgs")
    assert rings in now.text and "Nothing needs you now" not in now.text
    await press(front, EMIL, now, actions.WHO, run.id)
    status = (await answer(front, EMIL, "/rgs status")).text
    assert f"*{A}* · ⚠️ active" in status and f"{many} groups ring nobody" in status
    assert "🟢 The other 2 pools active" in status
    home = await drawn(front, ANNA)
    assert rings in home and home.count(f"{many} groups ring nobody") == 1
    assert f"{many} groups ring nobody" in (await answer(front, EMIL, "/rgs pools")).text


async def test_they_are_still_said_when_later_runs_left_the_pool_where_it_is(front: Front) -> None:
    run = await home_again(front)
    later = await front.stage.settle((await front.desk.engine.start("failover", A, OPENER)).id)
    assert (await front.stage.press(later, "abandon", OPENER)).phase is Phase.ABANDONED

    assert (await front.desk.runs.records([A]))[A].run == later.id
    said = await answer(front, EMIL, "/rgs")
    assert f"{len(FORMAL.of(run))} groups of pool-a* ring nobody" in said.text
    await press(front, EMIL, said, actions.WHO, run.id)


async def test_they_end_with_the_word_of_an_agent_of_each(front: Front) -> None:
    run = await home_again(front)
    for address in await front.desk.agents.unsigned(run.id):
        await front.desk.agents.reach(run.id, [address], "asked", front.stage.clock.now, EMIL)  # type: ignore[arg-type]
        await front.desk.agents.sign_in(run.id, address, EMIL, front.stage.clock.now)

    assert "Nothing needs you now" in (await answer(front, EMIL, "/rgs")).text
    assert "🟢 All 3 pools active" in (await answer(front, EMIL, "/rgs status")).text


async def mute(front: Front, *pools: str, rounds: int = 2) -> None:
    now = front.stage.clock.now
    for fqdn in pools:
        await front.desk.answers.note(fqdn, PoolAnswer(now, Part.POOL, since=now - 60, rounds=rounds, last=now - 120))


async def test_the_failback_of_a_pool_that_does_not_answer_is_not_offered_but_can_be_started(front: Front) -> None:
    await failed_over(front)
    await mute(front, A)

    for said in (str((await answer(front, ANNA, "/rgs")).blocks), await drawn(front, ANNA)):
        assert "It does not answer: bring it up, then `/rgs failback pool-a`." in said
        assert f"{actions.DO}failback" not in said
    await answering(front, A)
    said = str((await answer(front, ANNA, "/rgs")).blocks)
    assert "Now: answers, " in said and f"{actions.DO}failback" in said

    await mute(front, A)
    await front.slack.command(ANNA, INCIDENT, "/rgs failback pool-a")
    assert "Starting: Failback" in front.told(ANNA)[-1]


async def test_a_run_that_tries_a_dead_pool_again_waits_for_somebody_to_bring_it_up(front: Front) -> None:
    await failed_over(front)
    run = await front.desk.engine.start("failback", A, OPENER)
    for _ in range(3):
        await front.desk.engine.tick()
        front.stage.clock.now += 6
    assert (await front.desk.runs.load(run.id)).tries >= 2

    for typed in ("/rgs", "/rgs status"):
        said = (await answer(front, EMIL, typed)).text
        assert "Somebody has to bring pool-a up. The run tries again by itself." in said
        assert "Nobody has to do anything" not in said and "Nothing needs you" not in said
    assert "Somebody has to bring pool-a up." in await drawn(front, EMIL)


async def test_no_outage_is_offered_that_could_not_be_declared(front: Front) -> None:
    await failed_over(front)
    await mute(front, B)
    said = await answer(front, ANNA, "/rgs")
    assert "It cannot be failed over while pool-a is failed over." in said.text
    assert f"{actions.DO}failover" not in str(said.blocks)


async def test_where_both_pools_of_a_pair_are_silent_one_has_to_be_brought_up(front: Front) -> None:
    await mute(front, A, B)
    said = await answer(front, ANNA, "/rgs")
    assert "Nor does pool-b: bring one up." in said.text
    assert f"{actions.DO}failover" not in str(said.blocks)


async def impact(front: Front, typed: str = "/rgs impact") -> str:
    return (await answer(front, EMIL, typed)).text


async def test_impact_is_that_of_an_outage_from_the_first_silent_look_on(front: Front) -> None:
    await answering(front)
    assert "callers and agents notice nothing" in await impact(front)
    await mute(front, A, rounds=1)
    for typed in ("/rgs impact", "/rgs impact pool-a"):
        said = await impact(front, typed)
        assert said.startswith("pool-a: what callers and agents notice during the outage, before failover:")
        assert "no answer since" in said and "no outage is declared" in said
        assert "New calls are cut off." in said and "If response groups" not in said


async def test_of_pools_that_nobody_knows_impact_says_so(front: Front) -> None:
    await answering(front, B, C)
    for typed in ("/rgs impact", "/rgs impact pool-a"):
        assert (await impact(front, typed)).startswith("Whether pool-a answers is not known.")


async def test_impact_says_that_groups_ring_nobody_while_they_do(front: Front) -> None:
    run = await failed_over(front)
    many = len(FORMAL.of(run))
    said = await impact(front)
    assert f"{many} groups ring nobody until an agent signs in." in said
    assert "New calls to other groups are answered on the backup pool." in said
    assert "New calls are answered on the backup pool." not in said


@pytest.mark.parametrize("typed", ["/rgs impact", "/rgs impact pool-a"])
async def test_impact_after_a_failback_says_it_too(front: Front, typed: str) -> None:
    run = await home_again(front)
    said = await impact(front, typed)
    assert said.startswith("pool-a: what callers and agents notice after failback completes:")
    assert f"{len(FORMAL.of(run))} groups ring nobody" in said and "as always" in said
    assert "New calls reach the pool as always." not in said


async def test_a_failed_test_call_and_a_silent_backup_pool_are_said_in_place_of_answered_calls(front: Front) -> None:
    await front.stage.settle((await front.desk.engine.start("backup", A, OPENER)).id)
    await front.stage.take_down(A)
    run = await front.stage.settle((await front.desk.engine.start("failover", A, OPENER)).id)
    while run.step != "outside":
        for choice, who in FAILOVER[run.step]:
            run = await front.stage.press(run, choice, who)
    run = await front.stage.press(run, "failed", OPENER, outside_heard="Nothing")
    assert run.step == "routes"
    said = await impact(front)
    assert "A test call failed at" in said and "answered on the backup pool" not in said
    for choice in ("routed", "worked"):
        run = await front.stage.press(run, choice, OPENER)
    if run.step == "outside":
        run = await front.stage.press(run, "worked", OPENER)
    assert "A test call failed" not in await impact(front)
    await mute(front, B)
    said = await impact(front, "/rgs impact pool-a")
    assert "pool-b does not answer, and it takes the calls of this pool." in said
    assert "answered on the backup pool" not in said


async def test_the_worst_is_told_first_and_the_others_are_named(front: Front) -> None:
    await failed_over(front)
    await mute(front, C)
    said = await impact(front)
    assert said.startswith("pool-c: what callers and agents notice during the outage")
    assert "Also: pool-a. `/rgs impact pool-a` shows it." in said
