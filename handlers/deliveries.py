"""Each delivery once: a press of a run leaves its mark with whatever ends it, everything else before it begins."""

from __future__ import annotations

from collections.abc import Mapping

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.domain.errors import Replayed
from bot.domain.model import Person
from bot.domain.runs.press import APPROVE, Press
from handlers.blocks.actions import Pressed
from handlers.desk import Desk
from handlers.slack import payloads
from handlers.slack.payloads import Kind


def delivery(args: AsyncArgs) -> str:
    """What tells this delivery from every other; nothing for events.

    They ask for nothing that could be done twice, and what they make us forget is to go.
    """
    if payloads.kind(args.body) is Kind.EVENT:
        return ""
    return payloads.delivery(args.body, args.context.get("signature", ""))


async def once(desk: Desk, args: AsyncArgs) -> None:
    """Marks the delivery as ended. Raises Replayed when it was already."""
    key = delivery(args)
    if key and not await desk.cards.fresh(key):
        raise Replayed


async def press(desk: Desk, args: AsyncArgs, person: Person, button: Pressed, form: Mapping[str, str]) -> None:
    """Hands the press to the engine, which ends the delivery by what it writes: a change, or a refusal.

    A command rests on an approval, so whoever gives one is asked for afresh.
    """
    if button.choice == APPROVE and person.roles:
        person = await desk.people.afresh(*payloads.actor(args.body))
    pressed = Press(button.step, button.choice, button.question, form)
    await desk.engine.press(button.run_id, pressed, person, delivery(args))
