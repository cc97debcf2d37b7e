"""Who is there: at this moment, and in a channel. What Slack does not tell in time is a state of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from enum import IntEnum

from slack_sdk.web.async_client import AsyncWebClient

from handlers.slack import answers
from handlers.slack.answers import AWAY
from handlers.slack.cache import Cache

log = logging.getLogger(__name__)

REMEMBERED_S = 60.0
ANSWER_S = 1.5
_PAGE = 1000
_PAGES = 10


class Here(IntEnum):
    """Whether somebody is at work; the first one is called first."""

    ACTIVE = 0
    UNKNOWN = 1
    AWAY = 2


class Presence:
    """Each answer holds for a minute, silence as well, so that Slack's limits suffice. `now` gives seconds."""

    def __init__(self, slack: AsyncWebClient, now: Callable[[], float]) -> None:
        self._slack = slack
        self._here = Cache(self._ask, REMEMBERED_S, now=now)
        self._members = Cache(self._list, REMEMBERED_S, now=now)

    async def of(self, users: Iterable[str]) -> Mapping[str, Here]:
        """Of these people (U…)."""
        asked = list(users)
        return dict(zip(asked, await asyncio.gather(*map(self._here.get, asked)), strict=True))

    async def members(self, channel: str) -> frozenset[str] | None:
        """The people in this channel; None when Slack does not tell."""
        return await self._members.get(channel)

    async def _ask(self, user: str) -> Here:
        try:
            async with asyncio.timeout(ANSWER_S):
                said = (await self._slack.users_getPresence(user=user)).get("presence")
        except AWAY as fault:
            log.info("Slack does not tell whether %s is there: %s", user, answers.why(fault))
            return Here.UNKNOWN
        return {"active": Here.ACTIVE, "away": Here.AWAY}.get(str(said), Here.UNKNOWN)

    async def _list(self, channel: str) -> frozenset[str] | None:
        found: set[str] = set()
        cursor = ""
        try:
            async with asyncio.timeout(ANSWER_S):
                for _ in range(_PAGES):
                    page = await self._slack.conversations_members(channel=channel, limit=_PAGE, cursor=cursor)
                    found.update(page.get("members") or ())
                    cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
                    if not cursor:
                        break
        except AWAY as fault:
            log.info("Slack does not tell who is in %s: %s", channel, answers.why(fault))
            return None
        return frozenset(found)
