"""Who refuses the account: one server of many keeps nobody from the others, and a wrong password locks nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.errors import NeverSent, SignInRefused
from bot.drivers.winrm.driver import WinRM
from tests.drivers.test_winrm import QUICK, READ
from tests.drivers.wsman.server import WSMan, wsman
from tests.drivers.wsman.table import Table

A, B, C, D = (f"pool-{letter}.contoso.com" for letter in "abcd")


@pytest.fixture
async def four(tmp_path: Path) -> AsyncIterator[tuple[WSMan, ...]]:
    async with AsyncExitStack() as stack:
        servers = [stack.enter_async_context(wsman(Table(), tmp_path / name)) for name in (A, B, C, D)]
        yield tuple([await one for one in servers])


@pytest.fixture
async def driver(four: tuple[WSMan, ...]) -> AsyncIterator[WinRM]:
    driver = WinRM({pool: (one.endpoint(),) for pool, one in zip((A, B, C, D), four, strict=True)}, QUICK)
    yield driver
    await driver.close()


async def turn_away(*servers: WSMan) -> None:
    """Whoever comes, or comes back after the connection was idle."""
    for server in servers:
        server.visitors.welcome = False
        await server.hang_up()


def refused(servers: tuple[WSMan, ...]) -> list[int]:
    return [server.visitors.refused for server in servers]


async def rests(driver: WinRM, pool: str) -> bool:
    with pytest.raises(NeverSent) as told:
        await driver.invoke(pool, READ)
    return (
        "so that it is not locked, it is next tried in 15 minutes. A new password, or a restart, is tried at once"
        in told.value.sentence
    )


async def test_one_server_that_refuses_keeps_nobody_from_the_others(driver: WinRM, four: tuple[WSMan, ...]) -> None:
    await driver.invoke(B, READ)
    await turn_away(four[0])
    assert not await rests(driver, A) and await rests(driver, A)
    assert await driver.invoke(B, READ) and await driver.invoke(C, READ)
    assert refused(four) == [1, 0, 0, 0]


async def test_where_two_refuse_what_worked_once_none_is_tried_but_who_has_let_it_in(
    driver: WinRM, four: tuple[WSMan, ...]
) -> None:
    await driver.invoke(D, READ)
    await turn_away(*four[:2])
    assert [await rests(driver, pool) for pool in (A, B, C)] == [False, False, True]
    await four[3].hang_up()
    assert await driver.invoke(D, READ) and await driver.invoke(C, READ)
    assert [await rests(driver, pool) for pool in (A, B)] == [True, True]
    assert refused(four) == [1, 1, 0, 0]


async def test_a_password_that_was_changed_is_tried_three_times_though_more_sessions_are_open(
    driver: WinRM, four: tuple[WSMan, ...]
) -> None:
    for pool in (A, B, C, D):
        await driver.invoke(pool, READ)
    await turn_away(*four)
    assert [await rests(driver, pool) for pool in (A, B, C, D)] == [False, False, False, True]
    assert sum(refused(four)) == 3


async def test_a_wrong_password_is_tried_once_though_all_pools_are_asked_at_once(four: tuple[WSMan, ...]) -> None:
    wrong = [replace(one.endpoint(), password="Wrong-horse") for one in four]
    driver = WinRM({pool: (one,) for pool, one in zip((A, B, C, D), wrong, strict=True)}, QUICK)
    found = await asyncio.gather(*(driver.invoke(pool, READ) for pool in (A, B, C, D)), return_exceptions=True)
    assert {type(one) for one in found} == {SignInRefused} and sum(refused(four)) == 1
    await driver.close()
