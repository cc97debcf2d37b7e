"""Whether the people whom a command rests on still hold the roles by which they approved it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from bot.domain.access import Need, lost, lost_again
from bot.domain.model import Person
from bot.domain.runs.run import Approval


class Holders(Protocol):
    """Whoever knows that, asked right before a command is sent."""

    async def lost(self, approvals: tuple[Approval, ...], need: Need) -> str:
        """Why these approvals no longer count, as a sentence; "" when all of them do.

        Raises BotError when it cannot tell: then nothing is sent.
        """
        ...


class Everybody:
    """Holders who never lose a role: it was looked at when they pressed."""

    async def lost(self, approvals: tuple[Approval, ...], need: Need) -> str:
        return ""


EVERYBODY: Holders = Everybody()


class JudgedAgain:
    """Holders as they are now: `people` gives them by their ids, in this order, from answers that are not remembered.

    Whoever cannot be judged counts as somebody who lost the role.
    """

    def __init__(self, people: Callable[[Iterable[str]], Awaitable[Iterable[Person]]]) -> None:
        self._people = people

    async def lost(self, approvals: tuple[Approval, ...], need: Need) -> str:
        people = await self._people(approval.who.id for approval in approvals)
        reasons = (
            (lost_again if one.lent else lost)(person, one.who.name, need)
            for person, one in zip(people, approvals, strict=True)
        )
        return next((f"{reason} It asks again." for reason in reasons if reason), "")
