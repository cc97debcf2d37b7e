"""How each pool answered last when it was asked: shown wherever people read how it stands."""

from __future__ import annotations

from redis.asyncio import Redis

from bot.domain.deployment.answers import PoolAnswer
from storage import keys
from storage.latest import Latest
from storage.versions import Codec

ANSWERS = Codec(PoolAnswer)


class KnownAnswers(Latest[PoolAnswer]):
    def __init__(self, client: Redis) -> None:
        super().__init__(client, keys.ANSWERS, ANSWERS, "How {} answers")
