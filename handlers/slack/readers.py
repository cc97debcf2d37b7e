"""Who reads along in a channel: only our workspace, or strangers too. Whatever is said in a channel asks here first."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from handlers.slack import answers
from handlers.slack.answers import AWAY

log = logging.getLogger(__name__)

FRESH_S = 300.0
"""What is said rests on an answer no older than this."""

DOUBT_S = 3600.0
"""While Slack does not answer, what it said no longer ago than this holds."""

ANSWER_S = 1.0
AGAIN_S = 5.0
_PATIENT_S = 30.0
"""A short silence makes what is said wait; only a longer one sends it elsewhere."""

_PEOPLE = ("D", "U", "W")
"""What the ids of direct messages and of people begin with: nobody else reads those."""

STRANGERS = "people of other organisations read along here"
NOT_TOLD = "Slack did not tell who reads along here"


@dataclass(frozen=True, slots=True)
class Told:
    """What Slack said of a channel at the second `at`: do strangers read it, and is the bot in it?"""

    at: float
    strangers: bool
    member: bool


class Readers:
    """Slack's answers about channels, by id. `now` gives seconds; only their differences matter."""

    def __init__(self, slack: AsyncWebClient, now: Callable[[], float]) -> None:
        self._slack, self._now = slack, now
        self._told: dict[str, Told] = {}
        self._silent: dict[str, tuple[float, float]] = {}
        """Since when Slack does not answer, and when it was asked last."""

    async def told(self, channel: str, *, afresh: bool = False) -> Told | None:
        """What is known of it, asked now when that is old or `afresh`; None when Slack has not said for an hour."""
        known, now = self._told.get(channel), self._now()
        if known and not afresh and now - known.at <= FRESH_S:
            return known
        _, last = self._silent.get(channel, (now, float("-inf")))
        if now - last >= AGAIN_S and (said := await self._ask(channel)):
            return said
        return known if known and now - known.at <= DOUBT_S else None

    async def against(self, channel: str, *, afresh: bool = False) -> str:
        """Why nothing may be said there; empty when only our workspace reads it."""
        if channel.startswith(_PEOPLE):
            return ""
        told = await self.told(channel, afresh=afresh)
        if told is None:
            return NOT_TOLD
        return STRANGERS if told.strangers else ""

    def may_wait(self, channel: str) -> bool:
        """Whether Slack has been silent for so short a time that it is better asked again than passed by."""
        since, _ = self._silent.get(channel, (float("-inf"), 0.0))
        return self._now() - since < _PATIENT_S

    def shared(self, channel: str) -> bool | None:
        """Whether strangers read it by the last answer; None when there was none."""
        told = self._told.get(channel)
        return told.strangers if told else None

    @property
    def strangers(self) -> frozenset[str]:
        """The channels that strangers read by the last answers."""
        return frozenset(channel for channel, told in self._told.items() if told.strangers)

    async def _ask(self, channel: str) -> Told | None:
        try:
            async with asyncio.timeout(ANSWER_S):
                info = (await self._slack.conversations_info(channel=channel))["channel"]
        except AWAY as fault:
            return self._unanswered(channel, fault)
        self._silent.pop(channel, None)
        said = self._told[channel] = Told(self._now(), _is_read_by_strangers(info), bool(info.get("is_member")))
        return said

    def _unanswered(self, channel: str, fault: Exception) -> Told | None:
        log.info("Slack does not tell who reads along in %s: %s", channel, answers.why(fault))
        if answers.code(fault) == "channel_not_found":
            # Nothing can be said where Slack does not see us. Not kept: we may be invited at any moment.
            return Told(self._now(), strangers=False, member=False)
        since, _ = self._silent.get(channel, (self._now(), 0.0))
        self._silent[channel] = since, self._now()
        return None


def _is_read_by_strangers(info: Mapping[str, Any]) -> bool:
    """A channel shared within our Grid organisation has none; an invitation that is still open may be accepted now."""
    open_ = info.get("is_pending_ext_shared") or info.get("pending_shared") or info.get("pending_connected_team_ids")
    shared = info.get("is_ext_shared") or (info.get("is_shared") and not info.get("is_org_shared"))
    return bool(open_ or shared)
