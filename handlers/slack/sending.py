"""Sends files to one person as a direct message; into a conversation goes only what everybody there may read."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.errors import NotDelivered
from handlers.blocks import blocks
from handlers.slack import answers
from handlers.slack.answers import AWAY

log = logging.getLogger(__name__)

UPLOAD_S = 300
_PEOPLE = ("U", "W")
LONGEST_ALT = 1000
"""Slack takes no more of a description (facts: slack limits)."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way to Slack; `alt_text` says what a picture shows."""

    name: str
    data: bytes
    title: str
    alt_text: str = ""


async def send_file(
    slack: AsyncWebClient, user: str, name: str, data: bytes, title: str, comment: str, alt_text: str = ""
) -> None:
    """The file, to this person (U…) alone. `comment` is mrkdwn, `alt_text` says what a picture shows.

    Raises NotDelivered when Slack does not take it.
    """
    await send_files(slack, user, [Upload(name, data, title, alt_text)], comment)


async def send_files(
    slack: AsyncWebClient, to: str, files: Sequence[Upload], comment: str, thread: str | None = None
) -> None:
    """All files in one message, to this person (U…) alone, or to this conversation: there strangers may not read along.

    Raises NotDelivered when Slack does not take them.
    """
    try:
        channel = (await slack.conversations_open(users=[to]))["channel"]["id"] if to.startswith(_PEOPLE) else to
        await _patient(slack).files_upload_v2(
            channel=channel,
            thread_ts=thread,
            initial_comment=comment,
            file_uploads=[
                {
                    "filename": file.name,
                    "content": file.data,
                    "title": file.title,
                    "alt_txt": file.alt_text[:LONGEST_ALT] or None,
                }
                for file in files
            ],
        )
    except AWAY as error:
        reason = answers.why(error)
        log.warning("a file did not get to Slack: %s", reason)
        what, them = ("file", "it") if len(files) == 1 else ("files", "them")
        sentence = f"Slack did not take the {what} ({reason}), so you do not have {them}. Ask for {them} again."
        raise NotDelivered(sentence) from None


def _patient(slack: AsyncWebClient) -> AsyncWebClient:
    """The same client with time for many megabytes: the shared session gives up after what a message may take."""
    patient = AsyncWebClient(slack.token, slack.base_url, timeout=UPLOAD_S, retry_handlers=slack.retry_handlers)
    patient.proxy = slack.proxy
    return patient


async def say(slack: AsyncWebClient, to: str, *sentences: str, thread: str | None = None) -> None:
    """Sentences to this person alone, or in this conversation. Raises what calls to Slack raise."""
    await slack.chat_postMessage(channel=to, thread_ts=thread, **blocks.sentence(" ".join(sentences)))
