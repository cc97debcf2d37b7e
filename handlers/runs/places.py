"""Where a run's card goes: to where it was asked for, unless the bot is not there, nobody else is, or strangers are."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.errors import BadInput
from handlers.desk import Desk
from handlers.slack import answers
from handlers.slack.answers import AWAY

log = logging.getLogger(__name__)

ANSWER_S = 1.0
DIRECT = "D"
"""What the ids of direct messages begin with."""

ALONE = "nobody else reads along here"
NOT_A_MEMBER = "Switchback is not a member here"
STRANGERS = "people of other organisations read along here"
NOT_TOLD = "Slack did not tell who reads along here"


@dataclass(frozen=True, slots=True)
class CardPlace:
    """Where a run was asked for, and why its card does not appear there, or nothing.

    `channel` is empty when the card must not go there. One that cannot be posted goes to the incident channel as well.
    """

    channel: str
    because: str = ""

    @property
    def sentence(self) -> str:
        """Where the card appears."""
        elsewhere = f"Its card appears in the incident channel, since {self.because}."
        return elsewhere if self.because else "Its card appears here in a moment."


async def find(desk: Desk, channel: str, command: str) -> CardPlace:
    """Where the card of a run that is asked for in this channel goes; in doubt, to the incident channel.

    Raises BadInput, which says where to type the command instead, when there is no incident channel to go to.
    """
    place = await _look(desk, channel)
    if place.because and not desk.incidents:
        raise BadInput(
            f"Nothing was started: {place.because}, and no incident channel is configured that its card could go to. "
            f"Type `{command}` in a channel that only this workspace reads and that Switchback is a member of."
        )
    return place


async def is_ours(desk: Desk, channel: str) -> bool:
    """Whether only people of our workspace read along in this channel; in doubt, not."""
    return bool((await _look(desk, channel)).channel)


async def _look(desk: Desk, channel: str) -> CardPlace:
    if not channel or channel.startswith(DIRECT):
        return CardPlace("", ALONE)
    if channel == desk.incidents:
        return CardPlace(channel)
    try:
        async with asyncio.timeout(ANSWER_S):
            return _judge(channel, (await desk.slack.conversations_info(channel=channel))["channel"])
    except AWAY as fault:
        log.info("Slack does not tell who reads along in %s: %s", channel, answers.why(fault))
        return (
            CardPlace(channel, NOT_A_MEMBER) if answers.code(fault) == "channel_not_found" else CardPlace("", NOT_TOLD)
        )


def _judge(channel: str, info: Mapping[str, Any]) -> CardPlace:
    if info.get("is_ext_shared") or info.get("is_pending_ext_shared"):
        return CardPlace("", STRANGERS)
    return CardPlace(channel, "" if info.get("is_member") else NOT_A_MEMBER)
