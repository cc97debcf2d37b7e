"""Whatever Slack answers to a message is sorted into what can be done about it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from handlers.blocks import blocks
from handlers.slack import speech
from handlers.slack.readers import Readers
from handlers.slack.speech import HeldBack, NoPlace, SlackAway, Speech
from tests.patience import PATIENCE_S
from tests.scenarios.stage import Clock

Answer = Callable[[dict[str, Any]], web.Response | Awaitable[web.Response]]


def voice(client: AsyncWebClient, at: float = 0.0) -> Speech:
    """It speaks at that second."""
    return Speech(client, Clock(at), Readers(client, Clock(at)))


@asynccontextmanager
async def slack(answer: Answer) -> AsyncIterator[tuple[AsyncWebClient, list[dict[str, Any]]]]:
    """A Web API that answers every call alike, and what it was asked."""
    asked: list[dict[str, Any]] = []

    async def call(request: web.Request) -> web.Response:
        asked.append(await request.json())
        answered = answer(asked[-1])
        return await answered if isinstance(answered, Awaitable) else answered

    app = web.Application()
    app.router.add_post("/api/{method}", call)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE_S)) as session:
            base = f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
            yield AsyncWebClient("xoxb-test", base_url=base, session=session, retry_handlers=[]), asked
    finally:
        await runner.cleanup()


def says(code: str, status: int = 200, **headers: str) -> Answer:
    def answer(asked: dict[str, Any]) -> web.Response:
        body = {"ok": not code, "error": code, "channel": "D1", "ts": "1.2"}
        return web.json_response(
            body, status=status, headers={key.replace("_", "-"): value for key, value in headers.items()}
        )

    return answer


async def never(asked: dict[str, Any]) -> web.Response:
    await asyncio.Event().wait()
    return web.Response()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (says("not_in_channel"), NoPlace),
        (says("channel_not_found"), NoPlace),
        (says("is_archived"), NoPlace),
        (says("user_disabled"), NoPlace),
        (says("message_not_found"), NoPlace),
        (says("cant_update_message"), NoPlace),
        (says("something_new"), NoPlace),
        (says("token_revoked"), SlackAway),
        (says("invalid_blocks"), NoPlace),
        (says("ratelimited", 429), HeldBack),
        (says("rate_limited"), HeldBack),
        (says("fatal_error", 503), SlackAway),
        (lambda asked: web.Response(status=502, text="<html>bad gateway</html>"), SlackAway),
    ],
)
async def test_every_refusal_is_of_the_kind_that_says_what_can_be_done(answer: Answer, kind: type[Exception]) -> None:
    async with slack(answer) as (client, _):
        with pytest.raises(kind):
            await voice(client).edit("D1", "1.2", blocks.sentence("Hello."))


async def test_a_server_that_is_not_there_is_slack_away() -> None:
    async with slack(says("")) as (client, _):
        client.base_url = "http://127.0.0.1:9/api/"
        with pytest.raises(SlackAway):
            await voice(client).post("D1", blocks.sentence("Hello."))


async def test_a_server_that_never_answers_is_slack_away_before_anybody_else_may_draw(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(speech, "ANSWER_S", 0.05)

    async with slack(never) as (client, _):
        with pytest.raises(SlackAway):
            await voice(client).edit("D1", "1.2", blocks.sentence("Hello."))


async def test_how_long_slack_wants_to_be_left_alone_is_taken_at_its_word() -> None:
    async with slack(says("ratelimited", 429, Retry_After="17")) as (client, _):
        with pytest.raises(HeldBack) as held:
            await voice(client, 100.0).post("D1", blocks.sentence("Hello."))
    assert held.value.until == 117


async def test_blocks_that_slack_refuses_are_left_out_and_the_words_are_sent() -> None:
    def answer(asked: dict[str, Any]) -> web.Response:
        return says("msg_blocks_too_long" if asked["blocks"] else "")(asked)

    async with slack(answer) as (client, asked):
        assert await voice(client).post("D1", blocks.sentence("Hello.")) == ("D1", "1.2")
    assert [(call["text"], bool(call["blocks"])) for call in asked] == [("Hello.", True), ("Hello.", False)]


async def test_blocks_that_slack_would_refuse_are_never_sent_and_the_log_says_which(
    caplog: pytest.LogCaptureFixture,
) -> None:
    faulty = {"text": "Hello.", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": ""}}]}
    with caplog.at_level(logging.ERROR):
        async with slack(says("")) as (client, asked):
            await voice(client).edit("D1", "1.2", faulty)
    assert [(call["text"], call["blocks"]) for call in asked] == [("Hello.", [])]
    assert "/blocks/0/text/text" in caplog.text and "Hello" not in caplog.text
