"""Redis' own time: asked for, counted on in between, and compared with the clock of this machine."""

from __future__ import annotations

import time

import pytest
from redis.asyncio import Redis

from bot.domain.errors import StoreAway
from storage.connect import connect
from storage.redis_time import RedisTime
from tests.scenarios.stage import Clock


async def test_before_the_first_question_it_is_what_this_machine_says(redis: Redis) -> None:
    own, counted = Clock(1000.0), Clock(50.0)
    there = RedisTime(redis, own, counted)
    counted.now += 7.0
    assert there() == 1007.0


async def test_what_redis_says_is_counted_on_whatever_happens_to_the_clock_of_this_machine(redis: Redis) -> None:
    own, counted = Clock(1000.0), Clock(50.0)
    there = RedisTime(redis, own, counted)
    asked = await there.ask()
    assert abs(asked - time.time()) < 5.0
    own.now, counted.now = -1e9, 59.0
    assert there() == asked + 9.0


@pytest.mark.parametrize("ahead", [-86_400.0, 0.0, 34_560_000.0])
async def test_it_tells_how_far_this_machine_is_ahead(redis: Redis, ahead: float) -> None:
    assert abs(await RedisTime(redis, Clock(time.time() + ahead)).apart() - ahead) < 5.0


async def test_a_redis_that_is_away_changes_nothing() -> None:
    there = RedisTime(connect("redis://127.0.0.1:1"), Clock(1000.0), Clock(50.0))
    with pytest.raises(StoreAway):
        await there.ask()
    assert there() == 1000.0
