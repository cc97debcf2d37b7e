"""Every pool is asked every minute by one process: which part of it does not answer is known, and since when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from redis.asyncio import Redis

from bot.chores.chores import Chore, Chores
from bot.chores.seeing import DEADLINE_S, EVERY_S, Seeing
from bot.domain.deployment.answers import Part
from bot.domain.deployment.cmdlets import Cmdlet
from bot.domain.errors import CmdletFailed
from bot.domain.groups.groups import Row
from bot.domain.model import PoolState
from bot.domain.runs.run import Phase
from bot.stores import stores_over
from storage import keys
from storage.worlds.worlds import RedisWorlds
from tests.chores.test_chores import Asked, at_work
from tests.chores.test_seeing import NOW, Office, Slow
from tests.patience import until
from tests.unit.deployment.deployments import WORLD, B, C, P


@pytest.fixture
async def office(redis: Redis) -> AsyncIterator[Office]:
    worlds = RedisWorlds(redis)
    await worlds.save(WORLD, 0)
    yield Office(stores_over(redis, clock=lambda: NOW), worlds, Slow(worlds))


def bot(office: Office, asked: Asked, rounds: list[float]) -> Chores:
    """A process of its own, as often as it looks whose turn it is."""
    kept = office.kept
    seeing = Seeing(office.driver, kept.readings, kept.answers, kept.runs, kept.notices, office.estate)

    async def work(now: float) -> None:
        rounds.append(now)
        await seeing.work(now)

    row = Chore("seeing", EVERY_S, work)
    return Chores((row,), kept.turns, kept.notices, lambda: NOW, poll_s=0.01, allow=asked)


async def passes(redis: Redis, seconds: float) -> None:
    """So much time goes by on the clock of Redis, as the turn sees it."""
    turn = keys.turn("seeing")
    for mark in ("began", "ended"):
        await redis.hincrby(turn, mark, -round(seconds * 1000))


def so_many(rounds: list[float], count: int) -> Callable[[], object]:
    async def enough() -> bool:
        return len(rounds) >= count

    return enough


async def test_exactly_one_of_two_bots_asks_every_pool_every_sixty_seconds(office: Office, redis: Redis) -> None:
    assert (EVERY_S, DEADLINE_S) == (60.0, 10.0)
    asked, rounds = Asked(), list[float]()
    async with at_work(bot(office, asked, rounds), bot(office, asked, rounds)):
        for count in (1, 2, 3):
            await until(so_many(rounds, count))
            await until(lambda: redis.hget(keys.turn("seeing"), "ended"))
            await asked.often(40)
            await passes(redis, 55)
            await asked.often(40)
            assert len(rounds) == count, "nobody asks before the minute is over"
            assert {pool for pool, _ in office.driver.heard} == {P, B, C}
            office.driver.heard.clear()
            await passes(redis, 5)


async def test_a_round_that_takes_long_keeps_its_turn(office: Office) -> None:
    """Two deadlines, of a pool and of its partner, are less than the lease, which is renewed as well."""
    assert Chores((), office.kept.turns, office.kept.notices, lambda: NOW)._lease_s > 2 * DEADLINE_S


async def test_a_pool_that_hangs_counts_as_silent_after_its_deadline_and_delays_no_other(office: Office) -> None:
    office.driver.hanging, office.deadline_s = {P: ""}, 1.0
    looking = asyncio.create_task(office.look())
    try:

        async def others() -> bool:
            return len(await office.kept.answers.of([B, C])) == 2

        await until(others)
        assert await office.kept.answers.of([P]) == {}, "those that answer are known before the slow one is given up"
        assert [(await office.answer(fqdn)).silent for fqdn in (B, C)] == [None, None]
    finally:
        await looking
    assert (await office.answer()).silent is Part.POOL


async def test_since_when_it_is_silent_stays_and_ends_with_its_answer(office: Office) -> None:
    await office.look(NOW - 60)
    await office.pool(up=False)
    for turn in range(3):
        await office.look(NOW + 60 * turn)
        found = await office.answer()
        assert (found.silent, found.since, found.rounds, found.last) == (Part.POOL, NOW, turn + 1, NOW - 60)
    await office.pool(up=True)
    await office.look(NOW + 180)
    found = await office.answer()
    assert (found.silent, found.since, found.rounds, found.last) == (None, NOW + 180, 1, NOW + 180)


async def test_a_server_that_answers_without_its_data_is_told_apart(office: Office) -> None:
    await office.pool(back_end=False)
    await office.look()
    assert (await office.answer()).silent is Part.DATA and not (await office.answer()).is_silent, "it was never read"
    await office.pool(back_end=True)
    await office.look(NOW + 60)
    await office.pool(back_end=False)
    await office.look(NOW + 120)
    assert (await office.answer()).silent is Part.DATA and (await office.answer()).is_silent
    assert (await office.read()).at == NOW + 120, "where it stands is read all the same"


async def test_the_server_that_is_asked_through_is_not_the_pool(office: Office) -> None:
    class Through(Slow):
        def through(self, pool: str) -> str:
            return "admin-1.contoso.com" if pool == P else ""

    office.driver = Through(office.worlds)
    await office.look()
    found = await office.answer()
    assert (found.silent, found.through) == (None, "admin-1.contoso.com") and not found.is_well(NOW)
    await office.pool(up=False)
    await office.look(NOW + 60)
    found = await office.answer()
    assert found.silent is Part.WAY and not found.is_silent


async def test_what_hangs_behind_its_answer_makes_no_silence(office: Office) -> None:
    office.driver.hanging, office.deadline_s = {P: "Get-CsPool"}, 1.0
    await office.look()
    assert (await office.answer()).silent is None


async def test_a_pool_that_a_run_holds_is_asked_as_well(office: Office) -> None:
    await office.look()
    await office.stands(PoolState.OUTAGE, Phase.ASKING)
    await office.pool(up=False)
    await office.look(NOW + 60)
    assert (await office.answer()).silent is Part.POOL


async def test_a_refusal_of_anything_else_is_an_answer(office: Office) -> None:
    inner = office.driver.invoke

    async def refuses(pool: str, command: Cmdlet) -> tuple[Row, ...]:
        if command.name == "Get-CsRegistrarConfiguration":
            raise CmdletFailed("Access denied.", error_id="AccessDenied")
        return await inner(pool, command)

    office.driver.invoke = refuses  # type: ignore[method-assign]
    await office.look()
    assert (await office.answer()).silent is None
