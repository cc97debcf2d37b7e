"""Whose turn a chore is, on a real server: one at a time, once per period, and whoever was frozen comes too late."""

from __future__ import annotations

import asyncio

from redis.asyncio import Redis

from storage import keys
from storage.turns import Turn, Turns

LONG = 3600.0


async def take(redis: Redis, *, every_s: float = LONG, again_s: float = LONG, lease_s: float = 60.0) -> Turn | None:
    return await Turns(redis).take("count", every_s=every_s, again_s=again_s, lease_s=lease_s)


async def test_one_of_many_processes_gets_the_turn(redis: Redis) -> None:
    turns = await asyncio.gather(*(take(redis) for _ in range(20)))

    assert len([turn for turn in turns if turn]) == 1


async def test_a_chore_is_not_due_again_before_its_period_is_over(redis: Redis) -> None:
    turn = await take(redis)
    assert turn and await Turns(redis).done(turn, well=True)

    assert await take(redis) is None
    assert await take(redis, every_s=0.0)


async def test_what_failed_is_due_again_sooner(redis: Redis) -> None:
    turn = await take(redis)
    assert turn and await Turns(redis).done(turn, well=False)

    assert await take(redis) is None
    again = await take(redis, again_s=0.0)
    assert again and await Turns(redis).done(again, well=True)
    assert await take(redis, again_s=0.0) is None


async def test_a_process_that_froze_past_its_lease_has_lost_its_turn(redis: Redis) -> None:
    frozen = await take(redis, lease_s=0.02)
    await asyncio.sleep(0.03)
    heir = await take(redis)

    assert frozen and heir and heir.fence > frozen.fence
    assert not await Turns(redis).renew(frozen, 60)
    assert not await Turns(redis).done(frozen, well=True)
    assert await take(redis) is None, "the heir still has it"
    assert await Turns(redis).done(heir, well=True)


async def test_a_turn_that_has_ended_cannot_end_again(redis: Redis) -> None:
    turn = await take(redis)
    assert turn and await Turns(redis).done(turn, well=True)

    assert not await Turns(redis).renew(turn, 60)
    assert not await Turns(redis).done(turn, well=False)
    assert await take(redis, again_s=0.0) is None, "the late word that it failed counted"


async def test_a_turn_that_is_renewed_is_kept(redis: Redis) -> None:
    turn = await take(redis, lease_s=0.05)
    assert turn and await Turns(redis).renew(turn, 60)
    await asyncio.sleep(0.06)

    assert await take(redis) is None


async def test_a_clock_that_was_set_back_holds_nothing_up(redis: Redis) -> None:
    seconds, _ = await redis.time()
    year = (seconds + 365 * 86_400) * 1000
    await redis.hset(keys.turn("count"), mapping={"fence": 7, "until": year, "ended": year})

    assert await take(redis) == Turn("count", 8)


async def test_it_is_due_by_when_it_began_and_not_by_how_long_it_took(redis: Redis) -> None:
    turn = await take(redis, every_s=0.05)
    await asyncio.sleep(0.06)
    assert turn and await Turns(redis).done(turn, well=True)

    assert await take(redis, every_s=0.05)


async def test_what_died_before_it_ended_is_due_as_soon_as_its_lease_is_over(redis: Redis) -> None:
    first = await take(redis)
    assert first and await Turns(redis).done(first, well=True)
    assert await take(redis, every_s=0.0, lease_s=0.02)
    await asyncio.sleep(0.03)

    assert await take(redis)
