"""Says things to Slack, and sorts what it answers into what can be done about it."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from hashlib import blake2s
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.domain.errors import BotError
from handlers.blocks.blocks import Message
from handlers.blocks.kit import validate
from handlers.slack.people import AWAY

log = logging.getLogger(__name__)

NO_PLACE = frozenset(
    """cannot_dm_bot channel_not_found is_archived is_inactive messages_tab_disabled not_in_channel restricted_action
    restricted_action_read_only_channel restricted_action_thread_only_channel thread_not_found user_disabled
    user_not_found""".split()  # noqa: SIM905
)
GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
LAYOUT = frozenset(
    {"invalid_blocks", "invalid_blocks_format", "msg_too_long", "msg_blocks_too_long", "invalid_arguments"}
)
ANSWER_S = 10.0
"""No call waits longer, so that whoever may draw a card has drawn it before somebody else may."""

_RATE_LIMITED, _BROKEN = 429, 500
_RETRY_S = 30.0


class SlackAway(BotError):
    """Slack does not answer, or has heard enough for `seconds`; None when it did not say for how long."""

    def __init__(self, sentence: str, seconds: float | None = None) -> None:
        super().__init__(sentence)
        self.seconds = seconds


class NoPlace(BotError):
    """This channel or person takes no message of ours."""


class Gone(BotError):
    """The message that was to be changed is not there any more, or not ours to change."""


class Refused(BotError):
    """Slack says no to this very message, for a reason that nothing can be done about here."""


async def post(slack: AsyncWebClient, channel: str, message: Message, thread: str = "") -> tuple[str, str]:
    """A new message; gives the channel it landed in and its ts. Raises SlackAway, NoPlace or Refused."""
    where = {"channel": channel, "unfurl_links": False, "unfurl_media": False}
    answer = await _say(slack.chat_postMessage, where | ({"thread_ts": thread} if thread else {}), message)
    return str(answer["channel"]), str(answer["ts"])


async def edit(slack: AsyncWebClient, channel: str, ts: str, message: Message) -> None:
    """The message in the place of the one that is there. Raises SlackAway, Gone, NoPlace or Refused."""
    await _say(slack.chat_update, {"channel": channel, "ts": ts}, message)


def digest(message: Message) -> str:
    """The same for messages that look the same."""
    return blake2s(json.dumps(message, sort_keys=True).encode(), digest_size=16).hexdigest()


async def _say(
    call: Callable[..., Awaitable[AsyncSlackResponse]], where: dict[str, Any], message: Message
) -> AsyncSlackResponse:
    """Blocks that Slack would or does refuse are left out: the words alone still reach people."""
    problems = validate(message, "message")
    if problems:
        log.error("a message is sent as text alone: %s", "; ".join(f"{one.pointer} {one.code}" for one in problems[:5]))
    for blocks in ([] if problems else [message["blocks"]], []):
        try:
            async with asyncio.timeout(ANSWER_S):
                return await call(**where, text=message["text"], blocks=blocks[0] if blocks else [])
        except SlackApiError as refusal:
            if not blocks or _code(refusal) not in LAYOUT:
                raise _sorted(refusal) from refusal
            log.error("Slack refused the blocks of a message (%s); it is sent as text alone", _code(refusal))
        except AWAY as fault:
            raise SlackAway(f"Slack does not answer ({type(fault).__name__}).") from fault
    raise Refused("Slack takes neither the blocks nor the words of this message.")


def _sorted(refusal: SlackApiError) -> BotError:
    code, status = _code(refusal), int(refusal.response.status_code)
    if status == _RATE_LIMITED or code == "ratelimited":
        return SlackAway("Slack has heard enough for a while.", _wait(refusal.response))
    if status >= _BROKEN:
        return SlackAway(f"Slack answers with {status}.")
    kinds = ((NO_PLACE, NoPlace), (GONE, Gone))
    kind = next((kind for codes, kind in kinds if code in codes), Refused)
    return kind(f"Slack says {code}.")


def _wait(response: AsyncSlackResponse) -> float:
    said = str({key.lower(): value for key, value in response.headers.items()}.get("retry-after", ""))
    return max(1.0, float(said)) if said.isdigit() else _RETRY_S


def _code(refusal: SlackApiError) -> str:
    data = refusal.response.data
    return str(data.get("error") or "")[:60] if isinstance(data, dict) else ""
