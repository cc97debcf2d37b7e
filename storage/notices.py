"""What stands and has to be known: each notice is one message that is updated, never repeated, and ends calmly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from redis.asyncio import Redis

from storage import keys
from storage.cards import Place
from storage.connect import guard, script

COUNT_S = 3600.0
"""That the same was said once more is shown at most this often."""


@dataclass(frozen=True, slots=True)
class Notice:
    """What stands since `since`, was said `count` times and the last time at `at` (seconds since the epoch).

    `over` is the sentence that ended it at `ended`; empty while it stands. `place` is its message in Slack, if any.
    """

    key: str
    sentence: str
    details: tuple[str, ...]
    since: float
    at: float
    count: int
    over: str = ""
    ended: float = 0.0
    place: Place | None = None


_encode = msgspec.json.Encoder().encode
_said = msgspec.json.Decoder(tuple[str, tuple[str, ...]])
_place = msgspec.json.Decoder(Place)


class Notices:
    """Each change is one script: the value and its mark in the outbox. All methods raise StoreAway."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._say, self._end, self._forget = (script(client, f"notice_{name}") for name in ("say", "end", "forget"))

    @guard()
    async def say(self, key: str, sentence: str, at: float, details: tuple[str, ...] = ()) -> None:
        """It stands, at `at`. The same words once more only count; other words are shown at once."""
        await self._say(keys=_keys(key), args=[key, _encode((sentence, details)), repr(at), COUNT_S])

    @guard()
    async def end(self, key: str, sentence: str, at: float) -> bool:
        """It is over, and `sentence` says so. False, and nothing is shown, when it did not stand."""
        return bool(await self._end(keys=_keys(key), args=[key, sentence, repr(at)]))

    @guard()
    async def standing(self) -> tuple[Notice, ...]:
        """What stands now, the oldest first."""
        names = [name.decode() for name in await self._client.zrange(keys.NOTICES, 0, -1)]
        pipe = self._client.pipeline(transaction=False)
        for name in names:
            pipe.hgetall(keys.notice(name))
        found = zip(names, await pipe.execute(), strict=True)
        return tuple(_notice(name, fields) for name, fields in found if b"said" in fields and b"over" not in fields)

    @guard()
    async def find(self, key: str) -> Notice | None:
        """It, while it stands or its end has not been shown yet."""
        fields = await self._client.hgetall(keys.notice(key))
        return _notice(key, fields) if b"said" in fields else None

    @guard()
    async def placed(self, key: str, place: Place) -> None:
        """Where its message is, and what was drawn there."""
        await self._client.hset(keys.notice(key), "place", _encode(place))

    @guard()
    async def forget(self, key: str) -> None:
        """That it is over has been shown."""
        await self._forget(keys=[keys.notice(key)])


def _keys(key: str) -> list[str]:
    return [keys.notice(key), keys.NOTICES, keys.OUTBOX]


def _notice(key: str, fields: Mapping[bytes, bytes]) -> Notice:
    sentence, details = _said.decode(fields[b"said"])
    return Notice(
        key,
        sentence,
        details,
        since=float(fields[b"since"]),
        at=float(fields[b"at"]),
        count=int(fields[b"count"]),
        over=fields.get(b"over", b"").decode(),
        ended=float(fields.get(b"ended", 0)),
        place=_place.decode(fields[b"place"]) if b"place" in fields else None,
    )
