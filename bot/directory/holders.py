"""Whether the people whom a command rests on still hold the roles by which they approved it."""

from __future__ import annotations

from typing import Protocol

from bot.domain.access import Need
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
