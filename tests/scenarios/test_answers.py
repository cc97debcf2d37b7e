"""Where the answer to a click goes, and what is said when it does not get there, or when Slack opens no form."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from urllib.parse import parse_qs

import pytest
from aiohttp import web
from redis.asyncio import Redis

from bot.domain.runs.run import Run
from bot.sandbox import Message, Trouble
from handlers.blocks import actions
from tests.sandbox.parts import ANNA, EMIL, INCIDENT
from tests.scenarios.front import TEAM, Front, click, form, opened
from tests.scenarios.stage import ANNA as OPENER
from tests.scenarios.stage import A

DECLARE = actions.action_id("declare")


@pytest.fixture
async def front(redis: Redis) -> AsyncIterator[Front]:
    async with opened(redis) as front:
        yield front


@asynccontextmanager
async def host() -> AsyncIterator[tuple[str, list[str]]]:
    """Another server than Slack's, which takes everything; and what was posted to it."""
    taken: list[str] = []

    async def take(request: web.Request) -> web.Response:
        taken.append(await request.text())
        return web.Response(text="ok")

    door = web.Application()
    door.router.add_route("*", "/{path:.*}", take)
    runner = web.AppRunner(door, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}", taken
    finally:
        await runner.cleanup()


async def asking(front: Front) -> tuple[Run, Message]:
    """A failover that waits for its outage to be declared, and its card."""
    run = await front.stage.settle(
        (await front.desk.engine.start("failover", A, replace(OPENER, id=f"{TEAM}:{ANNA}"))).id
    )
    return run, await front.card(run)


async def clicked(front: Front, run: Run, user: str, address: str, trigger: str = "1.2.a") -> None:
    """Somebody presses, and Slack signs a click that says where its answer goes."""
    payload = json.loads(parse_qs(click(run, "declare", user, trigger=trigger).decode())["payload"][0])
    body, headers = form({"payload": json.dumps({**payload, "response_url": address})})
    assert await front.signed(body, headers) == (200, "")


def address_at_slack(front: Front, user: str) -> str:
    return f"{front.slack.address}/response/{front.slack.slack.tickets.response_url(INCIDENT, user).id}"


def lines(log: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in log.records if record.name.startswith("handlers")]


async def test_nothing_is_posted_where_a_click_leads_to_another_host_and_the_log_counts_it(
    front: Front, caplog: pytest.LogCaptureFixture
) -> None:
    run, _ = await asking(front)
    async with host() as (address, taken):
        for number in range(3):
            await clicked(front, run, EMIL, f"{address}/actions/T1/2/{number}", f"1.2.{number}")
        assert taken == [] and not front.told(EMIL)
    assert lines(caplog) == ["An answer to a click was not posted: its response_url is not at Slack."]

    await clicked(front, run, EMIL, address_at_slack(front, EMIL), "1.2.b")
    assert "which you do not hold" in front.told(EMIL)[0]


@pytest.mark.parametrize(
    ("gone", "line"),
    [
        (False, "Slack did not take an answer to a click (status 404)."),
        (True, "An answer did not get to Slack: ClientConnectorError (no connection: ClientConnectorError) at "),
    ],
)
async def test_an_answer_that_does_not_get_to_slack_is_counted_and_the_click_is_acknowledged(
    front: Front, caplog: pytest.LogCaptureFixture, gone: bool, line: str
) -> None:
    run, card = await asking(front)
    await front.slack.click(EMIL, card, DECLARE)
    if gone:
        await front.slack.stop()
    for number in range(3):
        await clicked(front, run, EMIL, f"{front.slack.address}/response/none", f"1.2.{number}")
    (said,) = lines(caplog)
    assert said.startswith(line)


async def test_a_form_that_slack_opens_no_more_says_press_again(front: Front) -> None:
    run, _ = await asking(front)
    late = front.slack.slack.tickets.trigger(ANNA).id
    front.stage.clock.now += 4.0
    await clicked(front, run, ANNA, address_at_slack(front, ANNA), late)
    assert front.slack.modal(ANNA) is None
    assert front.told(ANNA) == [
        "This took too long for Slack to open a form (expired_trigger_id). Press again. "
        "Nothing was changed that the card does not show."
    ]


async def test_a_connection_that_slack_drops_has_a_sentence_of_its_own(front: Front) -> None:
    _, card = await asking(front)
    await front.slack.click(ANNA, card, DECLARE)
    front.slack.faults.next_calls(1, Trouble.DROPPED)
    await front.slack.click(ANNA, card, DECLARE)
    assert front.told(ANNA) == [
        "Slack cannot be reached (no connection: ServerDisconnectedError). Try again in a minute. "
        "Nothing was changed that the card does not show."
    ]
