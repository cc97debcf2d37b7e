"""Through the front door: what is typed behind `/rgs`, and the buttons of its answers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from bot.domain.runs.run import Run
from bot.sandbox import Message, View
from handlers.blocks import actions
from tests.sandbox.parts import EMIL, FINN, INCIDENT
from tests.scenarios.front import Front, opened
from tests.scenarios.stage import ANNA as OPENER
from tests.scenarios.stage import FAILOVER, A


@pytest.fixture
async def front(redis: Redis) -> AsyncIterator[Front]:
    async with opened(redis) as front:
        yield front


async def answer(front: Front, user: str, typed: str, channel: str = INCIDENT) -> Message:
    """What only this person is told."""
    await front.slack.command(user, channel, typed)
    return front.slack.ephemerals(user)[-1]


async def press(front: Front, user: str, where: Message | View, action: str, value: str) -> None:
    """The button that carries this value."""
    for block in where.blocks:
        for element in (*block.get("elements", ()), block.get("accessory", {})):
            if (element.get("action_id"), element.get("value")) == (action, value):
                await front.slack.click(user, where, action, block_id=block["block_id"])
                return
    raise AssertionError(f"no button {action} carries {value}: {where.blocks}")


async def failed_over(front: Front) -> Run:
    await front.stage.settle((await front.desk.engine.start("backup", A, OPENER)).id)
    await front.stage.take_down(A)
    run = await front.stage.settle((await front.desk.engine.start("failover", A, OPENER)).id)
    return await front.stage.play(run, FAILOVER)


async def test_each_run_of_the_list_opens_its_timeline_for_every_member(front: Front) -> None:
    run = await failed_over(front)
    listed = await answer(front, EMIL, "/rgs runs")

    await press(front, EMIL, listed, actions.TIMELINE, run.id)

    view = front.slack.modal(EMIL)
    assert view and "What happened" in str(view.body) and "Invoke-CsPoolFailOver" in str(view.body)
    assert "Guests cannot do this" in (await answer(front, FINN, "/rgs runs")).text


async def test_home_opens_the_timeline_of_a_run_that_has_ended_and_of_one_that_waits(front: Front) -> None:
    ended = await failed_over(front)
    waits = await front.stage.settle((await front.desk.engine.start("failback", A, OPENER)).id)
    await front.slack.open_home(EMIL)
    home = await front.slack.until(lambda: front.slack.home(EMIL))

    for run in (ended, waits):
        await press(front, EMIL, home, actions.TIMELINE, run.id)
        view = front.slack.modal(EMIL)
        assert view and run.id in str(view.body) and "What happened" in str(view.body)
        await front.slack.close(EMIL, view.id)
