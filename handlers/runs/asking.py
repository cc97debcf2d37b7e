"""Whoever may not press reads who may, and can have them asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from contextlib import suppress

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.domain.access import Need
from bot.domain.errors import BadInput, BotError, NotAllowed
from bot.domain.model import Person
from bot.domain.runs.run import FOR_PEOPLE
from handlers.asked import may, permit
from handlers.blocks import actions, blocks
from handlers.blocks.actions import Pressed
from handlers.blocks.blocks import Message, section
from handlers.blocks.wording import shown
from handlers.desk import Desk
from handlers.runs import whom
from handlers.slack.replies import Reply

_NAMES_S = 0.6
"""The refusal waits no longer for names."""

LABEL = "Ask them"
_LATE = "This is not asked any more, so nobody was asked. The card shows what is asked now."
_AGAIN = "They were asked already. Nobody is asked twice for the same question."
_ASKED = "They are asked now. The card shows the answer when there is one."


async def helped(desk: Desk, person: Person, button: Pressed, work: Awaitable[None]) -> Reply | None:
    """Awaits the work of a press; a refusal names people who can do it, and offers to ask them."""
    try:
        return await work
    except NotAllowed as no:
        found = await in_time(_able(desk, person, button))
        return Reply(_refusal(no.sentence, found, button)) if found else Reply(blocks.sentence(no.sentence))


async def in_time(able: Awaitable[list[Person]]) -> list[Person]:
    """Those people, or nobody where that takes too long or cannot be told."""
    with suppress(TimeoutError, BotError):
        async with asyncio.timeout(_NAMES_S):
            return await able
    return []


async def _able(desk: Desk, person: Person, button: Pressed) -> list[Person]:
    """Who can do what this person may not, while that is asked; at most as many as are called at once."""
    view = await desk.engine.view(button.run_id)
    choice = next((one for one in view.buttons if one.key == button.choice), None)
    if choice is None or view.run.question != button.question or not view.waits_for_people:
        return []
    need = choice.need or view.need
    others = [one for one in await whom.people(desk, view.run) if one.id != person.id]
    return [one for one in others if may(one, need) and whom.waits_for(view, one)][: whom.MOST]


def _refusal(said: str, able: list[Person], button: Pressed) -> Message:
    ask = blocks.button(LABEL, actions.ASK, actions.ask_value(button.run_id, button.question), style="primary")
    text = f"{shown(said, 2000)} {can(able)}"
    return {"text": text, "blocks": [section(text), blocks.actions([ask])]}


def can(able: Sequence[Person]) -> str:
    """ "Anna Berg and Boris Lind can do this." """
    names = [shown(one.name, 80) for one in able]
    return f"{' and '.join(filter(None, (', '.join(names[:-1]), names[-1])))} can do this."


async def pressed(desk: Desk, args: AsyncArgs, person: Person, value: str) -> Reply:
    """ "Ask them": once for each question, whoever presses it."""
    run_id, question = actions.decode_ask(value)
    await permit(desk, person, Need.ANYONE, "ask", run_id)
    run = await desk.runs.load(run_id)
    if run.phase not in FOR_PEOPLE or run.question != question:
        raise BadInput(_LATE)
    is_new = await desk.waits.ask(run_id, question, person.name, desk.now())
    return Reply(blocks.sentence(_ASKED if is_new else _AGAIN), replaces=True)
