"""Everybody who holds a role, in one reading: the same as each of them asked for alone, and nobody else."""

from __future__ import annotations

import asyncio

import pytest

from bot.directory.active_directory import AccountRefused, DirectoryAway, Times
from bot.domain.forest import Controller
from bot.domain.model import Role
from tests.directory import contents
from tests.directory.contents import address
from tests.directory.forests import asking, at, forest_of
from tests.directory.impostors import BIND, deaf, done, impostor, relay
from tests.directory.samba import Domain
from tests.patience import PATIENCE_S

WITH_PRIMARY = {
    Role.SERVER_ADMIN: ("RTCUniversalServerAdmins", "Direct Home", "Twin Group"),
    Role.RG_ADMIN: ("CsResponseGroupAdministrator", "Direct Home"),
}


@pytest.mark.parametrize("catalog", [False, True], ids=["one domain", "global catalog"])
async def test_a_reading_says_of_everybody_what_a_question_says(domain: Domain, catalog: bool) -> None:
    where = {"global_catalog": True, "base": "", "group_base": ""} if catalog else {}
    async with asking(forest_of(domain, groups=WITH_PRIMARY, **where)) as directory:
        read = await directory.members()
        by_name = {one.account.name: one for one in read.holdings.values()}
        for name, one in by_name.items():
            if name in ("fred", "hugo", "jan", "kim"):
                continue
            asked = await directory.holding(contents.ODD if name == "nils" else address(name))
            assert (asked.account, asked.through) == (one.account, one.through), name
    assert " ".join(sorted(by_name)) == "anna ben carl dora emil fred hugo ida jan kim mike nils olaf"
    assert by_name["olaf"].through == {role: ("Direct Home",) for role in Role}
    assert "2 groups in the directory are called Twin Group" in read.doubts[0]


async def test_in_a_forest_the_state_of_all_is_read_at_their_own_domain(domain: Domain) -> None:
    async with relay(domain, domain.address) as own:
        controllers = (Controller(domain.address, own.port),)
        async with asking(
            forest_of(domain, controllers=controllers, global_catalog=True, base="", group_base="")
        ) as all_:
            assert (await all_.members()).holdings
            assert own.taken == 1
            own.cut()
            own.ends_after = 0
            with pytest.raises(DirectoryAway, match=f"{domain.address}:{own.port} ended the connection"):
                await all_.members()


async def test_whoever_is_switched_off_is_read_and_holds_nothing(domain: Domain) -> None:
    async with asking(forest_of(domain), now=lambda: 1_900_000_000.0) as directory:
        read = await directory.members()
    guids = {one.account.name: guid for guid, one in read.holdings.items()}
    for name, why in (("fred", "is disabled"), ("hugo", "has expired")):
        with pytest.raises(AccountRefused, match=why):
            read.holding(guids[name], read.read_at)
    anna = read.holding(guids["anna"], read.read_at)
    assert anna is not None and anna.roles == set(Role)
    assert read.holding("00000000-0000-0000-0000-000000000000", read.read_at) is None


async def test_the_moment_of_a_reading_is_when_it_began(domain: Domain) -> None:
    ticks = iter(range(100, 200))
    async with asking(forest_of(domain), now=lambda: float(next(ticks))) as directory:
        assert (await directory.members()).read_at == 100.0


async def test_a_reading_is_whole_or_none(domain: Domain) -> None:
    async with relay(domain) as way:
        forest, times = forest_of(domain, controllers=at(way.port)), Times(reading_silence_s=0.5, reading_s=2.0)
        async with asking(forest) as directory:
            whole = await directory.members()
        way.ends_after = 6000
        async with asking(forest, times=times) as directory:
            with pytest.raises(DirectoryAway, match="ended the connection"):
                await directory.members()
    assert whole.holdings


async def test_a_reading_ends_in_its_time_at_a_silent_controller(domain: Domain) -> None:
    async with deaf() as port:
        times = Times(reading_silence_s=0.3, reading_s=1.0)
        async with asking(forest_of(domain, controllers=at(port)), times=times) as directory:
            with pytest.raises(DirectoryAway, match=r"did not answer within 0\.3 s"):
                async with asyncio.timeout(PATIENCE_S):
                    await directory.members()


async def test_a_forest_of_which_a_part_is_silent_is_no_reading(domain: Domain) -> None:
    """Of a domain that was never seen, nobody can say that none of its people holds a role."""
    async with deaf() as port:
        controllers = (Controller(domain.address), *at(port))
        forest = forest_of(domain, controllers=controllers, global_catalog=True, base="", group_base="")
        async with asking(forest, times=Times(reading_silence_s=0.3, reading_s=5.0)) as directory:
            with pytest.raises(DirectoryAway, match=r"127\.0\.0\.1:3269"):
                await directory.members()


async def test_a_limit_of_the_directory_is_no_reading(domain: Domain) -> None:
    async with (
        impostor(domain, lambda number, tag: done(number, tag, 0 if tag == BIND else 4)) as port,
        asking(forest_of(domain, controllers=at(port))) as directory,
    ):
        with pytest.raises(DirectoryAway, match="because of its limit of size"):
            await directory.members()


async def test_five_thousand_members_are_read_in_pages_while_presses_are_answered(domain: Domain) -> None:
    domain.crowd()
    forest = forest_of(domain, groups={Role.SERVER_ADMIN: ("RTCUniversalServerAdmins",), Role.RG_ADMIN: ("Crowd",)})
    async with asking(forest) as directory:
        reading, answered = asyncio.create_task(directory.members()), 0
        while not reading.done():
            assert (await directory.holding(address("agent0001"))).roles == {Role.RG_ADMIN}
            answered += 1
        read = await reading
    crowd = [one for one in read.holdings.values() if one.roles == {Role.RG_ADMIN}]
    assert len(crowd) == contents.CROWD_SIZE
    assert answered > 1
