"""What becomes known of a kept backup beside what it holds: stamp, pins, mirror, damage; and what pools hold now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from redis.asyncio import Redis

from bot.domain.backups.backup import Keeping, Stamp
from bot.domain.errors import BadInput
from storage import keys
from storage.connect import guard, script

_PIN = "pin:"
_stamp = msgspec.json.Decoder(Stamp)
_basis = msgspec.json.Decoder(tuple[float, str])
_encode = msgspec.json.Encoder().encode


class Keepings:
    """Writing raises BadInput when there is no such backup (any longer); everything raises StoreAway."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._note, self._reading = script(client, "keeping"), script(client, "basis")

    @guard()
    async def read(self, ids: Iterable[str]) -> tuple[Keeping, ...]:
        """One for each id, in their order; of a backup nobody said anything about, nothing is known."""
        async with self._client.pipeline(transaction=False) as pipe:
            for id in ids:
                pipe.hgetall(keys.keeping(id))
            return tuple(_keeping(fields) for fields in await pipe.execute())

    async def stamp(self, id: str, stamp: Stamp) -> None:
        """What its newest rehearsal came to."""
        await self._set(id, "stamp", _encode(stamp))

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
        return {fqdn: _basis.decode(data)[1] if data else "" for fqdn, data in zip(names, found, strict=True)}

    @guard()
    async def set_basis(self, fqdn: str, digest: str, at: float) -> None:
        """What the pool held at that second; an older reading that comes late changes nothing."""
        await self._reading(keys=[keys.BASIS], args=[fqdn, repr(at), _encode((at, digest))])

    @guard()
    async def _set(self, id: str, field: str, value: bytes) -> None:
        if not await self._note(keys=[keys.backup(id), keys.keeping(id)], args=[field, value]):
            raise BadInput(f"There is no backup {id[:80]}.")


def _keeping(fields: Mapping[bytes, bytes]) -> Keeping:
    said = {name.decode(): value.decode() for name, value in fields.items()}
    return Keeping(
        stamp=_stamp.decode(said["stamp"]) if "stamp" in said else None,
        pins={name.removeprefix(_PIN): because for name, because in said.items() if name.startswith(_PIN)},
        mirrored_at=float(said["mirrored_at"]) if "mirrored_at" in said else None,
        damage=said.get("damage", ""),
        shrunk=said.get("shrunk", ""),
    )
