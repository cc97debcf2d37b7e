"""Says things to Slack, no faster than it takes them, and sorts its refusals into what can be done about them."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from hashlib import blake2s
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.domain.errors import BotError
from handlers.blocks.blocks import Message, sentence
from handlers.blocks.kit import validate
from handlers.slack import answers, footing
from handlers.slack.answers import AWAY, RETRY_S, Answer, Kind
from handlers.slack.pace import POST, Pace
from handlers.slack.readers import AGAIN_S, NOT_TOLD, Readers

log = logging.getLogger(__name__)

ANSWER_S = 10.0
"""No call waits longer, so that whoever may draw a card has drawn it before somebody else may."""

EDIT, REMOVE = "chat.update", "chat.delete"

_GONE = frozenset({"message_not_found", "channel_not_found"})
_MOVED = "people of other organisations read this channel"
_MAY_BE_READ = "Slack does not tell who reads this channel"


class SlackAway(BotError):
    """Slack does not answer, or answers no to whatever it is asked."""


class HeldBack(BotError):
    """Slack has heard enough of this method in this channel until the second `until`."""

    def __init__(self, until: float) -> None:
        super().__init__("Slack has heard enough for a while.")
        self.until = until


class NoPlace(BotError):
    """This message cannot be here; another place may take it. Of an edit: it may be posted anew."""


class Overheard(NoPlace):
    """Strangers read along there, or may do so."""


class Speech:
    """A voice in Slack, silent where strangers read along. `now` gives seconds since the epoch.

    Its methods raise SlackAway, HeldBack or NoPlace.
    """

    def __init__(self, slack: AsyncWebClient, now: Callable[[], float], readers: Readers) -> None:
        self._slack, self._now, self._readers, self._pace = slack, now, readers, Pace()

    async def post(self, channel: str, message: Message, thread: str = "", *, afresh: bool = False) -> tuple[str, str]:
        """A new message; gives the channel it landed in and its ts. `afresh`: who reads there is asked now."""
        await self._allow(channel, afresh)
        where = {"channel": channel, "unfurl_links": False, "unfurl_media": False}
        where |= {"thread_ts": thread} if thread else {}
        answer = await self._say(POST, self._slack.chat_postMessage, where, message)
        return str(answer["channel"]), str(answer["ts"])

    async def edit(self, channel: str, ts: str, message: Message, what: str = "card") -> None:
        """The message in the place of the one that is there.

        Where strangers read along, that one says instead that it has moved, and Overheard is raised: then it has to be.
        """
        try:
            await self._allow(channel)
        except Overheard:
            await self._take_back(channel, ts, what)
            raise
        await self._say(EDIT, self._slack.chat_update, {"channel": channel, "ts": ts}, message)

    async def remove(self, channel: str, ts: str) -> None:
        """The message is there no more; also when it was not there before. NoPlace: Slack keeps it."""
        if until := self._pace.held(REMOVE, channel, self._now()):
            raise HeldBack(until)
        try:
            async with asyncio.timeout(ANSWER_S):
                await self._slack.chat_delete(channel=channel, ts=ts)
        except AWAY as fault:
            no = answers.of(fault)
            if no.code not in _GONE:
                raise self._sorted(no, REMOVE, channel) from fault

    async def _take_back(self, channel: str, ts: str, what: str) -> None:
        because = _MOVED if self._readers.shared(channel) else _MAY_BE_READ
        try:
            where = {"channel": channel, "ts": ts}
            await self._say(
                EDIT, self._slack.chat_update, where, sentence(f"This {what} has moved, because {because}.")
            )
        except NoPlace as no:
            log.warning("A %s stays in %s as it was, although strangers may read it: %s", what, channel, no.sentence)

    async def _allow(self, channel: str, afresh: bool = False) -> None:
        why = await self._readers.against(channel, afresh=afresh)
        if why == NOT_TOLD and self._readers.may_wait(channel):
            raise HeldBack(self._now() + AGAIN_S)
        if why:
            raise Overheard(f"Nothing is said there: {why}.")

    async def _say(
        self, method: str, call: Callable[..., Awaitable[AsyncSlackResponse]], where: dict[str, Any], message: Message
    ) -> AsyncSlackResponse:
        """Blocks that Slack would or does refuse are left out: the words alone still reach people."""
        channel, no = where["channel"], None
        for blocks in _layouts(message):
            if until := self._pace.held(method, channel, self._now()):
                raise HeldBack(until)
            try:
                async with asyncio.timeout(ANSWER_S):
                    answer = await call(**where, text=message["text"], blocks=blocks)
            except AWAY as fault:
                no = answers.of(fault)
                if no.kind is not Kind.LAYOUT:
                    raise self._sorted(no, method, channel) from fault
                log.error("Slack refused the layout of a message (%s)", no.why)
            else:
                self._pace.said(method, channel, self._now())
                return answer
        raise NoPlace(f"Slack takes neither the blocks nor the words of this message{f' ({no.why})' if no else ''}.")

    def _sorted(self, no: Answer, method: str, channel: str) -> BotError:
        if no.kind is Kind.RATE:
            wait = no.seconds or RETRY_S
            log.warning("Slack has heard enough of %s in %s: nothing goes there for %.0f s.", method, channel, wait)
            return HeldBack(self._pace.hold(method, channel, self._now(), wait))
        if no.kind is Kind.TOKEN:
            return SlackAway(footing.sentence(no, footing.BOT_TOKEN))
        if no.kind is Kind.OUTAGE:
            return SlackAway(f"Slack does not answer ({no.why}).")
        return NoPlace(f"Slack says {no.why or 'no, and not why'}.")


def digest(message: Message) -> str:
    """The same for messages that look the same."""
    return blake2s(json.dumps(message, sort_keys=True).encode(), digest_size=16).hexdigest()


def _layouts(message: Message) -> list[list[Any]]:
    """The blocks to try, one after the other; none of them: words alone."""
    problems = validate(message, "message")
    if problems:
        log.error("a message is sent as text alone: %s", "; ".join(f"{one.pointer} {one.code}" for one in problems[:5]))
    return [[]] if problems else [message["blocks"], []]
