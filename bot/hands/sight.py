"""Looks how a pool stands by what a server says: reads only, and nothing that a pool would feel."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

from bot.domain.deployment.abilities import Use
from bot.domain.deployment.cmdlets import Cmdlet, cmdlet
from bot.domain.deployment.pool_reading import PoolReading
from bot.domain.deployment.readings import Module, edges_with_hop, machines, modules, services_stopped, store_of
from bot.domain.deployment.server_state import UNKNOWN, ServerState, asked, state_of
from bot.domain.errors import CmdletFailed
from bot.domain.groups.groups import Row, service
from bot.domain.model import Pool
from bot.drivers.base import Driver

Ask = Callable[[Cmdlet], Awaitable[tuple[Row, ...] | None]]
"""Sends a command to one server; None where that refuses it. Raises DriverError when it does not answer."""

SIGHT = tuple(
    Use(cmdlet, frozenset(parameters), must=False)
    for cmdlet, parameters in (
        ("Get-CsRegistrarConfiguration", ("Filter", "LocalStore")),
        ("Get-CsManagementStoreReplicationStatus", ("CentralManagementStoreStatus",)),
        ("Get-CsService", ("EdgeServer",)),
        ("Get-CsBackupServiceStatus", ("PoolFqdn", "Category")),
        ("Get-CsPool", ("Identity",)),
        ("Get-CsWindowsService", ("Name", "ComputerName")),
    )
)
"""What `look` sends; a test compares."""

_BACKUP = "LYNCBACKUP"


def asker(driver: Driver, pool: str) -> Ask:
    """Asks a server of this pool."""

    async def ask(command: Cmdlet) -> tuple[Row, ...] | None:
        try:
            return await driver.invoke(pool, command)
        except CmdletFailed:
            return None

    return ask


async def look(ask: Ask, pool: Pool, by: str, now: float) -> AsyncIterator[PoolReading]:
    """The reading as it grows, first what matters most: who has no time left keeps what there is.

    While Central Management is active nowhere, only the server's own replica is asked, and nothing of the topology.
    """
    active = cmdlet("Get-CsManagementStoreReplicationStatus", CentralManagementStoreStatus=True)
    store = store_of(await ask(active) or ())
    lives = store is None or bool(store.master)
    state = await stands(ask, pool.fqdn, (False, True) if lives else (True,))
    found = PoolReading(now, by, state, now, store)
    yield found
    if lives and (edges := await ask(cmdlet("Get-CsService", EdgeServer=True))) is not None:
        yield (found := replace(found, edges=edges_with_hop(edges, pool.fqdn)))
    if pool.backup_pool and (known := await _modules(ask, pool)) is not None:
        yield (found := replace(found, modules=known))
        yield replace(found, stopped=await _stopped(ask, pool) if lives else None)


async def reads_data(ask: Ask, fqdn: str) -> bool:
    """Whether the Response Group data of the pool answers: it lies in SQL, apart from its servers."""
    return await ask(cmdlet("Get-CsRgsConfiguration", Identity=service(fqdn))) is not None


async def stands(ask: Ask, fqdn: str, stores: tuple[bool, ...] = (False, True)) -> ServerState:
    """By Central Management, else by the server's own replica (True), which may be old."""
    for local in stores:
        if (rows := await ask(asked(fqdn, local=local))) is not None:
            return state_of(rows, old=local)
    return UNKNOWN


async def _modules(ask: Ask, pool: Pool) -> tuple[Module, ...] | None:
    """Those of groups are told of when they are asked for (facts: lync §7); servers before 2019 have none."""
    status = {"PoolFqdn": pool.fqdn}
    rows = await ask(cmdlet("Get-CsBackupServiceStatus", **status))
    if rows is None:
        return None
    more = await ask(cmdlet("Get-CsBackupServiceStatus", **status, Category="RGS")) if pool.version == "2019" else ()
    return tuple({one.identity: one for one in modules((*rows, *(more or ())))}.values())


async def _stopped(ask: Ask, pool: Pool) -> tuple[str, ...] | None:
    """Front Ends on which LYNCBACKUP does not run; None unless each of them was told of."""
    rows = await ask(cmdlet("Get-CsPool", Identity=pool.fqdn))
    found: list[str] = []
    for machine in machines(rows or ()):
        services = await ask(cmdlet("Get-CsWindowsService", Name=_BACKUP, ComputerName=machine))
        if services is None:
            return None
        found += [machine] if services_stopped(services) else []
    return None if rows is None else tuple(found)
