"""What people do about who somebody is: accept a changed e-mail address, and go on while the directory is silent."""

from __future__ import annotations

import re

from bot.domain.access import Need, allow_accepting
from bot.domain.errors import BadInput, NotAllowed
from bot.domain.model import Person, Who
from bot.domain.runs.run import Entry
from handlers.asked import Asked, permit, usage
from handlers.blocks import blocks
from handlers.slack.replies import Reply

_MENTION = re.compile(r"@([UW][A-Z0-9]+)")
_LONGEST = 300


async def break_glass(asked: Asked) -> Reply:
    """`/rgs break-glass <run> [reason]`: the first of two asks, with a reason; the second one opens it."""
    run = await asked.desk.engine.strike(asked.words[0], asked.person, " ".join(asked.words[1:])[:_LONGEST])
    return Reply(blocks.sentence((await asked.desk.runs.audit(run.id, 1))[0].sentence))


async def accept(asked: Asked) -> Reply:
    """`/rgs accept <person>`: their e-mail address leads to their account; nobody accepts their own."""
    desk, user = asked.desk, _mentioned(asked)
    # Whoever says who holds a role has to hold theirs now, not a minute ago.
    await permit(desk, await desk.people.afresh(asked.person.slack_id), Need.SERVER_ADMIN, asked.row.name)
    person = await _accepted(asked, user)
    await desk.forgetting.tell(user)
    sentence = f"{asked.person.name} accepted the changed e-mail address of {person.name}."
    await desk.runs.note(Entry(desk.now(), Who.person(asked.person), "accepted", asked.row.name, sentence))
    return Reply(blocks.sentence(f"{sentence} Their roles come from that account now."))


async def _accepted(asked: Asked, user: str) -> Person:
    """Whose address leads to their account from now on. Raises NotAllowed, which is in the log, or BotError."""
    desk, person = asked.desk, await asked.desk.people.afresh(user)
    try:
        allow_accepting(asked.person, person)
        await desk.people.accept(person)
    except NotAllowed as refusal:
        said = f"{asked.person.name} did not get the address of {person.name} accepted: {refusal.reason}"
        await desk.runs.note(Entry(desk.now(), Who.person(asked.person), "refused", asked.row.name, said))
        raise
    return person


def _mentioned(asked: Asked) -> str:
    if (named := _MENTION.fullmatch(asked.words[0])) is None:
        raise BadInput(f"Name one person with @, as Slack offers them. {usage(asked.row)}")
    return named[1]
