"""Joins what is done again and again for the sake of what is kept: one row for each chore."""

from __future__ import annotations

from collections.abc import Mapping

from redis.asyncio import Redis

from bot.care import checking, mirroring, pruning, restamping, watching
from bot.care.accompanying import Accompanying
from bot.care.checking import Checking, no_copy
from bot.care.chores import Chore
from bot.care.mirroring import Mirroring
from bot.care.pruning import Pruning
from bot.care.watching import Objectives, Watching
from bot.domain.offsite import told
from bot.domain.opening import Estate
from bot.domain.schedule import timing
from bot.hands import Performer
from bot.settings import Settings
from storage.backups import Backups
from storage.companions import Companions
from storage.copies import Copies
from storage.keepings import Keepings
from storage.memory import Memories
from storage.mirror import Mirror
from storage.notices import Notices
from storage.runs import Runs
from storage.schedules import Schedules
from storage.watches import Watches


def mirror_of(settings: Settings, backups: Backups) -> Mirror | None:
    """The off-site copy, when one is configured."""
    return Mirror(settings.mirror, backups.pieces.sound) if settings.mirror else None


async def off_site(settings: Settings, client: Redis, now: float) -> str:
    """How the off-site copy stands, in a sentence."""
    return told(settings.mirror, *await Copies(client).waiting(), now)


def pruning_of(settings: Settings, client: Redis, backups: Backups) -> Pruning:
    """What lets old backups go, and says beforehand which."""
    pools = {pool.fqdn: pool for pool in settings.pools}
    return Pruning(backups, Keepings(client), Runs(client), pools, settings.pairs(), settings.retention)


def checking_of(settings: Settings, client: Redis, backups: Backups, companions: Companions) -> Checking:
    """What reads everything that is kept again, and mends it from the off-site copy."""
    mirror, pools = mirror_of(settings, backups), [pool.fqdn for pool in settings.pools]
    fetch = mirror.fetch if mirror else no_copy
    return Checking(backups, companions, Keepings(client), Notices(client), pools, fetch)


def chores_of(
    settings: Settings,
    client: Redis,
    backups: Backups,
    companions: Companions,
    checks: Checking,
    hands: Performer,
    estate: Estate,
) -> tuple[Chore, ...]:
    """What has to be done for backups that are kept already, and for those that should be."""
    keepings, notices, runs = Keepings(client), Notices(client), Runs(client)
    pools = {pool.fqdn: pool for pool in settings.pools}
    memories, mirror = Memories(runs, Schedules(client), backups, keepings), mirror_of(settings, backups)
    copies = Mirroring(mirror, backups, keepings, companions, Copies(client), notices, memories, tuple(pools))
    retention = pruning_of(settings, client, backups)
    freshness = Watching(backups, keepings, runs, notices, Watches(client), pools, _objectives(settings, client))
    stamps = restamping.Restamping(hands, keepings, notices, estate)
    beside = Accompanying(companions, runs, notices, settings.pools, settings.companions)
    return (
        Chore("mirror", mirroring.EVERY_S, copies.work, "Copying backups off-site"),
        Chore("pieces", checking.EVERY_S, checks.work, "Reading kept backups again"),
        Chore("records", checking.DAY_S, checks.records, "Reading the newest backups as a whole"),
        Chore("retention", pruning.EVERY_S, retention.work, "Letting old backups go"),
        Chore("stamps", restamping.EVERY_S, stamps.work, "Rehearsing backups again"),
        Chore("freshness", watching.EVERY_S, freshness.work, "Watching how old the newest backups are"),
        Chore("companions", 900.0, beside.watch, "Watching the companions of the pools"),
        Chore("companions-prune", 86_400.0, beside.prune, "Taking old copies of companions away"),
    )


def _objectives(settings: Settings, client: Redis) -> Objectives:
    """How old backups may get by what people said last, else by the configuration."""

    async def ask() -> Mapping[str, float]:
        said = await Schedules(client).overrides()
        return {fqdn: timing(held, said.get(fqdn)).objective_h for fqdn, held in settings.timings.items()}

    return ask
