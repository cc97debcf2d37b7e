"""Who is turned away before the engine is asked, and the line about it in the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.access import Need, allow
from bot.domain.errors import NotAllowed
from bot.domain.model import Person
from bot.domain.run import Entry, Who

if TYPE_CHECKING:
    from handlers.desk import Desk


def may(person: Person, need: Need) -> bool:
    """Whether this person may do what needs this, for what is drawn; pressing asks once more."""
    try:
        allow(person, need)
    except NotAllowed:
        return False
    return True


async def permit(desk: Desk, person: Person, need: Need, what: str, run: str = "") -> None:
    """Raises NotAllowed, and the log of the run (its id) says so, or without one the log of refusals.

    `what` is the row or subcommand that was asked for. What the engine refuses, it notes itself.
    """
    try:
        allow(person, need)
    except NotAllowed as refusal:
        await desk.runs.note(Entry(desk.now(), Who.person(person), "refused", what, refusal.sentence), run)
        raise
