"""Where in Slack things are, and which of Slack's deliveries were taken already."""

from __future__ import annotations

from dataclasses import dataclass

from redis.asyncio import Redis

from storage import keys
from storage.connect import guard
from storage.versions import Codec

_HOME_S = 86_400
_REACHED_S = 30 * 86_400

REPLAY_S = 660
"""Longer than a signature can be used, which is five minutes to either side of now."""


@dataclass(frozen=True, slots=True)
class Place:
    """A message: its channel, its ts, and the digest of what was drawn there last."""

    channel: str
    ts: str
    digest: str = ""

    @property
    def is_direct(self) -> bool:
        """Whether one person alone can read it."""
        return self.channel.startswith("D")


PLACE = Codec(Place)


class Cards:
    """All methods raise StoreAway when Redis does not answer."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    @guard()
    async def place(self, run_id: str) -> Place | None:
        """Raises Newer."""
        data = await self._client.get(keys.card(run_id))
        return PLACE.decode(data, f"The card of {run_id[:80]}") if data else None

    @guard()
    async def put(self, run_id: str, place: Place) -> None:
        await self._client.set(keys.card(run_id), PLACE.encode(place))

    @guard()
    async def lost(self, run_id: str) -> None:
        """The card of this run can be read nowhere any more."""
        await self._client.delete(keys.card(run_id))

    @guard()
    async def reached(self, about: str) -> frozenset[str]:
        """Who (U…) heard directly of this card (the run's id) or notice."""
        return frozenset(user.decode() for user in await self._client.smembers(keys.reached(about)))

    @guard()
    async def reach(self, about: str, user: str) -> None:
        """This person has heard of it, or cannot be written to."""
        pipe = self._client.pipeline()
        pipe.sadd(keys.reached(about), user)
        pipe.expire(keys.reached(about), _REACHED_S)
        await pipe.execute()

    @guard()
    async def trouble(self, series: str, run_id: str) -> None:
        """The card of this run is where the trouble of the series is shown."""
        await self._client.set(keys.trouble(series), run_id)

    @guard()
    async def troubled(self, series: str) -> str:
        """The run whose card shows the trouble of the series; empty while there is none."""
        return (await self._client.get(keys.trouble(series)) or b"").decode()

    @guard()
    async def inherit(self, series: str, run_id: str) -> Place | None:
        """Gives this run the card that shows the trouble of the series; None when there is no such card."""
        before = await self.troubled(series)
        place = await self.place(before) if before else None
        if place is None:
            return None
        pipe = self._client.pipeline()
        pipe.set(keys.card(run_id), PLACE.encode(place))
        pipe.set(keys.trouble(series), run_id)
        pipe.delete(keys.card(before))
        await pipe.execute()
        return place

    @guard()
    async def calm(self, series: str, failed: str = "") -> None:
        """There is no trouble with the series any more, and the card of the run that `failed` is nobody's."""
        await self._client.delete(keys.trouble(series), *([keys.card(failed)] if failed else []))

    @guard()
    async def lease(self, run_id: str, seconds: float) -> bool:
        """Whether the caller may draw this card now; one writer per card across processes, for that long at most."""
        return bool(await self._client.set(keys.drawing(run_id), b"1", nx=True, px=int(seconds * 1000)))

    @guard()
    async def release(self, run_id: str) -> None:
        await self._client.delete(keys.drawing(run_id))

    @guard()
    async def fresh(self, delivery: str) -> bool:
        """True the first time that this delivery is seen, which is marked; False for the same bytes again."""
        return bool(await self._client.set(keys.replay(delivery), b"1", nx=True, ex=REPLAY_S))

    @guard()
    async def opened_home(self, user: str, now: float) -> None:
        pipe = self._client.pipeline(transaction=False)
        pipe.zadd(keys.HOMES, {user: now})
        pipe.zremrangebyscore(keys.HOMES, "-inf", now - _HOME_S)
        await pipe.execute()

    @guard()
    async def homes(self, now: float, count: int = 50) -> tuple[str, ...]:
        """People who opened their App Home in the last day, the latest first."""
        names = await self._client.zrange(
            keys.HOMES, "+inf", now - _HOME_S, byscore=True, desc=True, offset=0, num=count
        )
        return tuple(name.decode() for name in names)
