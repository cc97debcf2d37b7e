"""A simulated deployment behind servers of its own, one for each pool, so that it is reached as real ones are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from bot.domain.deployment.endpoints import Endpoint
from bot.drivers.base import Driver, WorldStore
from tests.drivers.wsman.deployment import deployed
from tests.drivers.wsman.server import wsman


@asynccontextmanager
async def served(
    simulated: Driver, worlds: WorldStore, pools: Iterable[str], folder: Path
) -> AsyncIterator[Mapping[str, tuple[Endpoint, ...]]]:
    """Where each pool is reached: on a Front End of its own, that is away while the pool is down."""
    async with AsyncExitStack() as servers:
        endpoints = {}
        for pool in pools:
            server = await servers.enter_async_context(wsman(deployed(simulated, pool), folder / pool))
            server.is_up = _power(worlds, pool)
            endpoints[pool] = (server.endpoint(front_end_of=pool),)
        yield endpoints


def _power(worlds: WorldStore, pool: str):
    async def is_up() -> bool:
        world, _ = await worlds.load()
        return world.pools[pool].up

    return is_up
