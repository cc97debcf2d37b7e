"""When ages were looked at last, and since when time has gone on without a leap."""

from __future__ import annotations

from redis.asyncio import Redis

from storage import keys
from storage.connect import guard

LEAP_S = 2 * 86_400.0
"""Who has not looked for so long was away, or has another clock than before: nobody knows which."""


class Dates:
    """All methods raise StoreAway when Redis does not answer."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    @guard()
    async def look(self, now: float) -> float | None:
        """Notes that somebody looks at `now` (seconds); gives when time leapt last, None when it never did.

        A leap into the future that was taken back is none any more.
        """
        looked, leapt = (
            float(said) if said else None for said in await self._client.hmget(keys.DATES, "looked", "leapt")
        )
        if looked is not None and now - looked > LEAP_S:
            leapt = now
        if leapt is not None and leapt > now:
            leapt = None
        await self._client.hset(keys.DATES, mapping={"looked": repr(now), "leapt": repr(leapt) if leapt else ""})
        return leapt
