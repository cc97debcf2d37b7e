"""Keeps the simulated deployment: one value behind a compare-and-set, and the bytes of its files by their SHA-256."""

from __future__ import annotations

import asyncio
import hashlib

from redis.asyncio import Redis

from bot.domain.deployment.world import World
from bot.domain.errors import Damaged, Stale
from storage import keys
from storage.connect import guard, script
from storage.worlds.codec import decoded, encoded

CHUNK_BYTES = 1 << 20


class RedisWorlds:
    """One world in Redis. The client must answer in bytes.

    Every method raises StoreAway when Redis does not answer.
    """

    def __init__(self, client: Redis, name: str = "deployment") -> None:
        self._client = client
        self._name, self._key = name, keys.world(name)
        self._save = script(client, "world")
        self._read: tuple[World, int] = (World(), 0)

    async def load(self) -> tuple[World, int]:
        """The world and its version; an empty one at version 0 where none was saved yet."""
        async with guard():
            version = int(await self._client.hget(self._key, "version") or 0)
            if version != self._read[1]:
                stored, data = await self._client.hmget(self._key, "version", "world")
                self._read = (await asyncio.to_thread(decoded, data), int(stored)) if data else (World(), 0)
        return self._read

    async def save(self, world: World, version: int) -> int:
        """The new version. Raises Stale when somebody saved after `version` was read."""
        data = await asyncio.to_thread(encoded, world)
        async with guard():
            saved = int(await self._save(keys=[self._key], args=[version, data]))
        if saved < 0:
            raise Stale("The simulated deployment was changed by somebody else at the same moment.")
        self._read = (world, saved)
        return saved

    async def keep(self, data: bytes) -> str:
        """Stores these bytes under their SHA-256 (hex), in chunks, and returns it; what is there already stays."""
        sha256 = hashlib.sha256(data).hexdigest()
        async with guard():
            if not await self._client.hexists(self._blob(sha256), "chunks"):
                count = max(1, -(-len(data) // CHUNK_BYTES))
                for number in range(count):
                    fields = {str(number): data[number * CHUNK_BYTES : (number + 1) * CHUNK_BYTES]}
                    last = {"chunks": str(count)} if number == count - 1 else {}
                    await self._client.hset(self._blob(sha256), mapping={**fields, **last})
        return sha256

    async def blob(self, sha256: str) -> bytes:
        """The bytes that were kept. Raises Damaged when they are missing or are no longer the same."""
        async with guard():
            count = int(await self._client.hget(self._blob(sha256), "chunks") or 0)
            chunks = [await self._client.hget(self._blob(sha256), str(number)) for number in range(count)]
        data = b"".join(chunk or b"" for chunk in chunks)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise Damaged(f"The simulated deployment has lost the bytes of a file (SHA-256 {sha256[:12]}…).")
        return data

    def _blob(self, sha256: str) -> str:
        return keys.recording(self._name, sha256)
