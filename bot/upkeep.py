"""Joins what is done again and again for the sake of what is kept: one row for each chore."""

from __future__ import annotations

from redis.asyncio import Redis

from bot.care.checking import Checking, no_copy
from bot.care.chores import Chore
from bot.care.mirroring import EVERY_S, Mirroring
from bot.settings import Settings
from storage.backups import Backups
from storage.copies import Copies
from storage.keepings import Keepings
from storage.memory import Memories
from storage.mirror import Mirror
from storage.notices import Notices
from storage.runs import Runs
from storage.schedules import Schedules


def mirror_of(settings: Settings, backups: Backups) -> Mirror | None:
    """The off-site copy, when one is configured."""
    return Mirror(settings.mirror, backups.pieces.sound) if settings.mirror else None


def chores_of(settings: Settings, client: Redis, backups: Backups) -> tuple[Chore, ...]:
    """What has to be done for backups that are kept already."""
    keepings, notices, mirror = Keepings(client), Notices(client), mirror_of(settings, backups)
    pools = tuple(pool.fqdn for pool in settings.pools)
    memories = Memories(Runs(client), Schedules(client), backups, keepings)
    mirroring = Mirroring(mirror, backups, keepings, Copies(client), notices, memories, pools)
    return (Chore("mirror", EVERY_S, mirroring.work, "Copying backups off-site"),)
