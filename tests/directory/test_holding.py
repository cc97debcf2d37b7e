"""Who holds which role by a real domain controller: nothing is granted that the directory does not say for certain."""

from __future__ import annotations

import pytest

from bot.directory.active_directory import AccountRefused, DirectoryAway
from bot.domain.forest import Controller
from bot.domain.model import Role
from tests.directory import contents
from tests.directory.contents import address
from tests.directory.forests import asking, forest_of
from tests.directory.impostors import relay
from tests.directory.samba import Domain

BOTH = {Role.SERVER_ADMIN, Role.RG_ADMIN}
TWO_GROUPS = {Role.SERVER_ADMIN: ("RTCUniversalServerAdmins",), Role.RG_ADMIN: ("Twin Group",)}


async def refusal(domain: Domain, who: str, **changed: object) -> str:
    async with asking(forest_of(domain, **changed)) as directory:
        with pytest.raises(AccountRefused) as refused:
            await directory.holding(who)
    return refused.value.sentence


@pytest.mark.parametrize(
    ("who", "roles"),
    [
        pytest.param("anna@contoso.test", BOTH, id="in two groups"),
        pytest.param("ANNA@Contoso.Test", BOTH, id="written otherwise"),
        pytest.param("ben@contoso.test", {Role.SERVER_ADMIN}, id="three groups deep"),
        pytest.param("carl@contoso.test", {Role.SERVER_ADMIN}, id="behind a circle of groups"),
        pytest.param("dora@contoso.test", {Role.RG_ADMIN}, id="by a primary group within a group"),
        pytest.param("ida.tell@contoso.test", {Role.SERVER_ADMIN}, id="by mail"),
        pytest.param("ida@contoso.test", {Role.SERVER_ADMIN}, id="by userPrincipalName"),
        pytest.param(contents.ODD, {Role.RG_ADMIN}, id="an address of filter characters"),
        pytest.param("nobody@contoso.test", set(), id="in none of the groups"),
    ],
)
async def test_roles_are_those_of_the_groups_that_somebody_is_in(domain: Domain, who: str, roles: set[Role]) -> None:
    async with asking(forest_of(domain)) as directory:
        holding = await directory.holding(who)
    assert holding.roles == roles
    assert set(holding.through) == roles and all(holding.through[role] == (role.value,) for role in roles)
    assert holding.doubts == ()


async def test_a_group_that_is_the_primary_group_itself_grants_too(domain: Domain) -> None:
    groups = {Role.SERVER_ADMIN: ("Direct Home", "Home Group"), Role.RG_ADMIN: ("Nobody Here",)}
    async with asking(forest_of(domain, groups=groups)) as directory:
        assert (await directory.holding(address("olaf"))).through == {Role.SERVER_ADMIN: ("Direct Home",)}


async def test_group_names_are_compared_without_regard_to_capitals(domain: Domain) -> None:
    groups = {Role.SERVER_ADMIN: ("rtcUNIVERSALserverADMINS",), Role.RG_ADMIN: ("csresponsegroupadministrator",)}
    async with asking(forest_of(domain, groups=groups)) as directory:
        assert (await directory.holding(address("anna"))).roles == BOTH


async def test_an_account_is_known_by_what_never_changes(domain: Domain) -> None:
    async with asking(forest_of(domain)) as directory:
        by_name = (await directory.holding("ida@contoso.test")).account
        by_mail = (await directory.holding("ida.tell@contoso.test")).account
    assert by_name == by_mail and by_name.name == "ida"
    assert by_name.addresses == {"ida@contoso.test", "ida.tell@contoso.test"}


@pytest.mark.parametrize(("who", "why"), [("fred", "is disabled"), ("hugo", "has expired")])
async def test_an_account_that_is_switched_off_holds_nothing(domain: Domain, who: str, why: str) -> None:
    assert await refusal(domain, address(who)) == (
        f"The account of this person in the directory {why}, so it holds no role."
    )


async def test_an_account_that_is_locked_holds_nothing(domain: Domain) -> None:
    groups = {Role.SERVER_ADMIN: ("Locked Soon",), Role.RG_ADMIN: ("Nobody Here",)}
    async with asking(forest_of(domain, groups=groups)) as directory:
        assert (await directory.holding(address("gina"))).roles == {Role.SERVER_ADMIN}
    domain.lock_out(address("gina"))
    assert "is locked, after wrong passwords" in await refusal(domain, address("gina"), groups=groups)


async def test_an_account_expires_at_its_moment(domain: Domain) -> None:
    ends = 2_000_000_000.0
    domain.expire("emil", ends)
    async with asking(forest_of(domain), now=lambda: ends - 1) as directory:
        assert (await directory.holding(address("emil"))).roles == {Role.RG_ADMIN}
    async with asking(forest_of(domain), now=lambda: ends) as directory:
        with pytest.raises(AccountRefused, match="has expired"):
            await directory.holding(address("emil"))


