"""What stands and has to be known: each notice is one message that is updated, never repeated, and ends calmly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from redis.asyncio import Redis

from bot.domain.errors import Damaged, Newer
from storage import keys
from storage.cards import PLACE, Place
from storage.connect import GARBAGE, guard, script
from storage.versions import VERSION, Codec, is_newer, newer, unreadable

COUNT_S = 3600.0
"""That the same was said once more is shown at most this often."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A button of a notice: what it is called, and what it does, as the words of a subcommand or a word of its own."""

    label: str
    does: str


@dataclass(frozen=True, slots=True)
class Notice:
    """What stands since `since`, was said `count` times and the last time at `at` (seconds since the epoch).

    `over` is the sentence that ended it at `ended`; empty while it stands. `taken`: what it says is still so, but
    somebody has it in hand. `place` is its message in Slack, if any.
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
    offers: tuple[Offer, ...] = ()
    taken: bool = False

    @property
    def is_in_channel(self) -> bool:
        """Whether everybody may have read it."""
        return self.place is not None and not self.place.is_direct


@dataclass(frozen=True, slots=True)
class Said:
    """What a notice says, as it is stored."""

    sentence: str
    details: tuple[str, ...] = ()
    offers: tuple[Offer, ...] = ()


SAID = Codec(Said, lambda said: {"sentence": said[0], "details": said[1]})
"""0.1 wrote a pair."""


class Notices:
    """Each change is one script: the value and its mark in the outbox. All methods raise StoreAway."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._say, self._end, self._forget = (script(client, f"notice_{name}") for name in ("say", "end", "forget"))

    @guard()
    async def say(
        self,
        key: str,
        sentence: str,
        at: float,
        details: tuple[str, ...] = (),
        offers: tuple[Offer, ...] = (),
        unheld: Iterable[str] = (),
    ) -> None:
        """It stands, and is shown from `at` on. The same words once more only count; other words are shown at once.

        One that a newer version wrote stays as it is, here and when it ends. Nothing is said while a run holds one
        of the pools `unheld` (FQDNs).
        """
        args = [key, SAID.encode(Said(sentence, details, offers)), repr(at), COUNT_S, VERSION]
        await self._say(keys=[*_keys(key), *map(keys.pool, unheld)], args=args)

    @guard()
    async def end(self, key: str, sentence: str, at: float, *, taken: bool = False) -> bool:
        """It is over, and `sentence` says so; `taken`: what it said is still so, but somebody has it in hand.

        False, and nothing is shown, when it did not stand.
        """
        args = [key, sentence, repr(at), VERSION, "1" if taken else ""]
        return bool(await self._end(keys=_keys(key), args=args))

    @guard()
    async def standing(self) -> tuple[Notice, ...]:
        """What stands now, the oldest first; what is newer or unreadable is passed over."""
        found = []
        for name, fields in await self._standing():
            with suppress(Damaged):
                found.append(_notice(name, fields))
        return tuple(found)

    @guard()
    async def newer(self) -> tuple[str, ...]:
        """The keys of those that stand and that a newer version wrote."""
        return tuple(name for name, fields in await self._standing() if _is_newer(fields))

    async def _standing(self) -> list[tuple[str, Mapping[bytes, bytes]]]:
        names = [name.decode(errors="backslashreplace") for name in await self._client.zrange(keys.NOTICES, 0, -1)]
        pipe = self._client.pipeline(transaction=False)
        for name in names:
            pipe.hgetall(keys.notice(name))
        answers = [{b"said": GARBAGE} if fields == GARBAGE else fields for fields in await pipe.readable()]
        found = zip(names, answers, strict=True)
        return [(name, fields) for name, fields in found if b"said" in fields and b"over" not in fields]

    @guard()
    async def unreadable(self) -> tuple[str, ...]:
        """The keys of those that stand and cannot be read."""
        return tuple(name for name, fields in await self._standing() if _is_unreadable(name, fields))

    @guard()
    async def find(self, key: str) -> Notice | None:
        """It, while it stands or its end has not been shown yet. Raises Newer or Unreadable."""
        fields = await self._client.hgetall(keys.notice(key))
        return _notice(key, fields) if b"said" in fields else None

    @guard()
    async def placed(self, key: str, place: Place) -> None:
        """Where its message is, and what was drawn there."""
        await self._client.hset(keys.notice(key), "place", PLACE.encode(place))

    @guard()
    async def lost(self, key: str) -> None:
        """Its message can be read nowhere any more."""
        await self._client.hdel(keys.notice(key), "place")

    @guard()
    async def forget(self, key: str) -> None:
        """That it is over has been shown."""
        await self._forget(keys=[keys.notice(key)])


def _keys(key: str) -> list[str]:
    return [keys.notice(key), keys.NOTICES, keys.OUTBOX]


def _notice(key: str, fields: Mapping[bytes, bytes]) -> Notice:
    if _is_newer(fields):
        raise newer(f"The notice {key}")
    said = SAID.decode(fields[b"said"], f"The notice {key}")
    try:
        return _standing(key, said, fields)
    except (KeyError, ValueError):
        raise unreadable(f"The notice {key}") from None


def _standing(key: str, said: Said, fields: Mapping[bytes, bytes]) -> Notice:
    return Notice(
        key,
        said.sentence,
        said.details,
        since=float(fields[b"since"]),
        at=float(fields[b"at"]),
        count=int(fields[b"count"]),
        over=fields.get(b"over", b"").decode(),
        ended=float(fields.get(b"ended", 0)),
        place=PLACE.decode(fields[b"place"], f"The notice {key}") if b"place" in fields else None,
        offers=said.offers,
        taken=bool(fields.get(b"taken")),
    )


def _is_newer(fields: Mapping[bytes, bytes]) -> bool:
    return is_newer(fields.get(b"said")) or is_newer(fields.get(b"place"))


def _is_unreadable(key: str, fields: Mapping[bytes, bytes]) -> bool:
    try:
        _notice(key, fields)
    except Newer:
        return False
    except Damaged:
        return True
    return False
