"""Where the servers of each pool said last that it stands: shown beside what is remembered of it."""

from __future__ import annotations

from redis.asyncio import Redis

from bot.domain.deployment.pool_reading import PoolReading
from storage import keys
from storage.latest import Latest
from storage.versions import Codec

READINGS = Codec(PoolReading)


class KnownReadings(Latest[PoolReading]):
    def __init__(self, client: Redis) -> None:
        super().__init__(client, keys.READINGS, READINGS, "Where {} stands")
