"""What the servers of each pool said last of what they can do: read before a run starts, when nobody waits for them."""

from __future__ import annotations

from redis.asyncio import Redis

from bot.domain.deployment.abilities import Abilities
from storage import keys
from storage.latest import Latest
from storage.versions import Codec

ABILITIES = Codec(Abilities)


class KnownAbilities(Latest[Abilities]):
    def __init__(self, client: Redis) -> None:
        super().__init__(client, keys.ABILITIES, ABILITIES, "What {} can do")
