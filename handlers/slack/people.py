"""Who somebody in Slack is and which roles their user groups grant; whatever is not known in time is a no."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from math import inf
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.directory.base import Directory, DirectoryAway, Held
from bot.domain.model import Account, Person, Role, Standing
from handlers.blocks.wording import seen
from handlers.slack.addresses import Addresses
from handlers.slack.answers import code, why
from handlers.slack.cache import Cache

log = logging.getLogger(__name__)

REMEMBERED_S = 300.0
MEMBERS_S = 60.0
"""Who is in a user group is believed for no longer, as it is with any directory."""

AFRESH_S = 2.0
"""An answer that an approval rests on is no older than this, so that a burst of clicks asks once."""

ANSWER_S = 1.5
NAME_LIMIT = 80

GRANTS_NOTHING = frozenset({"plan_upgrade_required", "no_such_subteam"})
"""Refusals that are no outage: this workspace, or this group, can grant nothing until somebody changes it."""

User = Mapping[str, Any]

_NOTHING = Held(frozenset())


class SlackGroups:
    """A RoleSource: members of Slack user groups. `groups` has the ids (`S…`) of each role's groups.

    Membership is remembered for a minute at most: `usergroups.users.list` allows twenty calls a minute.
    """

    def __init__(
        self, client: AsyncWebClient, groups: Mapping[Role, tuple[str, ...]], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._client, self._groups = client, groups
        self._members = Cache(self._ask, MEMBERS_S, now=now)

    async def roles(self, account: Account, since: float = -inf) -> frozenset[Role]:
        """The roles that groups grant. Raises DirectoryAway when none does and Slack cannot tell of all."""
        asked = self._asked()
        answers = await asyncio.gather(*(self._members.get(group, since) for _, group in asked), return_exceptions=True)
        known = [(role, members) for (role, _), members in zip(asked, answers, strict=True) if _told(members)]
        granted = _granted(account, known)
        if not granted and len(known) < len(asked):
            raise DirectoryAway("Slack does not tell who is in a user group.")
        return granted

    def recalled(self, account: Account, since: float = -inf) -> frozenset[Role] | None:
        """The same as it is remembered, or None when a group has to be asked for."""
        known = [(role, self._members.recall(group, since)) for role, group in self._asked()]
        return None if any(members is None for _, members in known) else _granted(account, known)

    async def holders(self, role: Role) -> frozenset[str]:
        """The members (`U…`) of the groups that grant it and that Slack tells of."""
        asked = (self._members.get(group) for group in self._groups.get(role, ()))
        answers = await asyncio.gather(*asked, return_exceptions=True)
        return frozenset[str]().union(*(members for members in answers if _told(members)))

    def _asked(self) -> list[tuple[Role, str]]:
        return [(role, group) for role, groups in self._groups.items() for group in groups]

    def forget(self, id: str = "") -> None:
        """The members of this group have changed, or of any."""
        if id:
            self._members.forget(id)
        else:
            self._members.clear()

    async def _ask(self, group: str) -> frozenset[str]:
        try:
            answer = await self._client.usergroups_users_list(usergroup=group)
        except SlackApiError as refusal:
            if (reason := code(refusal)) not in GRANTS_NOTHING:
                raise
            log.warning("user group %s grants nothing: %s", group, reason)
            return frozenset()
        return frozenset(answer["users"])


class People:
    """Slack user → Person, known for five minutes at most, in 1.5 s at most, and otherwise Standing.UNKNOWN.

    `team` is our workspace, `enterprise` its Enterprise Grid organisation, if any (both as auth.test tells them).
    `doubt` says why Slack can tell nothing, where that is known.
    """

    def __init__(
        self,
        client: AsyncWebClient,
        directory: Directory,
        team: str,
        *,
        enterprise: str = "",
        doubt: Callable[[], str] = str,
        now: Callable[[], float] = time.monotonic,
        answer_s: float = ANSWER_S,
    ) -> None:
        self._client, self._directory, self._doubt = client, directory, doubt
        self._team, self._enterprise, self._answer_s = team, enterprise, answer_s
        self._addresses = Addresses(client, now)
        self._now, self._users = now, Cache(self._ask, REMEMBERED_S, now=now)

    @property
    def by_address(self) -> bool:
        """Whether roles come from a directory that knows people by their e-mail addresses."""
        return self._directory.by_address

    async def person(self, user: str, team: str = "", since: float = -inf) -> Person:
        """Whoever acted, by answers to questions asked `since` then. Never raises.

        `team` is the workspace that Slack says they belong to, where it says so.
        """
        id = f"{self._team}:{user}"
        profile, held = await self._known(id, user, team, since)
        known = standing(profile, team, self._team, self._enterprise)
        if known is Standing.EXTERNAL:
            id = f"{(profile or {}).get('team_id') or team}:{user}"
        roles, why = (held.roles, held.why) if known is Standing.MEMBER else (frozenset[Role](), "")
        doubt = self._doubt() if known is Standing.UNKNOWN or roles is None else ""
        return Person(id, _name(profile, user), known, roles, doubt or why, through=held.through, read_at=held.read_at)

    async def _known(self, id: str, user: str, team: str, since: float) -> tuple[User | None, Held]:
        profile = self._users.recall(user, since)
        if profile is None and not self._directory.by_address:
            # At the same time: one after the other, two slow answers would take longer than Slack waits for a click.
            return await asyncio.gather(self._profile(user, since), self._directory.held(Account(id), since))
        try:
            async with asyncio.timeout(self._answer_s):
                profile = profile or await self._profile(user, since)
                if standing(profile, team, self._team, self._enterprise) is not Standing.MEMBER:
                    return profile, _NOTHING
                account = Account(id, email=_address(profile), name=_name(profile, user))
                return profile, await self._directory.held(account, since)
        except TimeoutError:
            return profile, Held(None)

    async def holders(self) -> list[str]:
        """The user ids of all full members who are known to hold a role, those first who may press everything."""
        named = [one for role in (Role.SERVER_ADMIN, Role.RG_ADMIN) for one in sorted(await self._named(role))]
        people = [await self.person(user) for user in dict.fromkeys(named)]
        return [person.slack_id for person in people if person.roles]

    async def at(self, addresses: Collection[str]) -> Mapping[str, str] | None:
        """The user ids of full members by those of these addresses that are theirs; None while Slack does not tell."""
        return await self._addresses.found(addresses, self._answer_s)

    async def standing(self, user: str) -> Standing:
        """What this account is to our workspace; nobody is asked for its roles."""
        return standing(await self._profile(user, -inf), "", self._team, self._enterprise)

    async def _named(self, role: Role) -> set[str]:
        held = await self._directory.holders(role)
        return await self._addresses.of(held) if self._directory.by_address else {id.rpartition(":")[2] for id in held}

    async def afresh(self, user: str, team: str = "") -> Person:
        """The same by answers that are two seconds old at most, for what rests on them more than on others."""
        return await self.person(user, team, self._now() - AFRESH_S)

    async def judged_again(self, ids: Iterable[str]) -> tuple[Person, ...]:
        """Who these people (`T…:U…`) are now, whatever is remembered."""
        now = self._now()
        return tuple(await asyncio.gather(*(self.person(id.rpartition(":")[2], since=now) for id in ids)))

    async def accept(self, person: Person) -> None:
        """From now on they have the account to which their e-mail address leads now. Raises NotAllowed or BotError.

        Nobody has while Slack does not say which address that is.
        """
        profile = await self._profile(person.slack_id, self._now() - AFRESH_S)
        await self._directory.accept(Account(person.id, email=_address(profile), name=person.name))

    def forget(self, id: str) -> None:
        """Something about this person (U…) or user group (S…) has changed."""
        self._users.forget(id)
        self._directory.forget(id)

    def forget_all(self) -> None:
        """Anything may have changed."""
        self._users.clear()
        self._directory.forget()

    async def _profile(self, user: str, since: float) -> User | None:
        try:
            async with asyncio.timeout(self._answer_s):
                return await self._users.get(user, since)
        except Exception as fault:
            log.warning("Slack did not say who %s is: %s", user, why(fault))
            return None

    async def _ask(self, user: str) -> User:
        return (await self._client.users_info(user=user))["user"]


def standing(profile: User | None, said: str, team: str, enterprise: str = "") -> Standing:
    """What an account is to our workspace `team`, by the first row that applies (facts: slack security).

    `profile` is its answer of users.info, None when there was none; `said` the workspace that a click names, which may
    be another one within the same Enterprise Grid organisation only. Unknown until all that decides was answered.
    """
    if said and said != team and not enterprise:
        return Standing.EXTERNAL
    if profile is None:
        return Standing.UNKNOWN
    rows = (
        (Standing.EXTERNAL, bool(profile.get("is_stranger")) or not _is_ours(profile, team, enterprise)),
        (Standing.DELETED, profile.get("deleted") is True),
        (Standing.BOT, profile.get("is_bot") is True or profile.get("id") == "USLACKBOT"),
        (Standing.GUEST, profile.get("is_restricted") is True or profile.get("is_ultra_restricted") is True),
        (Standing.MEMBER, all(profile.get(key) is False for key in _DECIDING)),
    )
    return next((standing for standing, applies in rows if applies), Standing.UNKNOWN)


def _is_ours(profile: User, team: str, enterprise: str) -> bool:
    if profile.get("team_id") == team:
        return True
    grid = profile.get("enterprise_user") or {}
    return bool(enterprise) and grid.get("enterprise_id") == enterprise and team in (grid.get("teams") or ())


def _granted(account: Account, members: Iterable[tuple[Role, frozenset[str]]]) -> frozenset[Role]:
    user = account.id.rpartition(":")[2]
    return frozenset(role for role, users in members if user in users)


def _told(answer: object) -> bool:
    if isinstance(answer, BaseException):
        log.warning("Slack did not tell who is in a user group: %s", why(answer))
    return not isinstance(answer, BaseException)


_DECIDING = ("deleted", "is_bot", "is_restricted", "is_ultra_restricted")


def _address(profile: User | None) -> str:
    """The e-mail address that Slack shows of them; nothing without the scope for that."""
    return str(((profile or {}).get("profile") or {}).get("email") or "")


def _name(profile: User | None, user: str) -> str:
    """What they are called, on one line and not too long: people choose it themselves."""
    said = (profile or {}).get("profile") or {}
    name = said.get("real_name") or said.get("display_name") or (profile or {}).get("name") or user
    return "".join(letter for letter in " ".join(seen(str(name)).split()) if letter.isprintable())[:NAME_LIMIT] or user
