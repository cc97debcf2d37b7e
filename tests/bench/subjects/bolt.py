"""A Bolt app that does nothing, served by aiohttp as its adapter does it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from tests.bench.subjects.control import listening, options, until_closed


async def main(environ: Mapping[str, str], action: str, before: bool = False) -> None:
    client = AsyncWebClient(environ["SLACK_BOT_TOKEN"], base_url=environ["SLACK_API_URL"])
    secret = environ["SLACK_SIGNING_SECRET"]
    app = AsyncApp(client=client, signing_secret=secret, process_before_response=before)

    @app.action(action)
    async def approve(ack) -> None:
        await ack()

    async def take(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    application = web.Application()
    application.router.add_post("/slack/events", take)
    async with listening(application) as port:
        await until_closed(port)


if __name__ == "__main__":
    asyncio.run(main(**options()))
