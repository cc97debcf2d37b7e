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
from tests.scenarios.stage import FAILBACK, A, B, C
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
