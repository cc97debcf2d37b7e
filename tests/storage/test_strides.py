"""Large values go to Redis in strides: all of each command or nothing of it, and errors as a pipeline tells them."""

from __future__ import annotations

import asyncio

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError, ResponseError

from storage.strides import STRIDE_BYTES, _send
from tests.storage.wire import Send, wired

LARGE = b"\r\nSET stray 1\r\n" * (STRIDE_BYTES // 5)


async def test_values_arrive_as_they_are_whatever_their_length(redis: Redis) -> None:
    values = {f"v{size}": LARGE[:size] for size in (0, 1, STRIDE_BYTES - 1, STRIDE_BYTES, STRIDE_BYTES + 1, len(LARGE))}
    await redis.stride([("SET", key, memoryview(value)) for key, value in values.items()])
    assert await redis.mget(values) == list(values.values()) and not await redis.exists("stray")


async def test_the_first_error_is_raised_once_every_answer_was_read(redis: Redis) -> None:
    with pytest.raises(ResponseError, match="WRONGTYPE"):
        await redis.stride([("SET", "a", LARGE), ("SADD", "a", "b"), ("INCR", "a"), ("SET", "c", "1")])
    assert await redis.get("c") == b"1" and await redis.get("a") == LARGE


@pytest.mark.parametrize("strides", [1, 2])
async def test_the_rest_of_a_value_never_goes_over_a_connection_of_its_own(
    redis: Redis, redis_url: str, strides: int
) -> None:
    sent: list[int] = []

    async def hook(packed: bytes, send: Send) -> None:
        sent.append(len(packed))
        await send(packed)
        if packed in LARGE and sent.count(STRIDE_BYTES) == strides:
            await client.connection_pool.disconnect()

    async with wired(redis_url, hook) as client:
        with pytest.raises(ConnectionError, match="half way"):
            await client.stride([("SET", "a", LARGE)])
        assert sent.count(STRIDE_BYTES) == strides and sent[-1] == STRIDE_BYTES and not await redis.exists("a", "stray")
        await client.stride([("SET", "a", LARGE)])
    assert await redis.get("a") == LARGE


async def test_others_have_a_turn_after_every_stride_also_while_nothing_is_waited_for(redis: Redis) -> None:
    connection = await redis.connection_pool.get_connection()
    sent, between, turns = connection.send_packed_command, list[int](), 0

    async def swallow(packed: object, check_health: bool = True) -> None:
        between.append(turns)

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    connection.send_packed_command = swallow
    watching = asyncio.create_task(other())
    await _send(connection, memoryview(bytes(5 * STRIDE_BYTES)))
    watching.cancel()
    connection.send_packed_command = sent
    await redis.connection_pool.release(connection)

    assert len(set(between)) == 5
