"""Turns whatever went wrong into a sentence for whoever caused it; the rest goes into the log under a short id."""

from __future__ import annotations

import logging
import secrets
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

from aiohttp import ClientError
from slack_sdk.errors import SlackClientError

from bot.domain.errors import BotError
from handlers.slack import answers
from handlers.slack.answers import AWAY, Answer, Kind
from handlers.slack.footing import BOT_TOKEN
from handlers.slack.footing import sentence as firm

log = logging.getLogger(__name__)

LATE = (
    "Switchback got no answer from Redis or Slack in time. Whether this was saved is not known. "
    "The card shows what was; doing it again is safe, nothing is done twice."
)
FRAMES = 3

_SLACK = (SlackClientError, ClientError, ConnectionError)
_UNCHANGED = "Nothing was changed that the card does not show."
_SENTENCES: Mapping[Kind, str] = {
    Kind.LAYOUT: "Slack cannot show this ({why}).",
    Kind.RATE: "Slack gets too many calls and wants to be left alone for {seconds} s. Try again then.",
    Kind.OUTAGE: "Slack cannot be reached ({why}). Try again in a minute.",
    Kind.TRIGGER: "This took too long for Slack to open a form ({why}). Press again.",
    Kind.PLACE: "Slack refused what this needs ({why}).",
}


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
    if isinstance(error, _SLACK):
        return f"{_refusal(answers.of(error))} {_UNCHANGED}"
    id = mint()
    log.error("fault %s: %s at %s", id, type(error).__name__, where(error))
    return f"Something went wrong in Switchback (id {id}). {_UNCHANGED}"


def _refusal(no: Answer) -> str:
    if no.kind is Kind.TOKEN:
        return firm(no, BOT_TOKEN)
    return _SENTENCES[no.kind].format(why=no.why or "no reason given", seconds=round(no.seconds or 0))


def named(error: BaseException) -> str:
    """Its kind and place for the log, and why Slack refused, where it did."""
    why = f" ({answers.why(error)})" if isinstance(error, AWAY) else ""
    return f"{type(error).__name__}{why} at {where(error)}"


def unforeseen(error: BaseException) -> str:
    """The line about what Slack sent and Bolt could not take, without anything of what was sent."""
    return f"A request was not answered: {type(error).__name__} at {where(error)}."


def where(error: BaseException) -> str:
    """The innermost places, such as "buttons.py:40 < __init__.py:61"; without any value, which might be a secret."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in reversed(frames))
