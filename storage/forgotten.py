"""What Slack said has changed, told to all processes: it tells one of them only."""

from __future__ import annotations

from redis.asyncio import Redis

from storage import keys
from storage.connect import guard

_MOST = 10_000
"""Whoever lags behind by more has not turned for longer than anything is remembered."""


class Forgotten:
    """Ids of people (U…, W…) and of user groups (S…), in the order in which they were told. Raises StoreAway."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    @guard()
    async def say(self, id: str) -> None:
        """From now on no process rests on what it remembers of it."""
        await self._client.xadd(keys.FORGOTTEN, {"id": id}, maxlen=_MOST, approximate=True)

    @guard()
    async def newest(self) -> str:
        """Where what is told from now on begins."""
        rows = await self._client.xrevrange(keys.FORGOTTEN, count=1)
        return rows[0][0].decode() if rows else "0-0"

    @guard()
    async def since(self, seen: str, wait_s: float) -> tuple[str, tuple[str, ...]]:
        """What was told behind that place, and the next place; waits for something for so many seconds."""
        answer = await self._client.xread({keys.FORGOTTEN: seen}, block=round(wait_s * 1000))
        rows = [row for _, told in answer for row in told] if answer else []
        if not rows:
            return seen, ()
        return rows[-1][0].decode(), tuple(fields.get(b"id", b"").decode(errors="replace") for _, fields in rows)
