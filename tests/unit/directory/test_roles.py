"""Who holds which role: several sources at once, and nobody gains by one that is away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from bot.directory.base import AnyOf, DirectoryAway
from bot.directory.config import ConfiguredRoles
from bot.domain.errors import BotError
from bot.domain.model import Account, Role
from tests.patience import PATIENCE_S

ALICE = Account("T0CONTOSO:U0ALICE", name="Alice")


@dataclass(frozen=True)
class Source:
    answer: Callable[[], Awaitable[frozenset[Role]]]

    async def roles(self, account: Account, since: float = 0.0) -> frozenset[Role]:
        return await self.answer()

    def recalled(self, account: Account, since: float = 0.0) -> None:
        """It has to be asked every time."""


def granting(*roles: Role) -> ConfiguredRoles:
    return ConfiguredRoles({role: frozenset({ALICE.id}) for role in roles})


async def _away() -> frozenset[Role]:
    raise DirectoryAway("The directory does not answer.")


async def _broken() -> frozenset[Role]:
    raise KeyError("usergroup")


AWAY, BROKEN = Source(_away), Source(_broken)


async def test_the_configuration_grants_by_the_whole_id_and_nothing_like_it() -> None:
    source = ConfiguredRoles({Role.SERVER_ADMIN: frozenset({ALICE.id}), Role.RG_ADMIN: frozenset()})
    assert await source.roles(ALICE) == {Role.SERVER_ADMIN}
    for other in ("T0OTHER:U0ALICE", "U0ALICE", ALICE.id.lower(), "", "T0CONTOSO:U0ALIC"):
        assert await source.roles(Account(other)) == frozenset()


async def test_somebody_holds_the_roles_that_any_source_grants() -> None:
    assert (await AnyOf([granting(Role.RG_ADMIN), granting(Role.SERVER_ADMIN)]).held(ALICE)).roles == set(Role)
    assert (await AnyOf([granting(), granting()]).held(ALICE)).roles == frozenset()
    assert (await AnyOf([]).held(ALICE)).roles == frozenset()


@pytest.mark.parametrize("silent", [AWAY, BROKEN])
async def test_unknown_is_not_none_when_a_source_could_not_tell(silent: Source) -> None:
    assert (await AnyOf([granting(), silent]).held(ALICE)).roles is None
    assert (await AnyOf([silent]).held(ALICE)).roles is None


@pytest.mark.parametrize("silent", [AWAY, BROKEN])
async def test_a_role_that_somebody_granted_stands_and_no_other_is_added(silent: Source) -> None:
    assert (await AnyOf([silent, granting(Role.RG_ADMIN)]).held(ALICE)).roles == {Role.RG_ADMIN}


async def test_a_source_that_says_nothing_in_time_counts_as_away_and_is_let_go() -> None:
    let_go = asyncio.Event()

    async def mute() -> frozenset[Role]:
        try:
            await asyncio.Event().wait()
        finally:
            let_go.set()
        return frozenset(Role)

    async with asyncio.timeout(PATIENCE_S):
        assert (await AnyOf([Source(mute)], timeout_s=0.01).held(ALICE)).roles is None
        assert (await AnyOf([Source(mute), granting(Role.RG_ADMIN)], timeout_s=0.01).held(ALICE)).roles == {
            Role.RG_ADMIN
        }
        await let_go.wait()


async def test_sources_are_asked_at_the_same_time() -> None:
    both = asyncio.Barrier(2)

    async def meet() -> frozenset[Role]:
        await both.wait()
        return frozenset({Role.RG_ADMIN})

    assert (await AnyOf([Source(meet), Source(meet)], timeout_s=5).held(ALICE)).roles == {Role.RG_ADMIN}


async def test_what_everybody_remembers_is_not_asked_for() -> None:
    @dataclass(frozen=True)
    class Remembering(Source):
        def recalled(self, account: Account, since: float = 0.0) -> frozenset[Role]:
            return frozenset({Role.SERVER_ADMIN})

    both = [Remembering(_broken), granting(Role.RG_ADMIN)]
    assert (await AnyOf(both).held(ALICE)).roles == set(Role)
    assert (await AnyOf([*both, AWAY]).held(ALICE)).roles == {Role.RG_ADMIN}, "one has to be asked, so all are"


async def test_whoever_stops_waiting_stops_the_question_too() -> None:
    started, let_go = asyncio.Event(), asyncio.Event()

    async def mute() -> frozenset[Role]:
        started.set()
        try:
            return await asyncio.get_running_loop().create_future()
        finally:
            let_go.set()

    asking = asyncio.ensure_future(AnyOf([Source(mute)], timeout_s=60).held(ALICE))
    await started.wait()
    asking.cancel()
    async with asyncio.timeout(PATIENCE_S):
        await let_go.wait()


def test_away_is_an_error_of_the_tree_with_a_sentence() -> None:
    assert issubclass(DirectoryAway, BotError) and str(DirectoryAway("It is away.")) == "It is away."
