"""A simulated deployment behind servers of its own, one for each pool, so that it is reached as real ones are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.commands.endpoint import SENT
from bot.domain.deployment.abilities import Use
from bot.domain.deployment.endpoints import Access, Endpoint
from bot.drivers.base import Driver, WorldStore
from bot.drivers.winrm.constrained.files import written
from bot.drivers.winrm.constrained.setup import Setup
from bot.sandbox.pools.file_store import store_of
from tests.drivers.wsman.constrained import constrained
from tests.drivers.wsman.deployment import deployed
from tests.drivers.wsman.server import ACCOUNT, WSMan, wsman

_CONFIGURATIONS = {Access.ORDINARY: "Microsoft.PowerShell", Access.CONSTRAINED: "Switchback"}


@dataclass(frozen=True)
class Site:
    """Where each pool is reached, and the server that is there."""

    endpoints: Mapping[str, tuple[Endpoint, ...]]
    servers: Mapping[str, WSMan]


@asynccontextmanager
async def served(
    simulated: Driver,
    worlds: WorldStore,
    pools: Iterable[str],
    folder: Path,
    access: Access = Access.ORDINARY,
    uses: Sequence[Use] = SENT,
) -> AsyncIterator[Site]:
    """Each pool has a Front End of its own, that is away while the pool is down; a constrained one lets `uses` in."""
    world, _ = await worlds.load()
    async with AsyncExitStack() as stack:
        endpoints, servers = {}, {}
        for pool in pools:
            answers = deployed(simulated, pool)
            if access is Access.CONSTRAINED:
                setup = Setup(world.pools[pool].version, "CONTOSO\\gmsa", ACCOUNT, stores=(store_of(pool),))
                answers = constrained(written(setup, uses), answers)
            server = servers[pool] = await stack.enter_async_context(wsman(answers, folder / pool))
            server.is_up, server.configurations = _power(worlds, pool), (_CONFIGURATIONS[access],)
            more = {"access": access, "configuration": _CONFIGURATIONS[access]}
            endpoints[pool] = (server.endpoint(front_end_of=pool, **more),)
        yield Site(endpoints, servers)


def _power(worlds: WorldStore, pool: str):
    async def is_up() -> bool:
        world, _ = await worlds.load()
        return world.pools[pool].up

    return is_up
