"""What people said of the schedules in place of the configuration; every process reads it again and again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from redis.asyncio import Redis

from bot.domain.backups.schedule import Override
from bot.domain.errors import Stale
from bot.domain.runs.run import Entry, Tell
from storage import keys
from storage.connect import GARBAGE, guard, script
from storage.runs import ENTRY, TELL
from storage.versions import VERSION, Codec, is_newer, is_unreadable, unreadable

OVERRIDE = Codec(Override)


class Schedules:
    """All methods raise StoreAway when Redis does not answer."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._change = script(client, "schedules")

    @guard()
    async def overrides(self) -> Mapping[str, Override]:
        """By pool (FQDN), of those whose schedule somebody changed; what is newer or unreadable is passed over."""
        return {said.pool: said for said in OVERRIDE.those((await self._stored()).values())}

    @guard()
    async def newer(self) -> tuple[str, ...]:
        """The pools whose override a newer version wrote."""
        found = await self._stored()
        return tuple(sorted(_text(fqdn) for fqdn, data in found.items() if is_newer(data)))

    @guard()
    async def unreadable(self) -> tuple[str, ...]:
        """The pools whose override cannot be read."""
        found = await self._stored()
        return tuple(sorted(_text(fqdn) for fqdn, data in found.items() if is_unreadable(OVERRIDE, data)))

    async def _stored(self) -> Mapping[bytes, bytes]:
        batch = self._client.pipeline(transaction=False)
        batch.hgetall(keys.SCHEDULES)
        (found,) = await batch.readable()
        return {b"any pool": GARBAGE} if found == GARBAGE else found

    @guard()
    async def put_back(self, override: Override) -> None:
        """What held before this Redis was emptied; nothing changes where something holds already."""
        await self._client.hsetnx(keys.SCHEDULES, override.pool, OVERRIDE.encode(override))

    @guard()
    async def change(self, new: Override, was: Override | None, entry: Entry, tell: Tell) -> None:
        """Writes what holds from now on, with its line in the log and its message; `was` is what had been read.

        Raises Stale when somebody else changed it meanwhile, and then nothing is written.
        """
        # A message without a run: the place of the run's id is empty.
        told = f"tell::{new.pool}:{new.changed_at!r}"
        before = repr(was.changed_at) if was else 0
        written = [OVERRIDE.encode(new), ENTRY.encode(entry), told, TELL.encode(tell), new.changed_at, VERSION]
        args = [new.pool, before, *written]
        changed = await self._change(keys=[keys.SCHEDULES, keys.REFUSED, keys.OUTBOX, keys.TOLD], args=args)
        if changed < 0:
            raise unreadable(f"What was said of the schedule of {new.pool}")
        if not changed:
            raise Stale("Somebody else just changed this schedule. Look at it again; nothing was changed.")


def _text(fqdn: bytes) -> str:
    return fqdn.decode(errors="backslashreplace")


class Watches:
    """All methods raise StoreAway when Redis does not answer."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    @guard()
    async def since(self, pools: Iterable[str], now: float) -> Mapping[str, float]:
        """When each of them was watched first: now, for those that never were, or by a clock that was ahead."""
        names = tuple(pools)
        known = await self._client.hmget(keys.WATCHED, names) if names else []
        since = {fqdn: min(now, _second(said, now)) for fqdn, said in zip(names, known, strict=True)}
        if since:
            await self._client.hset(keys.WATCHED, mapping={fqdn: repr(at) for fqdn, at in since.items()})
        return since


def _second(said: bytes | None, otherwise: float) -> float:
    try:
        return float(said) if said else otherwise
    except ValueError:
        return otherwise
