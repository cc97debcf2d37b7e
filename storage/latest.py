"""The newest value of each pool, in one hash: read when nobody has time to ask servers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Generic, TypeVar

from redis.asyncio import Redis

from bot.domain.errors import Damaged
from storage.connect import GARBAGE, guard
from storage.versions import Codec

T = TypeVar("T")


class Latest(Generic[T]):
    """Lies at `key`; people know that of a pool as it is `called`. All methods raise StoreAway."""

    def __init__(self, client: Redis, key: str, codec: Codec[T], called: str) -> None:
        self._client, self._key, self._codec, self._called = client, key, codec, called

    @guard()
    async def note(self, fqdn: str, value: T) -> None:
        await self._client.hset(self._key, fqdn, self._codec.encode(value))

    @guard()
    async def of(self, fqdns: Iterable[str]) -> Mapping[str, T]:
        """By pool; one that was never noted is not in it, nor one of which a newer version wrote."""
        names = tuple(fqdns)
        found: dict[str, T] = {}
        batch = self._client.pipeline(transaction=False)
        batch.hmget(self._key, names)
        (stored,) = await batch.readable() if names else ((),)
        for fqdn, data in zip(names, () if stored == GARBAGE else stored, strict=False):
            with suppress(Damaged):
                if data:
                    found[fqdn] = self._codec.decode(data, self._called.format(fqdn))
        return found
