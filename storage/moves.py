"""Lists the runs of an earlier version that move pools, which that version did not: once for each Redis."""

from __future__ import annotations

from contextlib import suppress

from redis.asyncio import Redis

from bot.domain.errors import Damaged
from storage import keys
from storage.connect import guard
from storage.runs import Runs

DAY_S = 86_400.0
_PAGE = 100


class Moves:
    """To die half-way, or to do it twice, does no harm."""

    def __init__(self, client: Redis, runs: Runs) -> None:
        self._client, self._runs = client, runs

    @guard()
    async def work(self, now: float) -> None:
        """Raises StoreAway. What cannot be read is in no list either."""
        if await self._client.exists(keys.MOVES_LISTED):
            return
        start = 0
        while found := await self._client.zrange(keys.RUNS, start, start + _PAGE - 1, withscores=True):
            if moving := {name: at for name, at in found if await self._moves(name)}:
                await self._client.zadd(keys.MOVING, moving)
            start += _PAGE
        await self._client.set(keys.MOVES_LISTED, "1")

    async def _moves(self, name: bytes) -> bool:
        with suppress(Damaged):
            run = await self._runs.find(name.decode(errors="backslashreplace"))
            return run is not None and run.pool_state is not None
        return False
