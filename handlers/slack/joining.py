"""How the bot joins Slack: who it is, one client with one session, Bolt's answer to "who is asking", Socket Mode."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientError, ClientSession
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.errors import BadInput
from handlers.slack import failures

log = logging.getLogger(__name__)

BOLT = logging.getLogger("switchback.bolt")
"""Bolt's own lines hold request bodies, so only its failures are kept."""

_FIRM_NO = frozenset({"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"})


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bot is, as auth.test tells once at start."""

    team: str
    bot_user: str
    bot: str
    enterprise: str = ""


async def join(client: AsyncWebClient) -> Identity:
    """Who the bot is. Asks until Slack answers, for its outage delays cards, not backups; BadInput for a firm no."""
    wait_s = 1.0
    while True:
        try:
            who = await client.auth_test()
            return Identity(who["team_id"], who["user_id"], who["bot_id"], who.get("enterprise_id") or "")
        except SlackApiError as error:
            reason = failures.code(error)
            if reason in _FIRM_NO:
                raise BadInput(
                    f"Slack refuses SLACK_BOT_TOKEN ({reason}). Copy it again from the app's page."
                ) from None
        except (ClientError, OSError, TimeoutError) as error:
            reason = type(error).__name__
        log.warning("Slack does not answer yet (%s); asking again in %.0f s.", reason, wait_s)
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


def slack_client(token: str, base_url: str, session: ClientSession) -> AsyncWebClient:
    """One shared session with a deadline of its own: a connection for each call would cost 4.6 times the CPU."""
    return AsyncWebClient(
        token,
        base_url=base_url,
        session=session,
        # A retry here would sleep within a click, and hide from whoever draws cards how long Slack asks to wait.
        retry_handlers=[],
    )


async def open_socket(bolt: AsyncApp, app_token: str) -> Any:
    """Socket Mode, connected. Imported late: HTTP does not need it."""
    from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler

    handler = AsyncSocketModeHandler(bolt, app_token)
    await handler.connect_async()
    return handler
