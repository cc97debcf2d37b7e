"""How the bot joins Slack: who it is, one client with one session, Bolt's answer to "who is asking", Socket Mode."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiohttp import ClientSession
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.clock.pulse import Pulse, turning
from bot.domain.errors import BadInput
from handlers.slack import answers, failures, footing
from handlers.slack.answers import AWAY, Kind
from handlers.slack.footing import APP_TOKEN, BOT_TOKEN, Footing, Listening
from handlers.slack.proxies import proxy_for
from handlers.slack.shapes import NONSENSE, sound
from handlers.slack.tally import Tally

log = logging.getLogger(__name__)

BOLT = logging.getLogger("switchback.bolt")
"""Bolt's own lines hold request bodies, so only its failures are kept."""

SOCKET = logging.getLogger("switchback.socket")
"""The lines of Socket Mode: a trace at every try while Slack is away. What it answers is said by `Footing`, once."""

ASK_S = 30.0

# At a start, a method that this token may not call is as firm a no as a token that is not taken.
_NEVER = frozenset({Kind.TOKEN, Kind.PLACE})


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bot is, as auth.test tells once at start."""

    team: str
    bot_user: str
    bot: str
    enterprise: str = ""


async def join(client: AsyncWebClient) -> Identity:
    """Who the bot is. Raises BadInput for a firm no."""
    who = await _answered(client.auth_test, BOT_TOKEN)
    return Identity(who["team_id"], who["user_id"], who["bot_id"], who.get("enterprise_id") or "")


async def _answered(ask: Callable[[], Awaitable[AsyncSlackResponse]], variable: str) -> AsyncSlackResponse:
    """Asks until Slack answers, for its outage delays cards, not backups; BadInput for a firm no to the token."""
    wait_s = 1.0
    while True:
        try:
            return await ask()
        except AWAY as fault:
            no = answers.of(fault)
        if no.kind in _NEVER:
            raise BadInput(footing.sentence(no, variable))
        wait_s = max(wait_s, no.seconds or 0.0)
        log.warning("Slack does not answer yet (%s); asking again in %.0f s.", no.why, wait_s)
        await asyncio.sleep(wait_s)
        wait_s = min(wait_s * 2, 60.0)


def authorizer(identity: Callable[[], Identity | None], token: str) -> Callable[..., Awaitable[AuthorizeResult | None]]:
    """What Bolt asks on every request: answered from auth.test at start, instead of once more each time."""

    async def authorize(team_id: str | None = None) -> AuthorizeResult | None:
        who = identity()
        if who is None:
            return None
        return AuthorizeResult(
            enterprise_id=who.enterprise or None,
            team_id=who.team,
            bot_token=token,
            bot_id=who.bot,
            bot_user_id=who.bot_user,
        )

    return authorize


async def keep_asking(client: AsyncWebClient, stop: asyncio.Event, pulse: Pulse) -> None:
    """Until `stop`: whether Slack still accepts us. Without it, a bot that nobody uses would never hear of its end."""

    async def turn() -> float:
        with suppress(*AWAY):
            await client.auth_test()
        return ASK_S

    await turning(pulse, turn, stop)


def slack_client(token: str, base_url: str, session: ClientSession, footing: Footing) -> AsyncWebClient:
    """One shared session with a deadline of its own: a connection for each call would cost 4.6 times the CPU."""
    client = AsyncWebClient(
        token,
        base_url=base_url,
        session=session,
        # A retry here would sleep within a click, and hide from whoever draws cards how long Slack asks to wait.
        retry_handlers=[Listening(footing)],
    )
    client.proxy = proxy_for(base_url)
    return client


async def open_socket(bolt: AsyncApp, client: AsyncWebClient) -> Any:
    """Socket Mode, connected; `client` has the app-level token. Raises BadInput for a firm no.

    Imported late: HTTP does not need it.
    """
    from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler

    token = str(client.token)
    opened = await _answered(lambda: client.apps_connections_open(app_token=token), APP_TOKEN)
    handler = AsyncSocketModeHandler(bolt, token, logger=SOCKET, web_client=client)
    handler.client.socket_mode_request_listeners[:] = [partial(_taken, handler.handle, Tally(log))]
    handler.client.proxy = client.proxy
    handler.client.wss_uri = opened["url"]
    try:
        await handler.connect_async()
    except asyncio.CancelledError:
        await handler.close_async()
        raise
    return handler


async def _taken(handle: Callable[[Any, Any], Awaitable[None]], tally: Tally, socket: Any, asked: Any) -> None:
    """What comes over Socket Mode is looked at as at the other door; what is refused is not acknowledged either.

    Bolt and the SDK would write traces that quote what was sent.
    """
    try:
        sound(asked.payload)
    except (ValueError, RecursionError):
        return tally.say(NONSENSE)
    try:
        await handle(socket, asked)
    except Exception as error:
        tally.say(failures.unforeseen(error))
