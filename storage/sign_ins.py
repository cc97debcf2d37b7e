"""Which servers refused the bot's account: it rests in all processes until somebody says that it may be tried again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from redis.asyncio import Redis

from bot.domain.errors import Damaged
from storage import keys
from storage.connect import guard
from storage.versions import Codec

EVERYWHERE = ""
"""In place of a server: it is signed in nowhere."""


@dataclass(frozen=True, slots=True)
class Refused:
    """That `server` refused it at `at` (seconds since the epoch)."""

    server: str
    at: float


_REFUSED = Codec(Refused)


class SignIns:
    """A place is a server, as “host:port”, or EVERYWHERE. All methods raise StoreAway."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    @guard()
    async def refused(self) -> Mapping[str, Refused]:
        """By place, what rests; one that nobody can read rests as well."""
        found: dict[str, Refused] = {}
        for field, data in (await self._client.hgetall(keys.SIGN_INS)).items():
            place = field.decode(errors="backslashreplace")
            found[place] = Refused(place, 0.0)
            with suppress(Damaged):
                found[place] = _REFUSED.decode(data, "A refused sign-in")
        return found

    @guard()
    async def rest(self, places: Iterable[str], server: str, at: float) -> None:
        """Nobody signs in there any more."""
        data = _REFUSED.encode(Refused(server, at))
        await self._client.hset(keys.SIGN_INS, mapping=dict.fromkeys(places, data))

    @guard()
    async def again(self, who: str) -> None:
        """At each of the places that rest it may be tried once more, because this person says so."""
        if places := await self.refused():
            await self._client.hset(keys.SIGN_INS_AGAIN, mapping=dict.fromkeys(places, who))

    @guard()
    async def asked(self) -> Mapping[str, str]:
        """By place, who said so; gone as soon as a process tries."""
        found = await self._client.hgetall(keys.SIGN_INS_AGAIN)
        return {place.decode(errors="backslashreplace"): who.decode() for place, who in found.items()}

    @guard()
    async def claim(self, place: str) -> str:
        """Who said that it may be tried there, for one process only; empty where nobody did, or another one tries."""
        who = await self._client.hget(keys.SIGN_INS_AGAIN, place)
        return who.decode() if who and await self._client.hdel(keys.SIGN_INS_AGAIN, place) else ""

    @guard()
    async def give_back(self, claimed: Mapping[str, str]) -> None:
        """It was neither let in nor refused, so it may still be tried."""
        await self._client.hset(keys.SIGN_INS_AGAIN, mapping=dict(claimed))

    @guard()
    async def let_in(self, places: Iterable[str]) -> None:
        """Nothing rests there any more."""
        if named := tuple(places):
            await self._client.hdel(keys.SIGN_INS, *named)
            await self._client.hdel(keys.SIGN_INS_AGAIN, *named)
