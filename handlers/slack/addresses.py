"""Which e-mail address is whose in our workspace: for naming people only, never for letting them do anything."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from handlers.slack import answers
from handlers.slack.answers import AWAY
from handlers.slack.cache import Cache

log = logging.getLogger(__name__)

REFRESHED_S = 1800.0
_PAGE = 500
_WAITS = 20
"""A pass waits for Slack's rate limit so often at most."""


class Addresses:
    """Full members by their addresses, as one pass over `users.list` told them, read anew every half hour."""

    def __init__(self, client: AsyncWebClient, now: Callable[[], float] = time.monotonic) -> None:
        self._client = client
        self._read = Cache[str, Mapping[str, str]](self._pass, REFRESHED_S, now=now)

    async def of(self, addresses: Collection[str]) -> set[str]:
        """The user ids (`U…`) of those who have one of these; nobody while Slack does not tell."""
        return set((await self.found(addresses) or {}).values())

    async def found(self, addresses: Collection[str], patience_s: float | None = None) -> Mapping[str, str] | None:
        """The user ids (`U…`) by those of the addresses that somebody has; None while Slack does not tell.

        None as well when a pass takes longer than `patience_s`: it goes on, for whoever asks again.
        """
        try:
            async with asyncio.timeout(patience_s):
                known = await self._read.get("")
        except AWAY as fault:
            log.warning("Slack does not tell whose e-mail address is whose: %s", answers.why(fault))
            return None
        return {one: known[one.lower()] for one in addresses if one.lower() in known}

    async def _pass(self, _: str) -> Mapping[str, str]:
        found: dict[str, str] = {}
        cursor, more = "", True
        while more:
            page = await self._page(cursor)
            found |= {address.lower(): user["id"] for user in page["members"] if (address := _address(user))}
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            more = bool(cursor)
        return found

    async def _page(self, cursor: str) -> Any:
        for _ in range(_WAITS):
            try:
                return await self._client.users_list(limit=_PAGE, cursor=cursor)
            except SlackApiError as refusal:
                said = answers.of(refusal)
                if not said.seconds:
                    raise
                await asyncio.sleep(said.seconds)
        return await self._client.users_list(limit=_PAGE, cursor=cursor)


def _address(user: Mapping[str, Any]) -> str:
    """Of whom a press could count at all; whoever else has an address is nobody to be named."""
    barred = ("deleted", "is_bot", "is_restricted", "is_ultra_restricted", "is_stranger")
    return "" if any(user.get(key) for key in barred) else str((user.get("profile") or {}).get("email") or "")
