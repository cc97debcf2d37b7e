"""What time it is by Redis' own clock, so that no machine's own clock decides who may go on, or what is old."""

from __future__ import annotations

import time
from collections.abc import Callable

from redis.asyncio import Redis

from storage.connect import guard


class RedisTime:
    """Seconds since the epoch: asked now and then, and counted on by this machine's monotonic clock in between.

    Until it was asked once, it is what `own` says, the clock of this machine.
    """

    def __init__(
        self, client: Redis, own: Callable[[], float] = time.time, counted: Callable[[], float] = time.monotonic
    ) -> None:
        self._client, self._own, self._counted = client, own, counted
        self._ahead = own() - counted()

    def __call__(self) -> float:
        return self._counted() + self._ahead

    @guard()
    async def ask(self) -> float:
        """What time it is now; it is counted on from there."""
        seconds, microseconds = await self._client.time()
        self._ahead = seconds + microseconds / 1_000_000 - self._counted()
        return self()

    async def apart(self) -> float:
        """How many seconds the clock of this machine is ahead of Redis' own; negative when it is behind."""
        return self._own() - await self.ask()
