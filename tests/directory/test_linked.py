"""Roles of people in Slack by a real directory: by the account they were first seen with, and by fresh readings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from math import inf

import pytest
from redis.asyncio import Redis

from bot.directory.active_directory import ActiveDirectory, Times
from bot.directory.linked import FRESH_S, NO_GROUP, Linked
from bot.domain.errors import NotAllowed
from bot.domain.model import Account, Role
from storage.account_links import AccountLinks
from tests.directory import contents
from tests.directory.contents import address
from tests.directory.forests import PATIENT, asking, at, forest_of
from tests.directory.impostors import relay
from tests.directory.samba import Domain

BOTH = frozenset(Role)
ANNA, EMIL, STRANGER = (f"T0SWITCH01:U0{name}" for name in ("ANNA", "EMIL", "STRANGER"))

HASTY = Times(silence_s=1.5, question_s=3.0, reading_silence_s=1.5, reading_s=3.0)


@dataclass(slots=True)
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass(slots=True)
class Office:
    """What a process believes, and the domain that it asks."""

    linked: Linked
    directory: ActiveDirectory
    clock: Clock
    links: AccountLinks

    async def roles(self, person: str, email: str, since: float = -inf) -> frozenset[Role] | None:
        return (await self.linked.held(Account(person, email), since)).roles

    async def why(self, person: str, email: str) -> str:
        return (await self.linked.held(Account(person, email))).why

    def another(self) -> Linked:
        """Another process beside the first."""
        return Linked(self.directory, self.links, now=self.clock)


@asynccontextmanager
async def office(
    domain: Domain, redis: Redis, *, times: Times = PATIENT, domains: tuple[str, ...] = (), **forest: object
) -> AsyncIterator[Office]:
    clock, links = Clock(), AccountLinks(redis)
    async with asking(forest_of(domain, **forest), times=times) as directory:
        yield Office(Linked(directory, links, domains=domains, now=clock), directory, clock, links)


async def test_somebody_holds_what_their_account_holds_and_the_answer_says_through_which_groups(
    domain: Domain, redis: Redis
) -> None:
    async with office(domain, redis) as here:
        held = await here.linked.held(Account(ANNA, address("anna")))
        assert held.roles == BOTH and set(held.through) == {role.value for role in Role}
        assert held.why == NO_GROUP, "whoever holds one role may lack the other"
        assert await here.roles(EMIL, address("nobody")) == frozenset()
        assert "which Switchback's configuration names" in await here.why(EMIL, address("nobody"))


@pytest.mark.parametrize(
    ("email", "word"),
    [
        ("", "Slack shows no e-mail address"),
        (address("fred"), "is disabled"),
        (address("hugo"), "has expired"),
        ("twins@contoso.test", "More than one account"),
        ("stranger@contoso.test", "No account in the directory"),
    ],
)
async def test_whoever_the_directory_does_not_count_holds_nothing_and_hears_why(
    domain: Domain, redis: Redis, email: str, word: str
) -> None:
    async with office(domain, redis) as here:
        held = await here.linked.held(Account(STRANGER, email))
        assert held.roles == frozenset() and word in held.why
        assert await here.links.of(STRANGER) is None


async def test_another_address_counts_for_nothing_until_somebody_accepts_it(domain: Domain, redis: Redis) -> None:
    async with office(domain, redis) as here:
        assert await here.roles(STRANGER, address("nobody")) == frozenset()
        for process in (here.linked, here.another()):
            held = await process.held(Account(STRANGER, address("anna")))
            assert held.roles == frozenset() and "/rgs accept" in held.why
        await here.linked.accept(Account(STRANGER, address("anna")))
        assert await here.roles(STRANGER, address("anna")) == BOTH
        assert "/rgs accept" in await here.why(STRANGER, address("nobody"))


async def test_an_account_is_one_persons_only(domain: Domain, redis: Redis) -> None:
    """Whoever takes the address of an administrator who was here before gets nothing by it."""
    async with office(domain, redis) as here:
        assert await here.roles(ANNA, address("anna")) == BOTH
        assert "belongs to somebody else" in await here.why(STRANGER, address("anna"))
        assert await here.roles(ANNA, address("anna")) == BOTH
        await here.linked.accept(Account(STRANGER, address("anna")))
        assert "belongs to somebody else" in (await here.another().held(Account(ANNA, address("anna")))).why


async def test_another_account_behind_the_same_address_counts_for_nothing(domain: Domain, redis: Redis) -> None:
    async with office(domain, redis) as here:
        assert await here.roles(ANNA, "moved@contoso.test") == frozenset()
        domain.change(contents.change(contents.person_dn("lea"), "replace", "mail", "moved@contoso.test"))
        assert await here.roles(ANNA, "moved@contoso.test") == frozenset()
        domain.change(contents.change(contents.person_dn("lea"), "replace", "mail", "lea@contoso.test"))
        domain.change(contents.change(contents.person_dn("mike"), "replace", "mail", "moved@contoso.test"))
        assert "/rgs accept" in await here.why(ANNA, "moved@contoso.test")
        domain.change(contents.change(contents.person_dn("mike"), "replace", "mail", address("mike")))


async def test_an_address_of_another_domain_counts_for_nothing_even_if_it_is_linked(
    domain: Domain, redis: Redis
) -> None:
    async with office(domain, redis) as before:
        assert await before.roles(ANNA, address("anna")) == BOTH
        assert await before.linked.read()
    async with office(domain, redis, domains=("fabrikam.test",)) as here:
        assert await here.linked.read()
        assert "not of a domain that counts" in await here.why(ANNA, address("anna"))


async def test_a_reading_serves_presses_for_a_minute_and_no_longer(domain: Domain, redis: Redis) -> None:
    async with office(domain, redis) as here:
        assert await here.roles(EMIL, address("emil")) == {Role.RG_ADMIN} and await here.linked.read()
        domain.take_out("emil", "CsResponseGroupAdministrator")
        try:
            here.clock.now += FRESH_S
            assert await here.roles(EMIL, address("emil")) == {Role.RG_ADMIN}
            assert await here.roles(EMIL, address("emil"), since=here.clock.now) == frozenset()
            here.clock.now += 0.1
            assert await here.roles(EMIL, address("emil")) == frozenset()
        finally:
            domain.put_in("emil", "CsResponseGroupAdministrator")


async def test_what_a_reading_holds_is_not_asked_again_and_needs_no_trip(domain: Domain, redis: Redis) -> None:
    async with office(domain, redis) as here:
        assert await here.roles(ANNA, address("anna")) == BOTH and await here.linked.read()
        here.directory.close()
        assert await here.roles(ANNA, address("anna")) == BOTH
        assert await here.roles(ANNA, address("anna").upper()) == BOTH


async def test_how_long_nobody_answers_is_counted_from_the_first_question_without_an_answer(
    domain: Domain, redis: Redis
) -> None:
    async with relay(domain) as way, office(domain, redis, times=HASTY, controllers=at(way.port)) as here:
        assert await here.linked.read() and here.linked.silent_s == 0.0
        here.clock.now += 500
        assert here.linked.silent_s == 0.0, "nobody was asked meanwhile"
        way.flows.clear()
        assert not await here.linked.read()
        here.clock.now += 100
        held = await here.linked.held(Account(ANNA, address("anna")))
        assert held.roles is None and "No domain controller answers" in held.why
        here.clock.now += 30
        assert here.linked.silent_s == 130
        way.flows.set()
        assert "is disabled" in await here.why(STRANGER, address("fred"))
        assert here.linked.silent_s == 0.0, "a refusal is an answer"


async def test_nobody_without_an_address_is_accepted(domain: Domain, redis: Redis) -> None:
    async with office(domain, redis) as here:
        for email in ("", address("fred"), "twins@contoso.test"):
            with pytest.raises(NotAllowed):
                await here.linked.accept(Account(STRANGER, email))
        assert await here.links.of(STRANGER) is None


async def test_those_who_hold_a_role_are_named_by_their_addresses(domain: Domain, redis: Redis) -> None:
    async with office(domain, redis) as here:
        named = await here.linked.holders(Role.SERVER_ADMIN)
        assert {address("anna"), address("ben"), "ida.tell@contoso.test"} <= named
        assert address("emil") not in named
