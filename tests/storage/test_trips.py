"""Scripts go over a connection that is kept for them: whatever becomes of it, nothing is sent twice or mixed up."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from bot.domain.errors import StoreAway
from storage.connect import Script, connect, guard
from storage.embedded import start

COUNT = "return redis.call('INCRBY', KEYS[1], ARGV[1])"
SLOW = f"local stop = os.clock() + 0.4 while os.clock() < stop do end {COUNT}"


async def test_a_kept_connection_that_was_closed_is_noticed_before_anything_is_sent(
    redis: Redis, redis_url: str
) -> None:
    async with connect(redis_url) as client:
        count = Script(client, COUNT)
        await count(keys=["n"], args=[1])
        await redis.client_kill_filter(_type="normal", skipme=True)
        await asyncio.sleep(0)

        assert [await count(keys=["n"], args=[1]) for _ in range(3)] == [2, 3, 4]


async def test_a_server_that_was_started_anew_is_found_again(tmp_path: Path) -> None:
    server = await start(tmp_path)
    async with connect(server.url) as client:
        count = Script(client, COUNT)
        await count(keys=["n"], args=[1])
        await server.close()
        with pytest.raises(StoreAway, match="Redis cannot be reached"):
            async with guard():
                await count(keys=["n"], args=[1])
        again = await start(tmp_path)

        assert await count(keys=["n"], args=[1]) == 2
        await again.close()


async def test_a_late_answer_never_goes_to_the_next_question(redis: Redis, redis_url: str) -> None:
    async with connect(redis_url, timeout_s=0.1) as hasty:
        with pytest.raises(StoreAway, match="did not answer in time"):
            async with guard():
                await Script(hasty, SLOW)(keys=["n"], args=[5])
        assert await redis.get("n") == b"5"

        assert await Script(hasty, COUNT)(keys=["n"], args=[1]) == 6


async def test_after_a_refusal_the_next_one_gets_its_own_answer(redis: Redis) -> None:
    count = Script(redis, COUNT)
    with pytest.raises(ResponseError, match="not an integer"):
        await count(keys=["n"], args=["many"])
    await redis.script_flush()

    assert await count(keys=["n"], args=[1]) == 1


async def test_more_at_once_than_there_are_connections_all_get_their_answer(redis: Redis) -> None:
    count = Script(redis, COUNT)

    answers = await asyncio.gather(
        *(count(keys=["n"], args=[1]) for _ in range(150)), *(redis.ping() for _ in range(150))
    )

    assert sorted(answers[:150]) == list(range(1, 151))
