"""An account that was refused rests in every process and over restarts, until somebody presses Try again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.chores.signing import KEY, Signing
from bot.domain.errors import NeverSent, SignInRefused
from bot.drivers.winrm.driver import WinRM
from bot.drivers.winrm.shared_rests import lasting
from storage.notices import Notice, Notices
from storage.sign_ins import EVERYWHERE, SignIns
from tests.drivers.test_winrm import QUICK, READ
from tests.drivers.test_winrm_proofs import A, B, C, refused, turn_away
from tests.drivers.wsman.server import WSMan, wsman
from tests.drivers.wsman.table import Table

NOW = 1_795_000_000.0
PRESSED = "so that it is not locked, it is next tried when somebody presses Try again."


@dataclass
class Room:
    """Three servers, and as many bots as a test starts: all over one Redis."""

    redis: Redis
    servers: tuple[WSMan, ...]
    bots: list[WinRM] = field(default_factory=list)

    @property
    def sign_ins(self) -> SignIns:
        return SignIns(self.redis)

    def bot(self, password: str = "") -> WinRM:
        at = [one.endpoint() for one in self.servers]
        at = [replace(one, password=password) for one in at] if password else at
        pools = {pool: (one,) for pool, one in zip((A, B, C), at, strict=True)}
        self.bots.append(WinRM(pools, QUICK, proofs=lasting(self.sign_ins, lambda: NOW)))
        return self.bots[-1]

    @property
    def knocks(self) -> int:
        """How often the account was refused on the wire."""
        return sum(refused(self.servers))

    async def told(self) -> Notice | None:
        await Signing(self.sign_ins, Notices(self.redis)).work(NOW)
        return await Notices(self.redis).find(KEY)

    async def is_refused(self, bot: WinRM, pool: str) -> str:
        with pytest.raises(SignInRefused) as told:
            await bot.invoke(pool, READ)
        return told.value.sentence


@pytest.fixture
async def room(redis: Redis, tmp_path: Path) -> AsyncIterator[Room]:
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(wsman(Table(), tmp_path / name)) for name in (A, B, C)]
        room = Room(redis, tuple(servers))
        yield room
        await asyncio.gather(*(bot.close() for bot in room.bots))


async def test_nothing_more_is_sent_by_any_bot_until_it_is_pressed_and_there_is_one_notice(room: Room) -> None:
    first, second = room.bot("Wrong-horse"), room.bot("Wrong-horse")
    assert "refuses the account" in await room.is_refused(first, A)
    assert room.knocks == 1
    for bot in (first, second, room.bot("Wrong-horse"), room.bot()):
        for pool in (A, B, C):
            assert PRESSED in await room.is_refused(bot, pool)
    assert room.knocks == 1 and not any(one.visitors.came for one in room.servers), "not even another password"
    for _ in range(3):
        notice = await room.told()
        assert notice and notice.sentence.endswith("Nothing is sent to any server until somebody presses Try again.")
        assert [one.label for one in notice.offers] == ["Try again"]


async def test_each_press_is_one_try_over_all_bots(room: Room) -> None:
    bots = [room.bot("Wrong-horse") for _ in range(3)]
    await room.is_refused(bots[0], A)
    for count in (2, 3):
        await room.sign_ins.again("Anna")
        notice = await room.told()
        assert notice and not notice.offers and "Anna pressed Try again" in str(notice.details)
        tries = [room.is_refused(bot, pool) for bot in bots for pool in (A, B, C)]
        await asyncio.gather(*tries)
        assert room.knocks == count
        notice = await room.told()
        assert notice and notice.offers, "it can be pressed again"


async def test_when_it_worked_all_bots_go_on_and_the_notice_says_so(room: Room) -> None:
    await room.is_refused(room.bot("Wrong-horse"), A)
    await room.told()
    mended, other = room.bot(), room.bot()
    await room.sign_ins.again("Anna")
    assert await mended.invoke(B, READ)
    assert await other.invoke(A, READ) and await other.invoke(C, READ)
    assert await room.sign_ins.refused() == {} and room.knocks == 1
    notice = await room.told()
    assert notice and notice.over.startswith("It worked: ")


async def test_one_server_that_refuses_what_others_let_in_is_left_alone_and_the_others_go_on(room: Room) -> None:
    first, second = room.bot(), room.bot()
    await first.invoke(B, READ)
    await turn_away(room.servers[0])
    await room.is_refused(first, A)
    assert PRESSED in await room.is_refused(second, A)
    assert await first.invoke(B, READ) and await second.invoke(C, READ)
    notice = await room.told()
    assert notice and "Nothing is sent there until" in notice.sentence and room.knocks == 1


async def test_where_two_refuse_whichever_bot_they_refused_it_is_sent_nowhere_not_even_in_open_sessions(
    room: Room,
) -> None:
    first, second = room.bot(), room.bot()
    for bot in (first, second):
        await bot.invoke(C, READ)
    await turn_away(*room.servers[:2])
    await room.is_refused(first, A)
    await room.is_refused(second, B)
    assert EVERYWHERE in await room.sign_ins.refused()
    came = len(room.servers[2].visitors.came)
    for bot in (first, second):
        assert PRESSED in await room.is_refused(bot, C)
    assert (room.knocks, len(room.servers[2].visitors.came)) == (2, came)


async def test_a_try_that_met_nobody_is_still_to_be_had(room: Room) -> None:
    bot = room.bot("Wrong-horse")
    await room.is_refused(bot, A)
    await room.sign_ins.again("Anna")
    away = replace(room.servers[0].endpoint(), port=1)
    lost = WinRM({A: (away,)}, QUICK, proofs=lasting(room.sign_ins, lambda: NOW))
    room.bots.append(lost)
    with pytest.raises(NeverSent):
        await lost.invoke(A, READ)
    assert await room.sign_ins.asked()
    assert await room.bot().invoke(B, READ)


async def test_who_cannot_ask_whether_it_rests_does_not_sign_in(room: Room) -> None:
    lost = WinRM({A: (room.servers[0].endpoint(),)}, QUICK, proofs=lasting(SignIns(Redis(port=1)), lambda: NOW))
    room.bots.append(lost)
    with pytest.raises(NeverSent, match="nobody knows whether the account was refused before") as told:
        await lost.invoke(A, READ)
    assert not isinstance(told.value, SignInRefused) and not room.servers[0].visitors.came
