"""Where Central Management is active, how it goes over to another pool, and whose replicas of it are up to date."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.deployment.cmdlets import Cmdlet, refuse
from bot.domain.deployment.machines import FILE_TRANSFER, REPLICA
from bot.domain.deployment.named import central, central_answers, only_asked, serves_central
from bot.domain.deployment.neighbours import Answer
from bot.domain.deployment.properties import NAMES
from bot.domain.deployment.world import LivePool, World


def read_store(world: World, server: LivePool, command: Cmdlet) -> Answer:
    """`Get-CsManagementStoreReplicationStatus`: of every replica, or where Central Management is active.

    Its two names are empty while nothing answers there (facts: lync §5.2). Documented choices: a server of a second
    pool that has it active too names that one (facts: recovery §0.20); an agent that is stopped is not named; the
    replicas of pools that are down are not up to date; a replica that is not there gives nothing.
    """
    if command.get("CentralManagementStoreStatus") is True:
        said = world.also_active if server.fqdn == world.also_active else world.store
        active = said if serves_central(world, said) else ""
        pool = world.pools.get(active)
        agent = active if pool is None or pool.runs(FILE_TRANSFER) else ""
        return world, ({"ActiveMasterFqdn": active, "ActiveFileTransferAgents": agent},)
    asked = str(command.get("ReplicaFqdn") or "").casefold()
    return world, tuple(
        {"UpToDate": pool.up and not pool.replica_behind, "ReplicaFqdn": replica}
        for pool in world.pools.values()
        for replica in pool.machines
        if asked in ("", replica)
    )


def read_connection(world: World, server: LivePool, command: Cmdlet) -> Answer:
    """`Get-CsManagementConnection`: the database to which Active Directory leads, whether it answers or not.

    Documented choice: its instance is `rtc`, and a pool whose SQL Server nobody named has it itself.
    """
    pool = world.pools.get(world.store)
    sql = pool.sql if pool and pool.sql else world.store
    row = {"StoreProvider": "Sql", "Connection": f"{sql}\\rtc", "ReadOnly": False}
    return world, ({**row, NAMES.sql_server: sql, NAMES.sql_instance: "rtc"},)


def move_store(world: World, server: LivePool, command: Cmdlet) -> Answer:
    """`Invoke-CsManagementServerFailover`, on a server of the pool that is to have the store (facts: recovery 2, 5).

    Planned without parameters while the store answers; else with -BackupSqlServerFqdn and -Force, which must not be
    used otherwise (§0.21). Documented choices: afterwards it is active on that pool alone; -Restore is not simulated.
    """
    if server.fqdn != world.pairs.get(world.store):
        text = f'This server is not in the backup pool of "{world.store}", on which Central Management is active.'
        raise refuse(command, "InvalidOperation", text)
    if command.get("Restore") is True:
        raise refuse(command, "NotSupported", "The simulated deployment does not restore a store.")
    disaster = command.get("Force") is True
    if not disaster:
        central(world, command)
    elif central_answers(world):
        text = "The Central Management store answers. Leave out -Force, which does not account for replication."
        raise refuse(command, "InvalidOperation", text)
    named = str(command.get("BackupSqlServerFqdn") or "").casefold()
    if not server.back_end or (disaster and server.sql and named != server.sql.casefold()):
        text = f'Cannot connect to the SQL Server of pool "{server.fqdn}" ({named[:253] or server.sql}).'
        raise refuse(command, "SqlConnectionError", text)
    return (world if only_asked(command) else replace(world, store=server.fqdn, also_active="")), ()


def replicate_store(world: World, server: LivePool, command: Cmdlet) -> Answer:
    """`Invoke-CsManagementStoreReplication`: to one replica, or to all.

    Documented choices: they are up to date at once, but for those whose pool is down or whose replica agent is stopped.
    """
    central(world, command)
    asked = str(command.get("ReplicaFqdn") or "").casefold()
    if asked and not any(asked in pool.machines for pool in world.pools.values()):
        raise refuse(command, "ManagementObjectNotFound", f'Cannot find the replica "{asked[:253]}".')
    after = world
    for pool in world.pools.values():
        if pool.replica_behind and pool.runs(REPLICA) and (not asked or asked in pool.machines):
            after = after.with_pool(replace(pool, replica_behind=False))
    return after, ()
