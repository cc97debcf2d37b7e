"""Fetching what people sent, from a peer that answers in every wrong way."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.companions.uploads import LARGEST_FILE
from bot.domain.errors import BadInput, BotError, NeverSent
from handlers.slack.uploads import SlackUploads


@asynccontextmanager
async def peer(
    answer: Callable[[web.Request], web.StreamResponse],
) -> AsyncIterator[tuple[SlackUploads, str, list[str]]]:
    """Uploads whose Slack answers every address like that, its address, and what it was asked for."""
    asked: list[str] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        asked.append(request.path)
        return answer(request)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with aiohttp.ClientSession() as session:
            client = AsyncWebClient("xoxb-secret", base_url=f"{url}/api/", session=session, retry_handlers=[])
            yield SlackUploads(client), url, asked
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("status", "kind", "sentence"),
    [
        (404, BadInput, "any more (status 404)"),
        (403, BadInput, "any more (status 403)"),
        (429, NeverSent, "status 429"),
        (500, NeverSent, "status 500"),
        (503, NeverSent, "status 503"),
    ],
)
async def test_what_slack_answers_instead_of_a_file_is_a_sentence(
    status: int, kind: type[BotError], sentence: str
) -> None:
    async with peer(lambda _: web.Response(status=status)) as (uploads, url, _):
        with pytest.raises(kind) as caught:
            await uploads.download(f"{url}/file")
        assert sentence in caught.value.sentence


async def test_a_redirect_never_gets_the_token() -> None:
    async with peer(lambda _: web.Response(status=302, headers={"Location": "/elsewhere"})) as (uploads, url, asked):
        with pytest.raises(BadInput, match="files:read"):
            await uploads.download(f"{url}/file")
        assert asked == ["/file"]


async def test_a_file_that_is_larger_than_it_was_said_to_be_is_not_taken_in() -> None:
    body = bytes(LARGEST_FILE + 1)
    async with peer(lambda _: web.Response(body=body)) as (uploads, url, _):
        with pytest.raises(BadInput, match="more than 10 MB"):
            await uploads.download(f"{url}/file")


async def test_a_file_that_says_it_is_too_large_is_not_even_asked_for() -> None:
    said = {"ok": True, "file": {"size": LARGEST_FILE + 1, "url_private_download": "never"}}
    async with peer(lambda _: web.json_response(said)) as (uploads, _, asked):
        with pytest.raises(BadInput, match="more than 10 MB"):
            await uploads.fetch("F0LARGE001")
        assert asked == ["/api/files.info"]


async def test_a_connection_that_breaks_is_tried_again_later() -> None:
    def breaking(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with peer(breaking) as (uploads, url, _):
        with pytest.raises(NeverSent, match="does not give the file"):
            await uploads.download(f"{url}/file")
