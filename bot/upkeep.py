"""Joins what is done again and again for the sake of what is kept: one row for each chore."""

from __future__ import annotations

from collections.abc import Mapping

from bot.care import checking, mirroring, pruning, restamping, watching
from bot.care.accompanying import Accompanying
from bot.care.checking import Checking
from bot.care.chores import Chore
from bot.care.mirroring import Mirroring
from bot.care.pruning import Pruning
from bot.care.watching import Objectives, Watching
from bot.domain.errors import BadInput
from bot.domain.offsite import told
from bot.domain.opening import Estate
from bot.domain.schedule import timing
from bot.hands import Performer
from bot.settings import Settings
from bot.stores import Stores
from storage.memory import Memories
from storage.mirror import Mirror


def mirror_of(settings: Settings, kept: Stores) -> Mirror | None:
    """The off-site copy, when one is configured."""
    return Mirror(settings.mirror, kept.backups.pieces.sound) if settings.mirror else None


async def refuse_while_restoring(settings: Settings, kept: Stores) -> None:
    """Raises BadInput: pins and where pools stand come back last, and until then everything would seem free to go."""
    if settings.mirror and await kept.copies.restoring() == settings.mirror.where:
        raise BadInput(
            f"A restore from {settings.mirror.where} has not ended. Let `python -m bot restore-from-mirror` end, or "
            "run it again, before anything else is done. To do without what is still missing, take [mirror] out."
        )


async def off_site(settings: Settings, kept: Stores, now: float) -> str:
    """How the off-site copy stands, in a sentence."""
    return told(settings.mirror, *await kept.copies.waiting(), now)


def pruning_of(settings: Settings, kept: Stores) -> Pruning:
    """What lets old backups go, and says beforehand which."""
    pools = {pool.fqdn: pool for pool in settings.pools}
    return Pruning(kept.backups, kept.keepings, kept.runs, pools, settings.pairs(), settings.retention)


def checking_of(settings: Settings, kept: Stores) -> Checking:
    """What reads everything that is kept again, and mends it from the off-site copy."""
    mirror, pools = mirror_of(settings, kept), [pool.fqdn for pool in settings.pools]
    copies = (mirror.fetch, mirror.record) if mirror else ()
    return Checking(kept.backups, kept.companions, kept.keepings, kept.notices, pools, *copies)


def chores_of(
    settings: Settings, kept: Stores, checks: Checking, hands: Performer, estate: Estate
) -> tuple[Chore, ...]:
    """What has to be done for backups that are kept already, and for those that should be."""
    backups, keepings, notices, runs = kept.backups, kept.keepings, kept.notices, kept.runs
    pools = {pool.fqdn: pool for pool in settings.pools}
    memories, mirror = Memories(runs, kept.schedules, backups, keepings), mirror_of(settings, kept)
    copies = Mirroring(mirror, backups, keepings, kept.companions, kept.copies, notices, memories, tuple(pools))
    retention = pruning_of(settings, kept)
    freshness = Watching(backups, keepings, runs, notices, kept.watches, pools, _objectives(settings, kept))
    stamps = restamping.Restamping(hands, keepings, notices, estate)
    beside = Accompanying(kept.companions, runs, notices, settings.pools, settings.companions)
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


def _objectives(settings: Settings, kept: Stores) -> Objectives:
    """How old backups may get by what people said last, else by the configuration."""

    async def ask() -> Mapping[str, float]:
        said = await kept.schedules.overrides()
        return {fqdn: timing(held, said.get(fqdn)).objective_h for fqdn, held in settings.timings.items()}

    return ask
