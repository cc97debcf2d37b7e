"""What the cmdlets say that only tell how a deployment stands: versions, where pools are, Central Management, Edges."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from bot.domain.deployment.cmdlets import Cmdlet, refuse
from bot.domain.deployment.neighbours import Answer
from bot.domain.deployment.world import LivePool, World

TEXT = "Text"
"""The one property of the one row of a cmdlet that gives a text and no object."""

TEXTS = frozenset({"Get-CsServerVersion"})
"""Those that do."""

_FIRST: Mapping[str, tuple[str, str]] = {
    "2013": ("Microsoft Lync Server 2013", "5.0.8308.0"),
    "2015": ("Skype for Business Server 2015", "6.0.9319.0"),
    "2019": ("Skype for Business Server 2019", "7.0.2046.0"),
}


_CU1 = (7, 0, 2046, 123)


def has_cu1(server: LivePool) -> bool:
    """Documented choice: the number from which on a simulated server has the update that replicates groups."""
    return tuple(int(part) for part in server.build.split(".") if part) >= _CU1


def read_version(world: World, server: LivePool, command: Cmdlet) -> Answer:
    """`Get-CsServerVersion`: of the server itself, as one text with the product and its number.

    Documented choice: the words. What is known for certain is that the number stands in it, in brackets.
    """
    product, first = _FIRST[server.version]
    return world, ({TEXT: f"{product} ({server.build or first})"},)


def read_registrars(world: World, server: LivePool, command: Cmdlet) -> Answer:
    """`Get-CsRegistrarConfiguration`: the global one, and one of every pool, by which its PoolState is known.

    Documented choices (facts: recovery §0.3): a pool moves at once, so that FailingOver is never seen, and after a
    failback it is Active again; pools that are down are told of like others, since this lies in the Central Management
    store; a service that is not there is an error, and a filter that nothing fits gives nothing.
    """
    rows = (
        {"Identity": "Global", "PoolState": "Active"},
        *(
            {"Identity": f"Service:Registrar:{pool.fqdn}", "PoolState": "FailedOver" if pool.failed_over else "Active"}
            for pool in world.pools.values()
        ),
    )
    wanted, fits = command.get("Identity"), str(command.get("Filter") or "*").casefold()
    if wanted is None:
        return world, tuple(row for row in rows if fnmatchcase(row["Identity"].casefold(), fits))
    found = tuple(row for row in rows if row["Identity"].casefold() == str(wanted).casefold())
    if not found:
        text = f'Cannot find a registrar configuration "{str(wanted)[:120]}".'
        raise refuse(command, "ManagementObjectNotFound", text)
    return world, found


def read_store(world: World, server: LivePool, command: Cmdlet) -> Answer:
    """`Get-CsManagementStoreReplicationStatus`: of every replica, or where Central Management is active.

    Its two names are empty while nothing answers there (facts: lync §5.2). Documented choice: the replicas of pools
    that are down are not up to date; a replica that is not there gives nothing.
    """
    held_by = world.pools.get(world.store)
    if command.get("CentralManagementStoreStatus") is True:
        active = world.store if held_by is None or held_by.up else ""
        return world, ({"ActiveMasterFqdn": active, "ActiveFileTransferAgents": active},)
    asked = str(command.get("ReplicaFqdn") or "").casefold()
    return world, tuple(
        {"UpToDate": pool.up, "ReplicaFqdn": replica}
        for pool in world.pools.values()
        for replica in pool.front_ends or (pool.fqdn,)
        if asked in ("", replica)
    )


def read_services(world: World, server: LivePool, command: Cmdlet) -> Answer:
    """`Get-CsService -EdgeServer`: each Edge pool, and by its Registrar the pool that is its next hop.

    Documented choice: of all services, the simulated deployment tells of these only.
    """
    if command.get("EdgeServer") is not True:
        return world, ()
    return world, tuple(
        {"Identity": f"EdgeServer:{edge}", "PoolFqdn": edge, "Registrar": f"Registrar:{pool}"}
        for edge, pool in world.edges.items()
    )
