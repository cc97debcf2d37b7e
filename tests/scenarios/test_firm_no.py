"""A firm no of Slack's is called what it is: at a start, to whoever presses, in the log, and to the probes."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial

import pytest
from redis.asyncio import Redis
from slack_sdk.errors import SlackApiError

from bot.app import driver_for, running
from bot.domain.errors import BadInput
from bot.domain.runs.run import Phase
from bot.sandbox import SOCKET, MemoryJournal, Sandbox
from bot.sandbox.api import METHODS
from bot.sandbox.faults import ANY
from bot.settings.settings import Settings
from handlers import drawer
from handlers.slack import answers, joining
from handlers.slack.answers import Kind
from tests.patience import until
from tests.sandbox.parts import ANNA, INCIDENT, MANIFEST
from tests.scenarios.house import House, house, settings_for

FIRM = sorted(code for code, kind in answers.KINDS.items() if kind is Kind.TOKEN)
NOES = (*FIRM, "no_permission", "a_word_that_nobody_knows")


async def ready(rooms: House) -> int:
    async with rooms.bot.slack.session.get(f"{rooms.url}/readyz") as answer:
        return answer.status


async def is_ready(rooms: House, status: int) -> bool:
    return await ready(rooms) == status


def said(log: pytest.LogCaptureFixture) -> list[str]:
    """What the bot itself wrote down."""
    return [record.getMessage() for record in log.records if record.name.startswith("handlers")]


@pytest.mark.parametrize("code", FIRM)
async def test_a_token_that_is_taken_no_more_is_named_to_whoever_presses_and_the_bot_is_not_ready(
    redis: Redis, code: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(joining, "ASK_S", 0.05)
    async with house(redis) as rooms:
        assert await ready(rooms) == 200
        rooms.slack.faults.refused[ANY, ANY] = code

        await until(partial(is_ready, rooms, 503))
        await rooms.slack.command(ANNA, INCIDENT, "/rgs backup pool-a")
        assert "SLACK_BOT_TOKEN" in rooms.told(ANNA)[-1] and code in rooms.told(ANNA)[-1]
        assert "in time" not in rooms.told(ANNA)[-1] and await rooms.bot.runs.page() == ()
        assert sum("SLACK_BOT_TOKEN" in line and code in line for line in caplog.messages) == 1
        rooms.slack.faults.refused.clear()
        await until(partial(is_ready, rooms, 200))


@pytest.mark.parametrize("code", FIRM)
async def test_a_token_that_is_refused_at_the_start_ends_it_with_one_sentence(redis: Redis, code: str) -> None:
    await refused_start(redis, "auth.test", code, "SLACK_BOT_TOKEN", "http")


@pytest.mark.parametrize("code", FIRM)
async def test_an_app_token_that_is_refused_at_the_start_ends_it_with_one_sentence(redis: Redis, code: str) -> None:
    await refused_start(redis, "apps.connections.open", code, "SLACK_APP_TOKEN", SOCKET)


async def refused_start(redis: Redis, method: str, code: str, variable: str, road: str) -> None:
    slack = Sandbox(MANIFEST, MemoryJournal())
    await slack.start()
    slack.faults.refused[method, ANY] = code
    settings: Settings = settings_for(road, slack)
    try:
        with pytest.raises(BadInput) as refused:
            async with asyncio.timeout(20), running(settings, redis, driver_for(settings, redis)):
                pass
    finally:
        await slack.stop()
    assert variable in refused.value.sentence and code in refused.value.sentence


async def test_an_app_token_that_is_revoked_meanwhile_is_one_line_a_spell_and_not_ready(
    redis: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    async with house(redis, SOCKET) as rooms:
        faults, sockets = rooms.slack.faults, rooms.slack.sockets
        again = rooms.bot._socket.client.connect_to_new_endpoint
        for spell in (1, 2):
            faults.refused["apps.connections.open", ANY] = "token_revoked"
            await sockets.disconnect("link_disabled")
            await until(partial(is_ready, rooms, 503))
            for _ in range(3):
                with suppress(SlackApiError):
                    await again()
            assert sum("SLACK_APP_TOKEN" in line and "token_revoked" in line for line in said(caplog)) == spell

            faults.refused.clear()
            await again()
            await until(partial(is_ready, rooms, 200))
            await sockets.until_connected()


@pytest.mark.parametrize("method", sorted(METHODS))
async def test_whatever_method_says_whatever_no_everybody_is_answered_and_it_goes_on_afterwards(
    redis: Redis, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawer, "_REFUSED_S", 0.1)
    monkeypatch.setattr(joining, "ASK_S", 0.05)
    async with house(redis) as rooms:
        for code in NOES:
            rooms.slack.faults.refused[method, ANY] = code
            await afresh(rooms)
            await rooms.slack.open_home(ANNA)
            for typed in ("/rgs backup pool-a", "/rgs status"):
                outcome, said = await rooms.slack.command(ANNA, INCIDENT, typed), rooms.told(ANNA)[-1]
                assert outcome.ok and "Something went wrong" not in said, (code, said)

            rooms.slack.faults.refused.clear()
            await afresh(rooms)
            await until(partial(at_rest, rooms))


async def afresh(rooms: House) -> None:
    """What Slack said of people and groups is asked again."""
    anna = rooms.slack.workspace.person(ANNA)
    assert anna is not None
    await rooms.slack.change_person(anna)
    await rooms.slack.change_group("S0SERVER01", [ANNA])


async def at_rest(rooms: House) -> bool:
    """Every run has ended well, and Slack has been shown and told everything."""
    runs = await rooms.bot.runs.page(count=50)
    cards = [await rooms.bot.stores.cards.place(run.id) for run in runs]
    due = await rooms.bot.runs.outbox(float("inf"))
    return all(run.phase is Phase.DONE for run in runs) and all(cards) and not due and await ready(rooms) == 200
