"""Whose account is whose, when two processes say so at once, and when what is kept of it cannot be read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from math import inf

import pytest
from redis.asyncio import Redis

from bot.directory.linked import FRESH_S, PROVED_S, Linked
from bot.domain.errors import Newer, StoreAway
from bot.domain.model import Account, AccountLink, Role
from storage import keys
from storage.account_links import AccountLinks
from storage.versions import Codec
from tests.directory import contents
from tests.directory.contents import address
from tests.directory.samba import Domain
from tests.directory.test_linked import ANNA, BOTH, EMIL, STRANGER, Office, office
from tests.storage.wire import wired

GARBAGE = (b"", b"\0", b"not json", b"[]", b'{"v":2}', b'{"v":2,"person":1}', b'{"v":2,"account":7}')
NEWER = b'{"v":99,"person":"of another kind"}'


async def told(here: Office, person: str, email: str, at: Linked | None = None, since: float = -inf) -> str:
    """Why they hold nothing; "" when they hold something."""
    held = await (at or here.linked).held(Account(person, email), since)
    return "" if held.roles else held.why


async def test_of_two_who_are_seen_first_at_the_same_time_one_has_the_account(domain: Domain, redis: Redis) -> None:
    async with office(domain, redis) as here:
        other = here.another()
        for _ in range(10):
            await redis.delete(keys.LINKS, keys.LINKED)
            here.linked.forget()
            other.forget()
            reasons = await asyncio.gather(
                told(here, ANNA, address("ida")), told(here, STRANGER, "ida.tell@contoso.test", other)
            )
            assert sorted(bool(reason) for reason in reasons) == [False, True]
            assert "belongs to somebody else" in "".join(reasons)


async def test_of_two_addresses_for_one_person_at_the_same_time_one_holds(domain: Domain, redis: Redis) -> None:
    links = AccountLinks(redis)
    given = await asyncio.gather(*(links.link(AccountLink(ANNA, f"account {i}", f"{i}@x.test")) for i in range(20)))
    assert len(set(given)) == 1 and await links.of(ANNA) == given[0]
    assert await redis.hlen(keys.LINKED) == 1, "no account is anybody's who is linked to another one"


async def test_whoever_lost_an_account_to_somebody_else_holds_nothing_a_minute_later_at_every_process(
    domain: Domain, redis: Redis
) -> None:
    async with office(domain, redis) as here:
        other = here.another()
        for process in (here.linked, other):
            assert (await process.held(Account(ANNA, address("ida")))).roles and await process.read()
        await here.linked.accept(Account(STRANGER, "ida.tell@contoso.test"))

        assert "belongs to somebody else" in await told(here, ANNA, address("ida")), "where it was accepted, at once"
        assert "belongs to somebody else" in await told(here, ANNA, address("ida"), other, since=here.clock.now + 0.1)
        here.clock.now += FRESH_S + 1
        assert await other.read()
        assert "belongs to somebody else" in await told(here, ANNA, address("ida"), other)
        assert await told(here, STRANGER, "ida.tell@contoso.test", other) == ""


async def test_a_burst_of_clicks_asks_once_and_what_is_sent_after_it_asks_again(domain: Domain, redis: Redis) -> None:
    async with office(domain, redis) as here:
        assert await told(here, EMIL, address("emil")) == ""
        here.directory.close()
        here.clock.now += 1
        assert await told(here, EMIL, address("emil"), since=here.clock.now - 2) == ""
        for email, since in ((address("emil"), here.clock.now), (address("dora"), here.clock.now - 2)):
            held = await here.linked.held(Account(EMIL, email), since)
            assert held.roles is None, "nobody can be asked any more, which is a no and no fault"


async def test_a_link_that_was_learned_elsewhere_meanwhile_is_no_hindrance(domain: Domain, redis: Redis) -> None:
    """Accepted at one process while another one still knows the address of yesterday."""
    async with office(domain, redis) as here:
        other = here.another()
        assert await told(here, ANNA, address("nobody"), other)
        assert "/rgs accept" in await told(here, ANNA, address("anna"), other)
        await here.linked.accept(Account(ANNA, address("anna")))
        other.forget(ANNA.rpartition(":")[2])
        assert (await other.held(Account(ANNA, address("anna")))).roles == BOTH


async def test_an_address_that_leads_elsewhere_in_the_directory_is_not_believed_for_a_reading(
    domain: Domain, redis: Redis
) -> None:
    async with office(domain, redis) as here:
        assert await told(here, ANNA, "ida.tell@contoso.test") == "" and await here.linked.read()
        domain.change(contents.change(contents.person_dn("ida"), "replace", "mail", "ida.new@contoso.test"))
        try:
            assert await here.linked.read()
            assert "No account in the directory" in await told(here, ANNA, "ida.tell@contoso.test")
        finally:
            domain.change(contents.change(contents.person_dn("ida"), "replace", "mail", "ida.tell@contoso.test"))


async def test_a_second_account_with_the_address_is_noticed_although_it_is_in_no_group(
    domain: Domain, redis: Redis
) -> None:
    async with office(domain, redis) as here:
        assert await told(here, ANNA, address("ben")) == ""
        domain.change(contents.change(contents.person_dn("lea"), "replace", "mail", address("ben")))
        try:
            assert await here.linked.read()
            assert "More than one account" in await told(here, ANNA, address("ben"), since=here.clock.now + 1)
            here.clock.now += PROVED_S + 1
            assert await here.linked.read()
            assert "More than one account" in await told(here, ANNA, address("ben"))
        finally:
            domain.change(contents.change(contents.person_dn("lea"), "replace", "mail", address("lea")))


@pytest.mark.parametrize("data", GARBAGE)
async def test_a_link_that_cannot_be_read_grants_nothing_until_somebody_accepts(
    domain: Domain, redis: Redis, data: bytes
) -> None:
    async with office(domain, redis) as here:
        await redis.hset(keys.LINKS, ANNA, data)
        if data:
            assert "cannot be read" in await told(here, ANNA, address("anna"))
            assert await redis.hget(keys.LINKS, ANNA) == data, "it was left as it is"
        await here.linked.accept(Account(ANNA, address("anna")))
        assert (await here.linked.held(Account(ANNA, address("anna")))).roles == BOTH


async def test_a_link_of_a_newer_version_grants_nothing_and_is_not_written_over(domain: Domain, redis: Redis) -> None:
    async with office(domain, redis) as here:
        await redis.hset(keys.LINKS, ANNA, NEWER)
        assert "newer Switchback" in await told(here, ANNA, address("anna"))
        with pytest.raises(Newer):
            await here.linked.accept(Account(ANNA, address("anna")))
        assert await redis.hget(keys.LINKS, ANNA) == NEWER


async def test_an_account_whose_owner_is_not_to_be_found_is_nobodys_until_somebody_accepts(
    domain: Domain, redis: Redis
) -> None:
    async with office(domain, redis) as here:
        guid = (await here.directory.holding(address("anna"))).account.guid
        await redis.hset(keys.LINKED, guid, STRANGER)
        assert "cannot be read" in await told(here, ANNA, address("anna"))
        await here.linked.accept(Account(ANNA, address("anna")))
        assert (await here.linked.held(Account(ANNA, address("anna")))).roles == BOTH


async def test_a_link_that_says_somebody_elses_name_is_nobodys(domain: Domain, redis: Redis) -> None:
    async with office(domain, redis) as here:
        link = AccountLink(ANNA, (await here.directory.holding(address("anna"))).account.guid, address("anna"))
        forged = Codec(AccountLink).encode(replace(link, person=EMIL))
        await redis.hset(keys.LINKS, ANNA, forged)
        assert "belongs to somebody else" in await told(here, ANNA, address("anna"))


async def test_while_redis_is_away_nobody_is_linked_and_nobody_holds_a_role(
    domain: Domain, redis: Redis, redis_url: str
) -> None:
    broken = [b"HGET", b"EVALSHA"]

    async def cut(command: bytes, send: Callable[[bytes], Awaitable[None]]) -> None:
        if any(word in command for word in broken):
            raise ConnectionError("cut")
        await send(command)

    async with office(domain, redis) as here, wired(redis_url, cut) as client:
        process = Linked(here.directory, AccountLinks(client), now=here.clock)
        for _ in (1, 2):
            held = await process.held(Account(ANNA, address("anna")))
            assert held.roles is None and "Redis cannot be reached" in held.why
            broken.remove(broken[0])
            if broken:
                assert await here.links.of(ANNA) is None
        assert (await process.held(Account(ANNA, address("anna")))).roles == BOTH
        assert await process.read()
        broken[:] = [b"HGET", b"EVALSHA"]
        assert (await process.held(Account(ANNA, address("anna")))).roles == BOTH, "what is known needs no Redis"
        here.clock.now += FRESH_S + 1
        assert await process.read()
        assert (await process.held(Account(ANNA, address("anna")))).roles is None
        with pytest.raises(StoreAway):
            await process.accept(Account(ANNA, address("anna")))


async def test_a_group_that_is_missing_or_there_twice_is_told_from_a_reading_as_well(
    domain: Domain, redis: Redis
) -> None:
    groups = {Role.SERVER_ADMIN: ("No Such Group",), Role.RG_ADMIN: ("Twin Group",)}
    async with office(domain, redis, groups=groups) as here:
        assert await told(here, EMIL, address("emil")) and await here.linked.read()
        held = await here.linked.held(Account(EMIL, address("emil")))
        assert held.roles == frozenset() and held.read_at
        assert "There is no group No Such Group" in held.why and "2 groups in the directory are called Twin" in held.why
    async with office(domain, redis, groups=groups | {Role.RG_ADMIN: ("Locked Soon", "Direct Home")}) as here:
        for _ in (1, 2):
            held = await here.linked.held(Account(STRANGER, address("olaf")))
            assert held.roles == {Role.RG_ADMIN} and "There is no group No Such Group" in held.why
            assert await here.linked.read()
