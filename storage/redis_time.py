"""What time it is by Redis' own clock, so that no process's own clock decides who may go on with what."""

from __future__ import annotations

import time
from collections.abc import Callable

from redis.asyncio import Redis

from storage.connect import guard


class RedisTime:
    """Seconds since the epoch: asked now and then, and counted on by this machine's monotonic clock in between.

    Until it was asked once, it is what `before` says.
    """

    def __init__(
        self, client: Redis, before: Callable[[], float] = time.time, counted: Callable[[], float] = time.monotonic
    ) -> None:
        self._client, self._counted = client, counted
        self._ahead = before() - counted()

    def __call__(self) -> float:
        return self._counted() + self._ahead

    @guard()
    async def ask(self) -> None:
        seconds, microseconds = await self._client.time()
        self._ahead = seconds + microseconds / 1_000_000 - self._counted()
