"""Asks everybody who may know which roles somebody holds, and counts silence as no."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from typing import Protocol

from bot.domain.errors import BotError
from bot.domain.model import Account, Role

log = logging.getLogger(__name__)


class DirectoryAway(BotError):
    """A source of roles does not answer, so it cannot tell who holds what."""


class RoleSource(Protocol):
    """One place where roles are granted."""

    async def roles(self, account: Account) -> frozenset[Role]:
        """The roles that this place grants. Raises DirectoryAway when it cannot tell."""
        ...

    def recalled(self, account: Account) -> frozenset[Role] | None:
        """The same without asking anybody, or None: then it has to be asked."""
        ...

    async def holders(self, role: Role) -> frozenset[str]:
        """The `T…:U…` or `U…` ids to which this place grants it, as far as it can tell now."""
        ...


class AnyOf:
    """The union of several sources, asked at once and waited for no longer than `timeout_s` seconds in all."""

    def __init__(self, sources: Iterable[RoleSource], timeout_s: float = 1.5) -> None:
        self._sources = tuple(sources)
        self._timeout_s = timeout_s

    async def roles(self, account: Account) -> frozenset[Role] | None:
        """What the sources that answered grant; None when they grant nothing and another one could not tell.

        Nobody gains by a source that is away: only a role that somebody positively granted is in the answer.
        """
        recalled = [source.recalled(account) for source in self._sources]
        if None not in recalled:
            return frozenset[Role]().union(*recalled)
        asked = [asyncio.ensure_future(source.roles(account)) for source in self._sources]
        try:
            answered, _ = await asyncio.wait(asked, timeout=self._timeout_s) if asked else (set(), set())
        finally:
            for question in asked:
                question.cancel()
        known = [question.result() for question in answered if _told(question)]
        granted = frozenset[Role]().union(*known)
        return granted if granted or len(known) == len(asked) else None

    async def holders(self, role: Role) -> frozenset[str]:
        """The ids of all to whom a source that answered grants this role."""
        return frozenset[str]().union(*[await source.holders(role) for source in self._sources])


def _told(question: asyncio.Future[frozenset[Role]]) -> bool:
    if question.cancelled():
        return False
    if fault := question.exception():
        log.warning("a source of roles could not tell: %s", type(fault).__name__)
    return fault is None
