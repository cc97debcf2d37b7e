"""Where a workspace is written down, one entry per message, card and home, so that a restart finds it."""

from collections.abc import Mapping
from typing import Protocol

from redis.asyncio import Redis

SCAN_COUNT = 500


class Journal(Protocol):
    """Keeps entries by key; nothing here knows what they mean."""

    async def load(self) -> dict[str, bytes]:
        """Every entry that was saved."""
        ...

    async def save(self, changes: Mapping[str, bytes | None]) -> None:
        """Write these entries in one piece; None removes one."""
        ...


class MemoryJournal:
    """A journal that lasts as long as the object: for tests, and for a stand-in that need not remember."""

    def __init__(self) -> None:
        self.entries: dict[str, bytes] = {}

    async def load(self) -> dict[str, bytes]:
        return dict(self.entries)

    async def save(self, changes: Mapping[str, bytes | None]) -> None:
        for key, value in changes.items():
            if value is None:
                self.entries.pop(key, None)
            else:
                self.entries[key] = value


class RedisJournal:
    """One Redis hash with a field per entry; the client must not decode responses."""

    def __init__(self, client: Redis, prefix: str = "slack:") -> None:
        self._client, self._key = client, f"{prefix}workspace"

    async def load(self) -> dict[str, bytes]:
        rows = self._client.hscan_iter(self._key, count=SCAN_COUNT)
        return {field.decode(): value async for field, value in rows}

    async def save(self, changes: Mapping[str, bytes | None]) -> None:
        gone = [key for key, value in changes.items() if value is None]
        kept = {key: value for key, value in changes.items() if value is not None}
        async with self._client.pipeline(transaction=True) as pipe:
            if gone:
                pipe.hdel(self._key, *gone)
            if kept:
                pipe.hset(self._key, mapping=kept)
            await pipe.execute()
