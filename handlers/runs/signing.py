"""*Try again*: somebody says that the bot's account may be tried once more, and the log says who."""

from __future__ import annotations

from bot.chores.signing import TRY_AGAIN, Signing
from bot.domain.access import Need
from bot.domain.model import Person, Who
from bot.domain.runs.run import Entry
from handlers.asked import permit
from handlers.blocks import blocks
from handlers.desk import Desk
from handlers.slack.replies import Reply

_SAID = "The account is tried once more with the next command. The notice says what comes of it."


async def again(desk: Desk, person: Person) -> Reply:
    """Raises NotAllowed for whoever may not start anything either."""
    await permit(desk, person, Need.ADMIN, TRY_AGAIN)
    now = desk.now()
    sentence = f"{person.name} let the bot's account be tried once more at servers that had refused it."
    await desk.runs.note(Entry(now, Who.person(person), TRY_AGAIN, "sign-in", sentence), "", "")
    await desk.sign_ins.again(person.name)
    await Signing(desk.sign_ins, desk.notices).work(now)
    return Reply(blocks.sentence(_SAID))
