"""An unmodified Bolt app beside a stand-in for Slack, joined over HTTP or Socket Mode."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, SOCKET, MemoryJournal, Sandbox
from tests.patience import PATIENCE_S

MANIFEST = json.loads((Path(__file__).parents[2] / "manifest.json").read_text())
ANNA, BORIS, CLARA, EMIL, FINN, GRETA = (
    "U0ANNA0001",
    "U0BORIS001",
    "U0CLARA001",
    "U0EMIL0001",
    "U0FINN0001",
    "U0GRETA001",
)
INCIDENT, BACKUPS, GENERAL, PARTNER = "C0INCIDENT", "C0BACKUPS1", "C0GENERAL1", "C0PARTNER1"
NO_RETRIES: list[Any] = []

Setup = Callable[[AsyncApp], None]


@dataclass(frozen=True, slots=True)
class Joined:
    sandbox: Sandbox
    client: AsyncWebClient
    app: AsyncApp


def section(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": words}, **more}


def button(action_id: str, words: str = "Press", **more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": words}, **more}


def actions(*elements: dict[str, Any], block_id: str = "row") -> dict[str, Any]:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def modal(title: str = "A form", *blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    shown = list(blocks) or [section("Hello")]
    return {"type": "modal", "title": {"type": "plain_text", "text": title}, "blocks": shown, **more}


def field(block_id: str, element: dict[str, Any], **more: Any) -> dict[str, Any]:
    label = {"type": "plain_text", "text": block_id.title()}
    return {"type": "input", "block_id": block_id, "label": label, "element": element, **more}


@asynccontextmanager
async def alone(**options: Any) -> AsyncIterator[tuple[Sandbox, AsyncWebClient]]:
    """A stand-in with nobody listening, and a client for its Web API; whoever comes to listen may take his time."""
    options = {"ack_seconds": PATIENCE_S} | options
    sandbox = Sandbox(options.pop("manifest", MANIFEST), options.pop("journal", MemoryJournal()), **options)
    await sandbox.start()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE_S)) as session:
        client = AsyncWebClient(BOT_TOKEN, base_url=sandbox.api_url, session=session, retry_handlers=NO_RETRIES)
        try:
            yield sandbox, client
        finally:
            await sandbox.stop()


@asynccontextmanager
async def joined(transport: str, setup: Setup, **options: Any) -> AsyncIterator[Joined]:
    """A stand-in and a Bolt app with the listeners `setup` gives it."""
    made: list[AsyncApp] = []

    async def receive(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await made[0].async_dispatch(await to_bolt_request(request)))

    front = web.Application()
    front.router.add_post("/slack/events", receive)
    runner = web.AppRunner(front, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    deliver = SOCKET if transport == SOCKET else f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
    try:
        async with alone(deliver=deliver, **options) as (sandbox, client):
            app = AsyncApp(client=client, signing_secret=SIGNING_SECRET)
            setup(app)
            made.append(app)
            async with listening(app, sandbox, transport):
                yield Joined(sandbox, client, app)
    finally:
        await runner.cleanup()


@asynccontextmanager
async def listening(app: AsyncApp, sandbox: Sandbox, transport: str) -> AsyncIterator[None]:
    if transport != SOCKET:
        yield
        return
    handler = AsyncSocketModeHandler(app, APP_TOKEN)
    await handler.connect_async()
    await sandbox.sockets.until_connected()
    try:
        yield
    finally:
        await handler.close_async()


async def refused(call: Any) -> dict[str, Any]:
    """The answer of a call that Slack refuses; a call that passes is an empty answer."""
    try:
        await call
    except SlackApiError as error:
        return dict(error.response.data)
    return {}
