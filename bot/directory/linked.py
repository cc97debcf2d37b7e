"""Roles by the groups of Active Directory, for the account to which somebody's e-mail address in Slack leads.

A person is linked to their account at first use. From then on another address, or another account behind the same one,
counts for nothing until a second holder of RTCUniversalServerAdmins accepts it (facts: lync §10, platform §6).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from math import inf
from typing import Protocol, TypeVar

from bot.directory.accounts import Holding, Roster, allowed
from bot.directory.base import AccountRefused, Busy, DirectoryAway, Held, Silent
from bot.domain.errors import BotError
from bot.domain.model import Account, AccountLink, Role

log = logging.getLogger(__name__)

FRESH_S = 60.0
"""A press rests on a reading of all members that is no older than this, or the directory is asked.

What Redis said of whose account is whose is believed for no longer.
"""

PROVED_S = 300.0
"""For so long an address is believed to lead to one account only: a reading shows those in groups, not the others."""

NO_GROUP = "Roles come from groups of Active Directory, which Switchback's configuration names."
_ACCEPT = (
    "Another holder of RTCUniversalServerAdmins types `/rgs accept` and their name when it is still the same person."
)

Answer = TypeVar("Answer")


class AccountLinks(Protocol):
    """Who is who, remembered for all processes."""

    async def of(self, person: str) -> AccountLink | None: ...

    async def link(self, new: AccountLink, *, instead: bool = False) -> AccountLink:
        """The link that holds from now on: the new one, or what linked the person or the account before.

        `instead`: the new one takes the place of both.
        """
        ...


class Source(Protocol):
    """The directory, as `ActiveDirectory` is asked."""

    async def holding(self, address: str) -> Holding: ...

    async def members(self) -> Roster: ...


class Linked:
    """A Directory. `domains` are those that addresses may be of (none: any).

    `now` is a monotonic clock, `clock` the time of day.
    """

    by_address = True

    def __init__(
        self,
        source: Source,
        links: AccountLinks,
        *,
        domains: Sequence[str] = (),
        now: Callable[[], float] = time.monotonic,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._source, self._kept, self._domains = source, links, domains
        self._now, self._clock = now, clock
        self._links: dict[str, tuple[float, AccountLink]] = {}
        self._proved: dict[str, tuple[float, AccountLink]] = {}
        self._answers: dict[Account, tuple[float, Held]] = {}
        self._roster: Roster | None = None
        self._roster_at = -inf
        self._silent_since: float | None = None

    @property
    def silent_s(self) -> float:
        """For how long nobody has answered who was asked; 0 when the last question was answered."""
        return self._now() - self._silent_since if self._silent_since is not None else 0.0

    async def held(self, account: Account, since: float = -inf) -> Held:
        """What they hold; nothing, or not known, has its reason. Whatever nobody foresaw is not known."""
        try:
            return await self._held(account, since)
        except AccountRefused as refusal:
            return Held(frozenset(), refusal.sentence)
        except BotError as away:
            return Held(None, away.sentence)
        except Exception as fault:
            log.error("the directory could not be asked: %s", type(fault).__name__)
            return Held(None)

    async def read(self) -> bool:
        """Reads all who hold a role; whether the directory answered."""
        at = self._now()
        try:
            self._roster = await self._answered(self._source.members())
        except DirectoryAway:
            return False
        self._roster_at = at
        return True

    async def holders(self, role: Role) -> frozenset[str]:
        """The e-mail addresses of those who held it when that was read last."""
        if self._roster is None:
            await self.read()
        holdings = self._roster.holdings.values() if self._roster else ()
        return frozenset(address for one in holdings if role in one.roles for address in one.account.addresses)

    def forget(self, id: str = "") -> None:
        """Somebody may be linked to another account by now."""
        self._answers = {}
        self._links = {person: known for person, known in self._links.items() if id and not person.endswith(f":{id}")}

    async def accept(self, account: Account) -> None:
        allowed(account.email, self._domains)
        holding = await self._answered(self._source.holding(account.email))
        await self._kept.link(AccountLink(account.id, holding.account.guid, account.email), instead=True)
        # Whoever had this account until now is linked to none any more.
        self.forget()

    async def _held(self, account: Account, since: float) -> Held:
        allowed(account.email, self._domains)
        at = self._now()
        link = _recalled(self._links, account, max(since, at - FRESH_S)) or await self._looked_up(account.id, at)
        remembered = self._remembered(link, account, since)
        if remembered is not None:
            return remembered
        if since > -inf and (answer := self._answers.get(account)) and answer[0] >= since:
            # A burst of clicks, each of which wants an answer that is no older than that, asks once.
            return answer[1]
        holding = await self._answered(self._source.holding(account.email))
        found = AccountLink(account.id, holding.account.guid, account.email)
        link = link or await self._kept.link(found)
        _refuse_another(link, found)
        self._links[account.id] = self._proved[account.id] = at, link
        told = _told(holding, self._clock())
        self._answers[account] = at, told
        return told

    async def _looked_up(self, person: str, at: float) -> AccountLink | None:
        if link := await self._kept.of(person):
            self._links[person] = at, link
        return link

    def _remembered(self, link: AccountLink | None, account: Account, since: float) -> Held | None:
        """What the last reading of all members tells of somebody who is linked; None when they have to be asked for."""
        roster = self._roster
        if roster is None or self._roster_at < max(since, self._now() - FRESH_S):
            return None
        if link is None or link.address.lower() != account.email.lower():
            return None
        if _recalled(self._proved, account, self._now() - PROVED_S) != link:
            return None
        holding = roster.holding(link.account, self._clock())
        if holding is None:
            return Held(frozenset(), " ".join((NO_GROUP, *roster.doubts)), read_at=roster.read_at)
        if link.address.lower() not in map(str.lower, holding.account.addresses):
            return None
        return _told(replace(holding, doubts=roster.doubts), roster.read_at)

    async def _answered(self, question: Awaitable[Answer]) -> Answer:
        """The answer, or whatever is raised in its place; how long nobody has answered is counted from the first."""
        try:
            answer = await question
        except Silent:
            if self._silent_since is None:
                self._silent_since = self._now()
            raise
        except Busy:
            raise
        except (AccountRefused, DirectoryAway):
            self._silent_since = None
            raise
        self._silent_since = None
        return answer


def _refuse_another(link: AccountLink, found: AccountLink) -> None:
    """Raises AccountRefused when what is known links them to another account than the one that was found."""
    if link.person != found.person:
        raise AccountRefused(f"The account of this e-mail address belongs to somebody else in Slack already. {_ACCEPT}")
    if (link.account, link.address.lower()) != (found.account, found.address.lower()):
        raise AccountRefused(f"The e-mail address of this person has changed since they were known here. {_ACCEPT}")


def _told(holding: Holding, read_at: float) -> Held:
    names = tuple(dict.fromkeys(name for names in holding.through.values() for name in names))
    return Held(holding.roles, " ".join((NO_GROUP, *holding.doubts)), names, read_at)


def _recalled(known: Mapping[str, tuple[float, AccountLink]], account: Account, since: float) -> AccountLink | None:
    """What was learned of them since then."""
    at, link = known.get(account.id, (-inf, None))
    return link if at >= since else None
