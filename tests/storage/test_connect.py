"""The way to Redis on real servers: every kind of address, no second sending, sentences for what goes wrong."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from bot.domain.errors import BadInput
from storage.connect import connect


async def test_a_unix_socket_is_an_address(redis: Redis) -> None:
    await redis.set("a", "1")
    assert await redis.get("a") == b"1"


@pytest.mark.parametrize(
    "url", ["", "localhost:6379", "redis+sentinel://a/0", "redis://a,b:1/0", "redis://a?nonsense=1", "redis://a:port"]
)
def test_an_address_that_cannot_be_used_is_refused_with_one_sentence(url: str) -> None:
    with pytest.raises(BadInput, match="REDIS_URL cannot be used"):
        connect(url)
