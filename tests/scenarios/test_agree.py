"""`/rgs`, Home, status and impact agree with each other, and with what is known of the pools at this moment."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from bot.domain.deployment.answers import PoolAnswer
from bot.domain.model import PoolState
from bot.domain.runs.run import Phase, Run
from bot.runbooks.rows.facts import FORMAL
from handlers.blocks import actions
from tests.sandbox.parts import ANNA, EMIL
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
