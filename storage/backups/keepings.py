"""What becomes known of a kept backup beside what it holds: stamp, pins, mirror, damage; and what pools hold now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from redis.asyncio import Redis

from bot.domain.backups.backup import Keeping, Stamp
from bot.domain.errors import BadInput
from storage import keys
from storage.connect import GARBAGE, guard, script
from storage.versions import VERSION, Codec

_PIN = "pin:"


@dataclass(frozen=True, slots=True)
class Basis:
    """What a pool held at that second, as a digest."""

    at: float
    digest: str


STAMP = Codec(Stamp)
BASIS = Codec(Basis, lambda pair: {"at": pair[0], "digest": pair[1]})
"""0.1 wrote a pair."""


class Keepings:
    """Writing raises BadInput when there is no such backup (any longer); everything raises StoreAway."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._note, self._reading = script(client, "keeping"), script(client, "basis")

    @guard()
    async def read(self, ids: Iterable[str]) -> tuple[Keeping, ...]:
        """One for each id, in their order; of a backup nobody said anything about, nothing is known.

        What cannot be read of one keeps nobody from the others: such a backup is kept, and not counted as sound.
        """
        async with self._client.pipeline(transaction=False) as pipe:
            for id in ids:
                pipe.hgetall(keys.keeping(id))
            return tuple(_LOST if fields == GARBAGE else _keeping(fields) for fields in await pipe.readable())

    @guard()
    async def unreadable(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Those of the ids of which it cannot be read what is known."""
        names = tuple(ids)
        pipe = self._client.pipeline(transaction=False)
        for id in names:
            pipe.hgetall(keys.keeping(id))
        return tuple(id for id, fields in zip(names, await pipe.readable(), strict=True) if fields == GARBAGE)

    async def stamp(self, id: str, stamp: Stamp) -> None:
        """What its newest rehearsal came to; one that a newer version wrote stays."""
        await self._set(id, "stamp", STAMP.encode(stamp))

    async def pin(self, id: str, by: str, because: str) -> None:
        """Keeps it for ever on behalf of `by`; afterwards nobody can remove it before `unpin`."""
        await self._set(id, f"{_PIN}{by}", because.encode() or b"-")

    async def unpin(self, id: str, by: str) -> None:
        """Takes back what `by` pinned; pins of others stay."""
        await self._set(id, f"{_PIN}{by}", b"")

    async def mirrored(self, id: str, at: float) -> None:
        """Its off-site copy was complete at that second."""
        await self._set(id, "mirrored_at", repr(at).encode())

    async def damage(self, id: str, sentence: str) -> None:
        """What is damaged; an empty sentence says that nothing is any more."""
        await self._set(id, "damage", sentence.encode())

    async def shrunk(self, id: str, sentence: str) -> None:
        """By how much it is smaller than the one before; an empty sentence says that it is meant to be."""
        await self._set(id, "shrunk", sentence.encode())

    @guard()
    async def basis(self, pools: Iterable[str]) -> Mapping[str, str]:
        """What each pool held when it was last read, as a digest; empty for one that nobody read yet."""
        names = tuple(pools)
        found = await self._client.hmget(keys.BASIS, names) if names else []
        return {fqdn: _digest(data) for fqdn, data in zip(names, found, strict=True)}

    @guard()
    async def set_basis(self, fqdn: str, digest: str, at: float) -> None:
        """What the pool held at that second; an older reading that comes late changes nothing."""
        await self._reading(keys=[keys.BASIS], args=[fqdn, repr(at), BASIS.encode(Basis(at, digest)), VERSION])

    @guard()
    async def _set(self, id: str, field: str, value: bytes) -> None:
        if not await self._note(keys=[keys.backup(id), keys.keeping(id)], args=[field, value, VERSION]):
            raise BadInput(f"There is no backup {id[:80]}.")


_UNREAD = "What is known of it beside its contents cannot be read."
_LOST = Keeping(pins={"": _UNREAD}, damage=_UNREAD)
"""Somebody may have pinned it, or found it damaged."""


def _digest(data: bytes | None) -> str:
    return next((basis.digest for basis in BASIS.those([data])), "")


def _keeping(fields: Mapping[bytes, bytes]) -> Keeping:
    said = {name.decode(errors="replace"): value.decode(errors="replace") for name, value in fields.items()}
    return Keeping(
        stamp=next(STAMP.those([fields.get(b"stamp")]), None),
        pins={name.removeprefix(_PIN): because for name, because in said.items() if name.startswith(_PIN)},
        mirrored_at=_second(said.get("mirrored_at")),
        damage=said.get("damage", ""),
        shrunk=said.get("shrunk", ""),
    )


def _second(said: str | None) -> float | None:
    try:
        return float(said) if said else None
    except ValueError:
        return None
