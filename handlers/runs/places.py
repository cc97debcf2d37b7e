"""Where a run's card goes: to where it was asked for, unless the bot is not there, nobody else is, or strangers are."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from bot.domain.errors import BadInput
from handlers.desk import Desk
from handlers.slack import answers
from handlers.slack.answers import AWAY
from handlers.slack.readers import NOT_TOLD, STRANGERS
from storage.cards import Place

log = logging.getLogger(__name__)

DIRECT = "D"
"""What the ids of direct messages begin with."""

ALONE = "nobody else reads along here"
NOTICES = "notices stand here"
NOT_A_MEMBER = "Switchback is not a member here"


@dataclass(frozen=True, slots=True)
class CardPlace:
    """Where a run was asked for, and why its card does not appear there, or nothing.

    `channel` is empty when the card must not go there; `instead` says where it appears then.
    One that cannot be posted goes to the incident channel as well.
    """

    channel: str
    because: str = ""
    instead: str = "in the incident channel"

    @property
    def sentence(self) -> str:
        """Where the card appears."""
        elsewhere = f"Its card appears {self.instead}, since {self.because}."
        return elsewhere if self.because else "Its card appears here in a moment."


async def find(desk: Desk, channel: str, command: str, *, moves: bool = False) -> CardPlace:
    """Where the card of a run that is asked for in this channel goes; in doubt, to the incident channel.

    So does one that moves pools, where a notice offered it: whoever works on the incident reads along there.

    Raises BadInput, which says where to type the command instead, when there is no incident channel to go to.
    """
    elsewhere = moves and channel == desk.notifications and desk.incidents not in ("", channel)
    if elsewhere and await is_ours(desk, desk.incidents):
        return CardPlace(desk.incidents, NOTICES)
    place = await _look(desk, channel, afresh=True)
    if place.because and not desk.incidents:
        raise BadInput(
            f"Nothing was started: {place.because}, and no incident channel is configured that its card could go to. "
            f"Type `{command}` in a channel that only this workspace reads and that Switchback is a member of."
        )
    if place.because and await desk.readers.against(desk.incidents):
        return replace(place, instead="where only this workspace reads it, or in a direct message")
    return place


async def is_ours(desk: Desk, channel: str) -> bool:
    """Whether only people of our workspace read along in this channel; in doubt, not."""
    return bool((await _look(desk, channel)).channel)


async def address(desk: Desk, place: Place) -> str:
    """That of a message in a channel, for a link; empty when Slack does not tell it in time."""
    try:
        answer = await desk.slack.chat_getPermalink(channel=place.channel, message_ts=place.ts)
    except AWAY as fault:
        log.info("no address for a message in %s: %s", place.channel, answers.why(fault))
        return ""
    return str(answer.get("permalink") or "")


async def _look(desk: Desk, channel: str, *, afresh: bool = False) -> CardPlace:
    if not channel or channel.startswith(DIRECT):
        return CardPlace("", ALONE)
    told = await desk.readers.told(channel, afresh=afresh)
    if told is None:
        return CardPlace("", NOT_TOLD)
    if told.strangers:
        return CardPlace("", STRANGERS)
    return CardPlace(channel, "" if told.member or channel == desk.incidents else NOT_A_MEMBER)
