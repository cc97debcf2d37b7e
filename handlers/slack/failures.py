"""Turns whatever went wrong into a sentence for whoever caused it; the rest goes into the log under a short id."""

from __future__ import annotations

import logging
import secrets
import traceback
from collections.abc import Callable
from pathlib import Path

from slack_sdk.errors import SlackApiError

from bot.domain.errors import BotError

log = logging.getLogger(__name__)

LATE = (
    "Switchback got no answer from Redis or Slack in time. Whether this was saved is not known. "
    "The card shows what was; doing it again is safe, nothing is done twice."
)
FRAMES = 3


def short_id() -> str:
    """Such as "4f2a": enough to find a line in the log, and too short to be masked as a phone number."""
    return secrets.token_hex(2)


def sentence(error: Exception, mint: Callable[[], str] = short_id) -> str:
    """What to tell people about this error: never a stack trace, never a token, never the server's own text."""
    match error:
        case BotError():
            return error.sentence
        case TimeoutError():
            return LATE
        case SlackApiError():
            reason = code(error) or "no reason given"
            return f"Slack refused what this needs ({reason}). Nothing was changed that the card does not show."
    id = mint()
    log.error("fault %s: %s at %s", id, type(error).__name__, where(error))
    return f"Something went wrong in Switchback (id {id}). Nothing was changed that the card does not show."


def where(error: BaseException) -> str:
    """The innermost places, such as "buttons.py:40 < __init__.py:61"; without any value, which might be a secret."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))


def code(error: Exception) -> str:
    """Slack's word for why it refused, such as "channel_not_found"; empty when it gave none, or did not even answer."""
    said = error.response.data if isinstance(error, SlackApiError) else None
    return str(said.get("error") or "")[:60] if isinstance(said, dict) else ""