@pytest.mark.parametrize("who", ["twins@contoso.test", "karl@contoso.test"])
async def test_an_address_of_two_accounts_is_nobodys(domain: Domain, who: str) -> None:
    assert "More than one account" in await refusal(domain, who)


@pytest.mark.parametrize(
    "who",
    [
        "*",
        "*@contoso.test",
        "ann*@contoso.test",
        "anna@contoso.test)(objectClass=*",
        "x@x)(|(mail=anna@contoso.test)",
        "anna@contoso.test\x00",
        "anna@contoso.test\n",
        " anna@contoso.test",
        "anna@contoso.test ",
        "anna@contoso.test\\",
        "ann\\61@contoso.test",
        "änna@contoso.test",
        "m\u0131ke@contoso.test",
        "mi\u212ae@contoso.test",
        "anna",
        "",
        "someone@fabrikam.test",
    ],
)
async def test_what_only_looks_like_an_address_is_nobodys(domain: Domain, who: str) -> None:
    """Samba passes over spaces and a NUL, so it is not enough that the directory finds somebody."""
    assert await refusal(domain, who)


async def test_only_addresses_of_allowed_domains_count(domain: Domain) -> None:
    allowed = ("contoso.test",)
    async with asking(forest_of(domain, domains=allowed)) as directory:
        assert (await directory.holding("anna@CONTOSO.test")).roles == BOTH
    for domains, who in (
        (("fabrikam.test",), address("anna")),
        (("test",), address("anna")),
        (allowed, "anna@contoso.test@fabrikam.test"),
    ):
        assert "domain that counts" in await refusal(domain, who, domains=domains)


async def test_accounts_count_only_where_the_configuration_looks(domain: Domain) -> None:
    assert "No account" in await refusal(domain, address("anna"), base=contents.ELSEWHERE)


async def test_a_group_that_is_not_there_grants_nothing_and_is_told(domain: Domain) -> None:
    groups = {Role.SERVER_ADMIN: ("RTCUniversalServerAdmin",), Role.RG_ADMIN: ("CsResponseGroupAdministrator",)}
    async with asking(forest_of(domain, groups=groups)) as directory:
        holding = await directory.holding(address("anna"))
    assert holding.roles == {Role.RG_ADMIN}
    assert holding.doubts == ("There is no group RTCUniversalServerAdmin in the directory, so it grants nothing.",)


async def test_no_group_at_all_grants_nothing(domain: Domain) -> None:
    groups = {Role.SERVER_ADMIN: ("None",), Role.RG_ADMIN: ("Not One",)}
    async with asking(forest_of(domain, groups=groups)) as directory:
        holding = await directory.holding(address("anna"))
    assert holding.roles == set() and len(holding.doubts) == 2


async def test_two_groups_of_one_name_grant_nothing_until_one_is_meant(domain: Domain) -> None:
    async with asking(forest_of(domain, groups=TWO_GROUPS)) as directory:
        holding = await directory.holding(address("lea"))
    assert holding.roles == set()
    assert "2 groups in the directory are called Twin Group, so none of them grants anything" in holding.doubts[0]
    async with asking(forest_of(domain, groups=TWO_GROUPS, group_base=contents.GROUPS)) as directory:
        assert (await directory.holding(address("lea"))).roles == {Role.RG_ADMIN}


async def test_whoever_left_the_group_holds_nothing_at_the_next_question(domain: Domain) -> None:
    async with asking(forest_of(domain)) as directory:
        domain.put_in("nobody", "Tier Three")
        assert (await directory.holding(address("nobody"))).roles == {Role.SERVER_ADMIN}
        domain.take_out("nobody", "Tier Three")
        assert (await directory.holding(address("nobody"))).roles == set()


async def test_in_a_forest_the_global_catalog_is_asked_and_the_state_at_the_accounts_own_domain(domain: Domain) -> None:
    where = {"global_catalog": True, "base": "", "group_base": ""}
    async with (
        relay(domain, domain.address) as own,
        asking(forest_of(domain, controllers=(Controller(domain.address, own.port),), **where)) as directory,
    ):
        for who, roles in (("anna", BOTH), ("carl", {Role.SERVER_ADMIN}), ("dora", {Role.RG_ADMIN})):
            assert (await directory.holding(address(who))).roles == roles
        assert own.taken == 1, "a global catalog knows neither of locks nor of ends"
        own.cut()
        own.ends_after = 0
        with pytest.raises(DirectoryAway, match=f"{domain.address}:{own.port} ended the connection"):
            await directory.holding(address("anna"))


async def test_a_base_that_is_not_there_is_told(domain: Domain) -> None:
    async with asking(forest_of(domain, base="DC=fabrikam,DC=test")) as directory:
        with pytest.raises(DirectoryAway) as away:
            await directory.holding(address("anna"))
    assert away.value.sentence == f"There is no “DC=fabrikam,DC=test” in the directory, says {domain.address}:636."
