"""A Redis with backups and the queue to a mirror, for stories about the off-site copy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from redis.asyncio import Redis

from bot.chores.mirroring import Mirroring
from bot.domain.backups.offsite import OffSite
from bot.stores import Stores, stores_over
from storage.backups.backups import Backups
from storage.backups.keepings import Keepings
from storage.backups.off_site import OffSiteCopies
from storage.backups.restore_state import RestoreStates
from storage.companions import Companions
from storage.notices import Notices
from storage.runs import Runs
from storage.vault.mirror import Mirror
from storage.vault.records import Room
from storage.vault.sealing import PLAIN, Keyring
from tests.storage.test_backups import FINGERPRINTS, backup_of, export

A, B = "pool-a.contoso.com", "pool-b.contoso.com"
DAY_S = 86_400.0
START = 1_795_000_000.0


@dataclass(slots=True)
class House:
    """Backups, what is known of them, and one mirror."""

    redis: Redis
    place: OffSite | None
    keyring: Keyring = PLAIN
    patience_s: float = 20.0
    room: Room | None = None
    kept: Stores = field(init=False)
    backups: Backups = field(init=False)
    keepings: Keepings = field(init=False)
    companions: Companions = field(init=False)
    copied: OffSiteCopies = field(init=False)
    notices: Notices = field(init=False)
    states: RestoreStates = field(init=False)
    runs: Runs = field(init=False)

    def __post_init__(self) -> None:
        kept = self.kept = stores_over(self.redis, self.keyring, self.room)
        self.backups, self.keepings, self.companions = kept.backups, kept.keepings, kept.companions
        self.copied, self.notices, self.states, self.runs = kept.off_site, kept.notices, kept.states, kept.runs

    @property
    def mirror(self) -> Mirror:
        assert self.place is not None
        return Mirror(self.place, self.backups.pieces.sound, self.patience_s)

    def mirroring(self) -> Mirroring:
        """As a process that has just started."""
        return Mirroring(
            self.mirror if self.place else None,
            self.backups,
            self.keepings,
            self.companions,
            self.copied,
            self.notices,
            self.states,
            (A, B),
            jitter=lambda: 0.0,
        )

    async def keep(self, days: int, pools: tuple[str, ...] = (A, B), members: int = 3) -> Mapping[str, bytes]:
        """A backup of every pool for each day; gives the exports by the backup's id."""
        kept = {}
        for day in range(1, days + 1):
            for pool in pools:
                id, data = f"backup-{pool}-{day}", export(day=day, members=members, changed=1)
                taken_at = START + day * DAY_S
                await self.backups.save(backup_of(data, id, taken_at=taken_at, pool=pool), data, FINGERPRINTS)
                kept[id] = data
        return kept

    async def said(self) -> Mapping[str, str]:
        """What stands, by the key of its notice."""
        return {notice.key: notice.sentence for notice in await self.notices.standing()}

    async def off_site(self, under: str) -> set[str]:
        return {path async for path in self.mirror.paths(under)}
