"""Which backups still lack an off-site copy, and how the place that the others went to is recognised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from redis.asyncio import Redis

from storage import keys
from storage.connect import guard
from storage.versions import VERSION, newer


@dataclass(frozen=True, slots=True)
class OffSitePlace:
    """Where copies go (`where`, in words), and what lies there since the first one (`identity`)."""

    where: str
    identity: bytes


class OffSiteCopies:
    """All methods raise StoreAway when Redis does not answer."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    @guard()
    async def place(self) -> OffSitePlace | None:
        """Where copies went last; None before the first. Raises Newer."""
        where, identity, version = await self._client.hmget(keys.MIRROR, "where", "identity", "v")
        if int(version or 1) > VERSION:
            raise newer("What is known of the off-site copy")
        return OffSitePlace(where.decode(), identity) if where is not None and identity is not None else None

    @guard()
    async def settle(self, place: OffSitePlace) -> None:
        """OffSiteCopies go there from now on; what has to go there is `due` already."""
        await self._client.hset(keys.MIRROR, mapping={"v": VERSION, "where": place.where, "identity": place.identity})
        await self._client.hdel(keys.MIRROR, "remembered", "restoring")
        await self._client.delete(keys.BESIDE)

    @guard()
    async def add(self, taken: Mapping[str, float]) -> None:
        """These backups lack a copy; by the second they were taken."""
        if taken:
            await self._client.zadd(keys.TO_COPY, dict(taken))

    @guard()
    async def due(self, start: int = 0, count: int = 50) -> tuple[str, ...]:
        """Ids of backups without a copy, the oldest first."""
        return tuple(id.decode() for id in await self._client.zrange(keys.TO_COPY, start, start + count - 1))

    @guard()
    async def done(self, id: str) -> None:
        """This one has its copy, or is not kept any longer."""
        await self._client.zrem(keys.TO_COPY, id)

    @guard()
    async def waiting(self) -> tuple[int, float | None]:
        """How many lack a copy, and when the oldest of them was taken (seconds)."""
        pipe = self._client.pipeline(transaction=False)
        pipe.zcard(keys.TO_COPY)
        pipe.zrange(keys.TO_COPY, 0, 0, withscores=True)
        count, rows = await pipe.execute()
        return count, rows[0][1] if rows else None

    @guard()
    async def lacking(self, companions: Sequence[str]) -> tuple[str, ...]:
        """Those of these copies of companions (by id) that are not off-site."""
        found = await self._client.smismember(keys.BESIDE, list(companions)) if companions else []
        return tuple(id for id, there in zip(companions, found, strict=True) if not there)

    @guard()
    async def has(self, companion: str) -> None:
        """This copy of a companion is off-site."""
        await self._client.sadd(keys.BESIDE, companion)

    @guard()
    async def remembered(self) -> str:
        """The name of what was remembered at the place last; empty when nothing was."""
        return (await self._client.hget(keys.MIRROR, "remembered") or b"").decode()

    @guard()
    async def remember(self, name: str) -> None:
        await self._client.hset(keys.MIRROR, "remembered", name)

    @guard()
    async def begin_restoring(self, where: str) -> None:
        """A restore from that place is under way; until it is over, one that was killed may go on."""
        await self._client.hset(keys.MIRROR, "restoring", where)

    @guard()
    async def restoring(self) -> str:
        """The place from which a restore is under way; empty when there is none."""
        return (await self._client.hget(keys.MIRROR, "restoring") or b"").decode()
