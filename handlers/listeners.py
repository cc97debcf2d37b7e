"""What stands around every listener: our workspace only, each delivery once, one deadline, and no exception leaves."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from slack_bolt.kwargs_injection.async_args import AsyncArgs
from slack_bolt.response import BoltResponse

from bot.domain.errors import BadInput, StoreAway
from handlers import failures, payloads, replies, views
from handlers.payloads import Kind
from handlers.replies import Reply

if TYPE_CHECKING:
    from handlers.desk import Desk

log = logging.getLogger(__name__)

WORK_S = 2.0
"""From a delivery to the end of the work on it; Slack waits for 3 s, and an answer takes its time too."""

REPLY_S = 0.8
"""How long after that an answer may take at most."""

REPLAY_S = 660
"""Longer than a signature can be used, which is five minutes to either side of now."""

AGAIN = (StoreAway, TimeoutError, BadInput)
"""After these the same may be sent once more, as it is or mended."""

Handler = Callable[["Desk", AsyncArgs], Awaitable[Reply | None]]


def listener(desk: Desk, handle: Handler) -> Callable[[AsyncArgs], Awaitable[BoltResponse | None]]:
    """The handler as Bolt may call it.

    Another workspace is refused (401), the same delivery again is met with silence (200), and whatever is raised
    becomes a sentence for whoever acted.
    """

    async def listen(args: AsyncArgs) -> BoltResponse | None:
        if payloads.team(args.body) != desk.team:
            return BoltResponse(status=401, body="")
        deadline = asyncio.get_running_loop().time() + WORK_S
        try:
            async with asyncio.timeout_at(deadline):
                if not await _is_fresh(desk, args):
                    return BoltResponse(status=200, body="")
                reply = await handle(desk, args)
        except Exception as error:
            reply = _sorry(error)
        await _answer(args, reply, deadline + REPLY_S)
        return None

    return listen


async def _is_fresh(desk: Desk, args: AsyncArgs) -> bool:
    """Events always are: they ask for nothing that could be done twice, and what they make us forget is to go."""
    delivery = payloads.delivery(args.body, args.context.get("signature", ""))
    if not delivery or payloads.kind(args.body) is Kind.EVENT:
        return True
    return await desk.cards.fresh(delivery, REPLAY_S)


def _sorry(error: Exception) -> Reply:
    return Reply(views.sentence(failures.sentence(error)), again=isinstance(error, AGAIN))


async def _answer(args: AsyncArgs, reply: Reply | None, deadline: float) -> None:
    if reply is None and args.ack.response is None:
        await args.ack()
    if reply is None:
        return
    try:
        async with asyncio.timeout_at(deadline):
            await replies.send(args, reply)
    except Exception as error:
        log.warning("an answer did not get to Slack: %s at %s", type(error).__name__, failures.where(error))
        await args.ack()
