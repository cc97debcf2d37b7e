"""Since when each pool is watched, so that one without any backup is late from then on, not from its first second."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from redis.asyncio import Redis

from storage import keys
from storage.connect import guard


class Watches:
    """All methods raise StoreAway when Redis does not answer."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    @guard()
    async def since(self, pools: Iterable[str], now: float) -> Mapping[str, float]:
        """When each of them was watched first: now, for those that never were."""
        names = tuple(pools)
        pipe = self._client.pipeline()
        for fqdn in names:
            pipe.hsetnx(keys.WATCHED, fqdn, repr(now))
            pipe.hget(keys.WATCHED, fqdn)
        return dict(zip(names, map(float, (await pipe.execute())[1::2]), strict=True))
