"""Whoever may not do what they typed reads who can, and can have them asked to do it."""

from __future__ import annotations

from functools import partial

from slack_bolt.kwargs_injection.async_args import AsyncArgs

from bot.domain.access import Need
from bot.domain.errors import NotAllowed
from bot.domain.model import Person, Who
from handlers.asked import offered, permit
from handlers.blocks import actions, blocks
from handlers.blocks.blocks import Message, section
from handlers.blocks.wording import exact, mention, shown
from handlers.desk import Desk
from handlers.runs import whom
from handlers.runs.asking import LABEL, can, in_time
from handlers.slack.replies import Reply
from handlers.slack.sending import say
from handlers.slack.speech import Speech

_ONCE_S = 600
"""Nobody is asked for the same more than once in so many seconds."""

_ASKING = "They are asked now, each directly. You see what they do: a run has a card."


async def refused(desk: Desk, user: str, no: NotAllowed, line: str) -> Reply:
    """The refusal, with those who hold a role that is enough, and for a line that was typed the offer to ask them."""
    able = await in_time(_able(desk, no.roles, user))
    if not able:
        return Reply(blocks.sentence(no.sentence))
    said = f"{shown(no.sentence, 2000)} {can(able)}"
    value = actions.ask_for_value(no.roles, line)
    asks = [blocks.actions([blocks.button(LABEL, actions.ASK_FOR, value, style="primary")])] if line else []
    return Reply({"text": said, "blocks": [section(said), *asks]})


async def pressed(desk: Desk, args: AsyncArgs, person: Person, value: str) -> Reply:
    """ "Ask them": each gets the line with a button that does it."""
    await permit(desk, person, Need.ANYONE, "ask")
    roles, line = actions.decode_ask_for(value)
    missed = partial(say, desk.slack, person.slack_id, f"Not everybody could be asked for `/rgs {exact(line)}`.")
    desk.errands.send("asking for a command", partial(_ask, desk, person, roles, line), missed)
    return Reply(blocks.sentence(_ASKING), replaces=True)


async def _ask(desk: Desk, person: Person, roles: tuple[str, ...], line: str) -> None:
    """Nobody hears twice of the same within _ONCE_S."""
    about = f"asked:{person.id}:{line}:{desk.now() // _ONCE_S:.0f}"
    able = await _able(desk, roles, person.slack_id)
    await whom.tell(desk, Speech(desk.slack, desk.now, desk.readers), about, able, _request(person, line))


def _request(person: Person, line: str) -> Message:
    said = f"{mention(Who.person(person))} may not do this and asks you for it: `/rgs {exact(line)}`."
    return offered(said, [(f"/rgs {line}", f"/rgs {line}")])


async def _able(desk: Desk, roles: tuple[str, ...], user: str) -> list[Person]:
    """Who holds one of these roles, besides this user; at most as many as are called at once."""
    people = await whom.people(desk) if roles else []
    return [one for one in people if one.slack_id != user and (one.roles or frozenset()) & {*roles}][: whom.MOST]
