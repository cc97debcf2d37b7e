"""What Slack may call, and around it: our workspace only, each delivery once, one deadline, no exception leaves."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from functools import partial

from slack_bolt.async_app import AsyncApp
from slack_bolt.kwargs_injection.async_args import AsyncArgs
from slack_bolt.response import BoltResponse

from bot.domain.errors import BadInput, NotAllowed, NotDelivered, Replayed, StoreAway
from handlers import buttons, commands, home, modals
from handlers.blocks import blocks
from handlers.deliveries import once
from handlers.desk import Desk
from handlers.runs.refusing import refused
from handlers.slack import failures, payloads, replies
from handlers.slack.payloads import Body
from handlers.slack.replies import Reply
from handlers.slack.tally import Tally

log = logging.getLogger(__name__)

WORK_S = 2.0
"""From a delivery to the end of the work on it; Slack waits for 3 s, and an answer takes its time too."""

REPLY_S = 0.8
"""How long after that an answer may take at most."""

AGAIN = (StoreAway, TimeoutError, BadInput)
"""After these the same may be sent once more, as it is or mended."""

_ANY = re.compile(".*", re.DOTALL)

Handler = Callable[["Desk", AsyncArgs], Awaitable[Reply | None]]


def register(app: AsyncApp, desk: Desk) -> None:
    """Gives the app its listeners: one for each kind of thing that Slack sends. Once per app.

    Bolt asks them one after the other, so clicks come first.
    """
    listening = partial(listener, desk, Tally(log))
    app.action(_ANY)(listening(buttons.pressed, buttons.is_of_run))
    app.command("/rgs")(listening(commands.typed))
    app.view(_ANY)(listening(modals.submitted, modals.is_of_run))
    app.event("app_home_opened")(listening(home.home_opened))
    app.event("user_change")(listening(home.user_changed))
    app.event(re.compile("subteam_.+"))(listening(home.group_changed))


def listener(
    desk: Desk, tally: Tally, handle: Handler, marks: Callable[[Body], bool] = lambda body: False
) -> Callable[[AsyncArgs], Awaitable[BoltResponse | None]]:
    """The handler as Bolt may call it; `marks` says of which deliveries it leaves the mark itself, with what ends them.

    Another workspace is refused (401), the same delivery again is met with silence (200), and whatever is raised
    becomes a sentence for whoever acted.
    """

    async def listen(args: AsyncArgs) -> BoltResponse | None:
        if payloads.team(args.body) != desk.team:
            return BoltResponse(status=401, body="")
        # Bolt makes a client for every request, which would go by a proxy of its own.
        args.client = desk.slack
        deadline = asyncio.get_running_loop().time() + WORK_S
        try:
            async with asyncio.timeout_at(deadline):
                reply = await (_marked if marks(args.body) else _once)(desk, args, handle)
        except Replayed:
            return BoltResponse(status=200, body="")
        except NotAllowed as no:
            reply = await refused(desk, payloads.actor(args.body)[0], no, commands.asked_for(args.body))
        except Exception as error:
            # Bolt 1.30 with process_before_response answers 500 to whatever leaves a listener.
            reply = _sorry(error)
        await _answer(args, reply, deadline + REPLY_S, tally)
        return None

    return listen


async def _once(desk: Desk, args: AsyncArgs, handle: Handler) -> Reply | None:
    try:
        await once(desk, args)
    except StoreAway:
        if not commands.only_reads(args.body):
            raise
    return await handle(desk, args)


async def _marked(desk: Desk, args: AsyncArgs, handle: Handler) -> Reply | None:
    """What cannot be used is ended by nothing that is written, so it is marked here."""
    try:
        return await handle(desk, args)
    except BadInput:
        await once(desk, args)
        raise


def _sorry(error: Exception) -> Reply:
    return Reply(blocks.sentence(failures.sentence(error)), again=isinstance(error, AGAIN))


async def _answer(args: AsyncArgs, reply: Reply | None, deadline: float, tally: Tally) -> None:
    """Whatever becomes of the answer, the delivery is acknowledged; what did not get to Slack is counted in the log."""
    try:
        if reply is not None:
            async with asyncio.timeout_at(deadline):
                await replies.send(args, reply)
    except NotDelivered as no:
        tally.say(no.sentence)
    except Exception as error:
        tally.say(f"An answer did not get to Slack: {failures.named(error)}.")
    if args.ack.response is None:
        await args.ack()
