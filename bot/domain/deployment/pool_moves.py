"""What failover and failback of a pool do, what breaks off in between, and by what one knows where a pool stands."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from bot.domain.deployment.cmdlets import Cmdlet, refuse
from bot.domain.deployment.named import backup_of, central, only_asked, pool_of, reachable
from bot.domain.deployment.neighbours import Answer
from bot.domain.deployment.properties import NAMES
from bot.domain.deployment.replicas import replicated
from bot.domain.deployment.world import (
    CONFERENCES,
    FAILED_BACK,
    FAILED_OVER,
    FAILING_OVER,
    HOME,
    LivePool,
    World,
)


def fail_over(world: World, server: LivePool, command: Cmdlet) -> Answer:
    """-PoolFqdn is always the pool that first homed the users (facts: lync §1.6, §5.0; seed 004)."""
    pool = _may_go(world, command)
    if only_asked(command):
        return world, ()
    there = backup_of(world, pool, command)
    return replicated(world, pool, there, pool.fqdn).with_pool(replace(pool, registrar=FAILED_OVER)), ()


def break_failover(world: World, server: LivePool, command: Cmdlet) -> World:
    """It breaks off: the pool stays half-way, until somebody sets its state (facts: recovery §0.4)."""
    return world.with_pool(replace(_may_go(world, command), registrar=FAILING_OVER))


def fail_back(world: World, server: LivePool, command: Cmdlet) -> Answer:
    """The same -PoolFqdn as at failover. An unreachable backup pool needs -DisasterMode (facts: lync §1.6).

    Documented choices: afterwards the pool is FailedBack, and stays so (facts: recovery, procedure 3, row 2); contents
    of conferences are still to come from the backup pool, until they are sent (row 3, procedure 9).
    """
    pool = _may_come(world, command)
    if only_asked(command):
        return world, ()
    there = backup_of(world, pool, command)
    if there.up:
        world = replicated(world, there, pool, pool.fqdn)
        there = world.pools[there.fqdn]
        waiting = {**there.modules, CONFERENCES: ("NonSteadyState", "NormalState")}
        world = world.with_pool(replace(there, modules=MappingProxyType(waiting)))
    return world.with_pool(replace(world.pools[pool.fqdn], registrar=FAILED_BACK)), ()


def break_failback(world: World, server: LivePool, command: Cmdlet) -> World:
    """Documented choice: a failback that breaks off leaves the pool failed over, and can be run again."""
    _may_come(world, command)
    return world


def _may_go(world: World, command: Cmdlet) -> LivePool:
    """The pool that may be failed over now. Raises CmdletFailed.

    It is refused while Central Management does not work (facts: recovery, procedure 2, row 9), and while an Edge pool
    leads to the pool (§0.7); a back end that is down needs -DisasterMode as a pool that is down does (§0.5).
    """
    pool = pool_of(world, command)
    backup = backup_of(world, pool, command)
    if pool.registrar == FAILING_OVER:
        text = f'Pool "{pool.fqdn}" is in a failed state. Set its PoolState to Active before it is failed over again.'
        raise refuse(command, "InvalidOperation", text)
    if pool.failed_over:
        raise refuse(command, "InvalidOperation", f'Pool "{pool.fqdn}" is already failed over to "{backup.fqdn}".')
    if backup.registrar not in HOME:
        text = f'Backup pool "{backup.fqdn}" is itself failed over. Fail back "{backup.fqdn}" first.'
        raise refuse(command, "InvalidOperation", text)
    reachable(backup, backup.fqdn, command)
    central(world, command)
    if edges := [edge for edge, hop in world.edges.items() if hop == pool.fqdn]:
        text = f'Pool "{pool.fqdn}" is the next hop of Edge pool "{edges[0]}". Change the next hop first.'
        raise refuse(command, "EdgeNextHop", text)
    if not (pool.up and pool.back_end) and command.get("DisasterMode") is not True:
        text = f'Pool "{pool.fqdn}" does not respond. Use -DisasterMode when the pool is not available.'
        raise refuse(command, "OperationTimeout", text)
    return pool


def _may_come(world: World, command: Cmdlet) -> LivePool:
    """The pool that may be failed back now. Raises CmdletFailed."""
    pool = pool_of(world, command)
    backup = backup_of(world, pool, command)
    if not pool.failed_over:
        raise refuse(command, "InvalidOperation", f'Pool "{pool.fqdn}" is not failed over.')
    reachable(pool, pool.fqdn, command)
    if command.get("DisasterMode") is not True:
        reachable(backup, backup.fqdn, command)
    return pool


def read_relationship(world: World, server: LivePool, command: Cmdlet) -> Answer:
    """`Get-CsPoolBackupRelationship`; -LocalStore asks the server's own replica (facts: recovery §0.8).

    Documented choice: an old replica still names the pair, since pairs hardly ever change.
    """
    pool = pool_of(world, command)
    if command.get("LocalStore") is not True:
        central(world, command)
    return world, ({"PoolFqdn": pool.fqdn, NAMES.backup_pool: backup_of(world, pool, command).fqdn},)
