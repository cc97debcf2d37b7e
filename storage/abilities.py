"""What the servers of each pool said last of what they can do: read before a run starts, when nobody waits for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

from redis.asyncio import Redis

from bot.domain.deployment.abilities import Abilities
from bot.domain.errors import Damaged
from storage import keys
from storage.connect import GARBAGE, guard
from storage.versions import Codec

ABILITIES = Codec(Abilities)


class KnownAbilities:
    """All methods raise StoreAway when Redis does not answer."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    @guard()
    async def note(self, fqdn: str, said: Abilities) -> None:
        await self._client.hset(keys.ABILITIES, fqdn, ABILITIES.encode(said))

    @guard()
    async def of(self, fqdns: Iterable[str]) -> Mapping[str, Abilities]:
        """By pool; one that was never asked is not in it, nor one of which a newer version wrote."""
        names = tuple(fqdns)
        found: dict[str, Abilities] = {}
        batch = self._client.pipeline(transaction=False)
        batch.hmget(keys.ABILITIES, names)
        (stored,) = await batch.readable() if names else ((),)
        for fqdn, data in zip(names, () if stored == GARBAGE else stored, strict=False):
            with suppress(Damaged):
                if data:
                    found[fqdn] = ABILITIES.decode(data, f"What {fqdn} can do")
        return found
