"""Asks everybody who may know which roles somebody holds, and counts silence as no."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import Protocol

from bot.domain.errors import BadInput, BotError, NotAllowed
from bot.domain.model import Account, Role

log = logging.getLogger(__name__)


class DirectoryAway(BotError):
    """A source of roles does not answer, so it cannot tell who holds what."""


class AccountRefused(NotAllowed):
    """The directory has answered, and this person holds nothing by it; the sentence says why."""


class Silent(DirectoryAway):
    """Nobody who was asked has answered at all."""


class Busy(DirectoryAway):
    """It was not asked, since too many questions wait already."""


@dataclass(frozen=True, slots=True)
class Held:
    """What somebody holds; `roles` None when nobody could tell in time, which is not "none".

    `why` is the reason why there are none or no others, as a sentence; `through` are the groups by which they are held,
    and `read_at` is when that was read, in seconds since the epoch; all are empty where the place keeps no such thing.
    """

    roles: frozenset[Role] | None
    why: str = ""
    through: tuple[str, ...] = ()
    read_at: float = 0.0


class Directory(Protocol):
    """Whoever knows all roles of everybody.

    `by_address`: it has to be told the e-mail address of an account. `since` is a moment of the monotonic clock: what
    was learned before that is not believed.
    """

    by_address: bool

    async def held(self, account: Account, since: float = -inf) -> Held: ...

    async def holders(self, role: Role) -> frozenset[str]:
        """The `T…:U…` or `U…` ids of those who hold it, as far as it can tell now; for naming people only."""
        ...

    def forget(self, id: str = "") -> None:
        """What is remembered of this person (U…) or user group (S…) may have changed; "" is everything."""
        ...

    async def accept(self, account: Account) -> None:
        """The address of this account leads to theirs from now on. Raises BadInput, NotAllowed or DirectoryAway."""
        ...


class RoleSource(Protocol):
    """One of several places where roles are granted."""

    async def roles(self, account: Account, since: float = -inf) -> frozenset[Role]:
        """The roles that this place grants. Raises DirectoryAway when it cannot tell."""
        ...

    def recalled(self, account: Account, since: float = -inf) -> frozenset[Role] | None:
        """The same without asking anybody, or None: then it has to be asked."""
        ...

    async def holders(self, role: Role) -> frozenset[str]:
        """As a Directory gives them."""
        ...

    def forget(self, id: str = "") -> None:
        """As a Directory does."""
        ...


class AnyOf:
    """A Directory: the union of several sources, asked at once and for no longer than `timeout_s` seconds in all."""

    by_address = False

    def __init__(self, sources: Iterable[RoleSource], timeout_s: float = 1.5) -> None:
        self._sources = tuple(sources)
        self._timeout_s = timeout_s

    async def held(self, account: Account, since: float = -inf) -> Held:
        """What the sources that answered grant; not known when they grant nothing and another one could not tell.

        Nobody gains by a source that is away: only a role that somebody positively granted is in the answer.
        """
        recalled = [source.recalled(account, since) for source in self._sources]
        if None not in recalled:
            return Held(frozenset[Role]().union(*recalled))
        asked = [asyncio.ensure_future(source.roles(account, since)) for source in self._sources]
        try:
            answered, _ = await asyncio.wait(asked, timeout=self._timeout_s) if asked else (set(), set())
        finally:
            for question in asked:
                question.cancel()
        known = [question.result() for question in answered if _told(question)]
        granted = frozenset[Role]().union(*known)
        return Held(granted if granted or len(known) == len(asked) else None)

    async def holders(self, role: Role) -> frozenset[str]:
        """The ids of all to whom a source that answered grants this role."""
        return frozenset[str]().union(*[await source.holders(role) for source in self._sources])

    async def accept(self, account: Account) -> None:
        raise BadInput("Roles come from the configuration here, not by e-mail address, so nothing has to be accepted.")

    def forget(self, id: str = "") -> None:
        for source in self._sources:
            source.forget(id)


def _told(question: asyncio.Future[frozenset[Role]]) -> bool:
    if question.cancelled():
        return False
    if fault := question.exception():
        log.warning("a source of roles could not tell: %s", type(fault).__name__)
    return fault is None
