"""Which pools replicate their Response Groups to each other by the Backup Service, and what lies there (lync §7)."""

from __future__ import annotations

from bot.domain.deployment.world import LivePool, World

_CU1 = (7, 0, 2046, 123)


def has_cu1(server: LivePool) -> bool:
    """Documented choice: the number from which on a simulated server has the update that replicates groups."""
    return tuple(int(part) for part in server.build.split(".") if part) >= _CU1


def replicates(world: World, pool: LivePool) -> bool:
    """Whether the groups of this pool go to its backup pool by themselves: switched on, and both have the update."""
    backup = world.pools.get(world.pairs.get(pool.fqdn, ""))
    return world.replicates and backup is not None and has_cu1(pool) and has_cu1(backup)


def replicated(world: World, source: LivePool, target: LivePool, owner: str) -> World:
    """The world in which what `owner` owns on the source lies on the target just so; unchanged without replication.

    Documented choice: replicas are brought up to date at the moment of a move, and lie there as imported copies would.
    """
    if not replicates(world, source):
        return world
    kept = (item for item in target.objects.values() if item.owner != owner)
    copied = (item.moved(target.fqdn, owner) for item in source.objects.values() if item.owner == owner)
    return world.with_pool(target.holding((*kept, *copied), audio=source.audio))
