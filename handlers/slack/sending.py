"""Sends a file to one person as a direct message; a channel is never asked for, so a file can never get into one."""

from __future__ import annotations

import logging

from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.errors import NotDelivered
from handlers.blocks import blocks
from handlers.slack import answers
from handlers.slack.answers import AWAY

log = logging.getLogger(__name__)

UPLOAD_S = 300
LONGEST_ALT = 1000
"""Slack takes no more of a description (facts: slack limits)."""


async def send_file(
    slack: AsyncWebClient, user: str, name: str, data: bytes, title: str, comment: str, alt_text: str = ""
) -> None:
    """The file, to this person (U…) alone. `comment` is mrkdwn, `alt_text` says what a picture shows.

    Raises NotDelivered when Slack does not take it.
    """
    try:
        opened = await slack.conversations_open(users=[user])
        await _patient(slack).files_upload_v2(
            channel=opened["channel"]["id"],
            filename=name,
            content=data,
            title=title,
            initial_comment=comment,
            alt_txt=alt_text[:LONGEST_ALT] or None,
        )
    except AWAY as error:
        reason = answers.why(error)
        log.warning("a file did not get to Slack: %s", reason)
        sentence = f"Slack did not take the file ({reason}), so you do not have it. Ask for it again."
        raise NotDelivered(sentence) from None


def _patient(slack: AsyncWebClient) -> AsyncWebClient:
    """The same client with time for many megabytes: the shared session gives up after what a message may take."""
    patient = AsyncWebClient(slack.token, slack.base_url, timeout=UPLOAD_S, retry_handlers=slack.retry_handlers)
    patient.proxy = slack.proxy
    return patient


async def say(slack: AsyncWebClient, user: str, *sentences: str) -> None:
    """Sentences to this person alone. Raises what calls to Slack raise."""
    await slack.chat_postMessage(channel=user, **blocks.sentence(" ".join(sentences)))
