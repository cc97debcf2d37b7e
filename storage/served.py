"""How far the data of an embedded server had come when it was last served: known to it, and to a file beside it."""

from __future__ import annotations

from pathlib import Path

from redis.asyncio import Redis

from bot.domain.errors import BadInput, StoreAway
from storage import keys
from storage.aof import written
from storage.connect import guard

EVERY_S = 3600.0

WAY_ON = (
    "With an off-site copy: name a new folder in SWITCHBACK_DATA and run `python -m bot restore-from-mirror`. Without "
    "one: `python -m bot accept-loss` goes on with what is left."
)


class Served:
    """A counter, raised at every start and every hour: first in Redis, then in the file, so the file is never ahead.

    Older data, a disk that was put back or files that were lost have a lower one. Without a folder, which only an
    embedded server has, nothing is counted. Everything raises StoreAway.
    """

    def __init__(self, client: Redis, folder: Path | None) -> None:
        self._client, self._folder = client, folder

    async def work(self, now: float) -> None:
        """Raises the counter. Raises BadInput, and changes nothing, when the data has gone back since it was raised."""
        if self._folder is not None:
            await self.refuse_older()
            await self._raise(self._folder, 1)

    @guard()
    async def refuse_older(self) -> None:
        """Raises BadInput when later data was served from this folder than it holds now."""
        there, known = await self._there(), reached(self._folder) if self._folder else 0
        if known is None or there < known:
            raise BadInput(
                f"The data in {self._folder} is older than what was last served from it: something of it is missing. "
                f"{WAY_ON}"
            )

    async def accept(self) -> bool:
        """Whether something was missing; from now on what is there counts as all of it."""
        try:
            await self.refuse_older()
        except BadInput:
            if self._folder is not None:
                await self._raise(self._folder, 1 + (reached(self._folder) or 0))
            return True
        return False

    async def _raise(self, folder: Path, by: int) -> None:
        async with guard():
            there = await self._there() + by
            await self._client.set(keys.SERVED, there)
        try:
            written(folder / "served", f"{there}\n".encode())
        except OSError as fault:
            raise StoreAway(f"{folder} cannot be written to ({fault.strerror}).") from fault

    async def _there(self) -> int:
        said = await self._client.get(keys.SERVED)
        return int(said) if said and said.isdigit() else 0


def reached(folder: Path) -> int | None:
    """What the file of this folder says; 0 without one, None for one that cannot be understood."""
    try:
        said = (folder / "served").read_bytes().strip()
    except FileNotFoundError:
        return 0
    return int(said) if said.isdigit() else None
