"""What a command names: a pool, a service on it, its backup pool; and whether what it needs of them answers."""

from __future__ import annotations

from bot.domain.deployment.cmdlets import Cmdlet, refuse
from bot.domain.deployment.world import LivePool, World
from bot.domain.errors import BadInput
from bot.domain.groups.groups import Ref, checked_fqdn


def reachable(pool: LivePool | None, fqdn: str, command: Cmdlet) -> LivePool:
    """The pool, whose Front Ends answer. Raises CmdletFailed, as everything here does."""
    if pool is None:
        raise refuse(command, "ObjectNotFound", f'No pool "{fqdn[:253]}" was found in the topology.')
    if not pool.up:
        raise refuse(command, "OperationTimeout", f'Cannot connect to pool "{fqdn}". It does not respond.')
    return pool


def with_database(pool: LivePool | None, fqdn: str, command: Cmdlet) -> LivePool:
    """The pool, whose Front Ends and SQL back end answer: Response Groups lie in SQL (facts: recovery §0.5)."""
    pool = reachable(pool, fqdn, command)
    if not pool.back_end:
        raise refuse(command, "SqlConnectionError", f'Cannot connect to the SQL Server database of pool "{fqdn}".')
    return pool


def identity_of(command: Cmdlet, key: str) -> Ref | None:
    """An RgsIdentity in any spelling: with or without `service:`, and for -Owner the bare FQDN (facts: lync §1.1)."""
    value = command.get(key)
    try:
        match value:
            case None | Ref():
                return value
            case str() if key == "Owner" and ":" not in value:
                return Ref(checked_fqdn(value))
            case str():
                return Ref.parse(value)
    except BadInput:
        pass
    text = f'Cannot bind parameter \'{key}\'. Cannot convert value "{str(value)[:120]}" to type "RgsIdentity".'
    raise refuse(command, "CannotConvertArgumentNoMessage", text)


def service_of(world: World, command: Cmdlet, key: str) -> LivePool:
    """The pool whose Response Group service a mandatory parameter names; its database answers."""
    named = identity_of(command, key)
    if named is None or named.guid:
        raise refuse(command, "InvalidArgument", f"Parameter '{key}' must name a service, not an object on it.")
    return with_database(world.pools.get(named.pool), named.pool, command)


def pool_of(world: World, command: Cmdlet) -> LivePool:
    """The pool that -PoolFqdn names, reachable or not."""
    fqdn = str(command.get("PoolFqdn")).lower()
    pool = world.pools.get(fqdn)
    return pool if pool else reachable(None, fqdn, command)


def backup_of(world: World, pool: LivePool, command: Cmdlet) -> LivePool:
    backup = world.pools.get(world.pairs.get(pool.fqdn, ""))
    if backup is None:
        text = f'Pool "{pool.fqdn}" has no backup pool. Assign one in Topology Builder first.'
        raise refuse(command, "BackupPoolNotFound", text)
    return backup


def serves_central(world: World, fqdn: str) -> bool:
    """Whether Central Management answers there; a store that is none of the pools is taken to."""
    pool = world.pools.get(fqdn)
    return bool(fqdn) and (pool is None or (pool.up and pool.back_end))


def central_answers(world: World) -> bool:
    return serves_central(world, world.store) or serves_central(world, world.also_active)


def central(world: World, command: Cmdlet) -> None:
    """Refuses what reads or writes the Central Management store while nothing answers there."""
    if not central_answers(world):
        text = "Cannot connect to the Central Management store. It is active on a pool that does not respond."
        raise refuse(command, "CentralManagementStoreUnavailable", text)


def only_asked(command: Cmdlet) -> bool:
    return command.get("WhatIf") is True
