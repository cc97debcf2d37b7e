"""Where a run's card goes: to where it was asked for, unless the bot is not there or strangers are."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from handlers.people import AWAY

if TYPE_CHECKING:
    from handlers.desk import Desk

log = logging.getLogger(__name__)

HERE = "Its card appears here in a moment."
_INCIDENTS = "Its card appears in the incident channel"


@dataclass(frozen=True, slots=True)
class Place:
    """`channel` is empty for the configured incident channel; `sentence` tells whoever asked where to look."""

    channel: str
    sentence: str


async def find(desk: Desk, channel: str) -> Place:
    """Where a card that is asked for in this channel goes; whatever is in doubt goes to the incident channel."""
    if not desk.incidents or channel == desk.incidents:
        return Place(channel, HERE)
    if not channel:
        return Place("", f"{_INCIDENTS}.")
    try:
        answer = await desk.slack.conversations_info(channel=channel)
    except AWAY as fault:
        log.info("a card cannot go to %s: %s", channel, type(fault).__name__)
        return Place("", f"{_INCIDENTS}, since Switchback is not a member here.")
    return _judge(channel, answer["channel"])


def _judge(channel: str, info: Mapping[str, Any]) -> Place:
    if any(info.get(key) for key in ("is_ext_shared", "is_pending_ext_shared")):
        return Place("", f"{_INCIDENTS}, since people of other organisations read along here.")
    if info.get("is_im") or not info.get("is_member"):
        return Place("", f"{_INCIDENTS}, since Switchback is not a member here.")
    return Place(channel, HERE)
