"""Where a run's card goes: to where it was asked for, unless the bot is not there, nobody else is, or strangers are."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from handlers.failures import code
from handlers.people import AWAY

if TYPE_CHECKING:
    from handlers.desk import Desk

log = logging.getLogger(__name__)

ANSWER_S = 1.0
DIRECT = "D"
"""What the ids of direct messages begin with."""

HERE = "Its card appears here in a moment."
ELSEWHERE = "Its card appears in the incident channel"
NOT_A_MEMBER = f"{ELSEWHERE}, since Switchback is not a member here."


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run was asked for, and a sentence about where its card appears.

    `channel` is empty when the card must not go there. One that cannot be posted goes to the incident channel as well.
    """

    channel: str
    sentence: str


async def find(desk: Desk, channel: str) -> Place:
    """Where the card of a run that is asked for in this channel goes; in doubt, to the incident channel."""
    if channel == desk.incidents or (channel and not desk.incidents):
        return Place(channel, HERE)
    return await _look(desk, channel)


async def is_ours(desk: Desk, channel: str) -> bool:
    """Whether only people of our workspace read along in this channel; in doubt, not."""
    return channel == desk.incidents or bool((await _look(desk, channel)).channel)


async def _look(desk: Desk, channel: str) -> Place:
    if not channel or channel.startswith(DIRECT):
        return Place("", f"{ELSEWHERE}, where others can see it.")
    try:
        async with asyncio.timeout(ANSWER_S):
            return _judge(channel, (await desk.slack.conversations_info(channel=channel))["channel"])
    except AWAY as fault:
        log.info("Slack does not tell who reads along in %s: %s", channel, type(fault).__name__)
        if code(fault) == "channel_not_found":
            return Place(channel, NOT_A_MEMBER)
        return Place("", f"{ELSEWHERE}, since Slack did not tell who reads along here.")


def _judge(channel: str, info: Mapping[str, Any]) -> Place:
    if info.get("is_ext_shared") or info.get("is_pending_ext_shared"):
        return Place("", f"{ELSEWHERE}, since people of other organisations read along here.")
    return Place(channel, HERE if info.get("is_member") else NOT_A_MEMBER)
