"""OffSiteCopies every listed backup off-site, the oldest first, and says how far behind the copy is."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from bot.chores.chores import each
from bot.domain.backups.backup import Backup
from bot.domain.backups.offsite import NONE, RestoreState, carried
from bot.domain.companions.kinds import CompanionCopy
from bot.domain.errors import BadInput, Damaged, MirrorAway, Newer
from bot.domain.measures import aged, numbered
from storage.backups import restore_state
from storage.backups.backups import Backups
from storage.backups.keepings import Keepings
from storage.backups.off_site import OffSiteCopies, OffSitePlace
from storage.backups.restore_state import RestoreStates
from storage.companions import Companions
from storage.notices import Notices
from storage.vault.mirror import Mirror, Sound, companion_path, manifest_path

log = logging.getLogger(__name__)

EVERY_S = 30.0
TURN_S = 300.0
"""How long one turn may copy before it looks at everything else again."""

LATE_S = 3_600.0
"""A copy that is further behind than this is told."""

_AT_ONCE = 4
_PAGE = 100
_LONGEST_WAIT_S = 900.0
_KEPT_S = 600.0
_TELL_AFTER = 3
_SHOWN = 10
_LATE, _DAMAGED, _NO_MIRROR = "mirror", "mirror:damaged", "mirror:none"


@dataclass(frozen=True, slots=True)
class Wait:
    """After how many failures in a row, until when (seconds), and why, as a sentence."""

    failures: int
    until: float
    why: str


@dataclass(frozen=True, slots=True)
class Load:
    """Something to be copied: its record as it is stored, the names of its pieces, and where the record goes."""

    id: str
    record: bytes
    names: Sequence[str]
    path: str


class Mirroring:
    """The queue to one mirror; without one, the standing warning. `pools` are FQDNs, `jitter` gives 0 to 1."""

    def __init__(
        self,
        mirror: Mirror | None,
        backups: Backups,
        keepings: Keepings,
        companions: Companions,
        off_site: OffSiteCopies,
        notices: Notices,
        state: RestoreStates,
        pools: Sequence[str],
        *,
        jitter: Callable[[], float] = random.random,
        stopwatch: Callable[[], float] = time.monotonic,
    ) -> None:
        self._mirror, self._backups, self._keepings, self._off_site = mirror, backups, keepings, off_site
        self._companions = companions
        self._notices, self._states, self._pools = notices, state, tuple(pools)
        self._jitter, self._stopwatch = jitter, stopwatch
        self._waits: dict[str, Wait] = {}
        self._kept, self._kept_at = RestoreState(), float("-inf")

    @property
    def fault(self) -> str:
        """Why the mirror could not be used when it was tried last; empty when it could."""
        return self._waits[""].why if "" in self._waits else ""

    async def lag(self, now: float) -> float | None:
        """The age (seconds) of the oldest listed backup without a copy; None when every one has its copy."""
        _, oldest = await self._off_site.waiting()
        return None if oldest is None else now - oldest

    async def work(self, now: float) -> None:
        """One turn. It never raises for what the mirror does wrong: that is told, and tried again later."""
        if self._mirror is None:
            for key in (_LATE, _DAMAGED):
                await self._notices.end(key, "There is no off-site copy any more.", now)
            stands = await self._notices.find(_NO_MIRROR)
            # It is no event that could be counted: it stands until somebody names a place.
            return None if stands and not stands.over else await self._notices.say(_NO_MIRROR, NONE, now)
        remarks: list[str] = []
        if self._may("", now):
            try:
                await self._recognise(self._mirror, now)
                await self._copy_due(self._mirror, now, remarks)
                await self._remember(self._mirror, now, remarks)
                await self._copy_companions(self._mirror, now, remarks)
                self._waits.pop("", None)
            except (MirrorAway, Damaged) as error:
                self._later("", error.sentence, now)
        over = partial(self._notices.end, _NO_MIRROR, f"Backups are copied to {self._mirror.where} now.", now)
        await each((partial(self._tell, now, remarks), over))

    async def _recognise(self, mirror: Mirror, now: float) -> None:
        """The place has to be the one that copies went to so far; a new one lacks every backup."""
        known, fresh = await self._off_site.place(), f"Switchback has copied here since {now!r}.\n".encode()
        if known and known.where == mirror.where:
            if await mirror.identity() != known.identity:
                raise MirrorAway(_another(mirror))
            return
        if known is None and await self._holds_others(mirror):
            raise MirrorAway(
                f"The off-site copy at {mirror.where} holds backups that this Redis never had, so nothing is written "
                "there. If Redis was lost, run `python -m bot restore-from-mirror` with an empty one; to begin afresh, "
                "name another folder or prefix under [mirror]."
            )
        identity = await mirror.identify(fresh)
        for pool in await self._backups.pools():
            before = None
            while page := await self._backups.page(pool, before=before, count=_PAGE):
                await self._off_site.add({backup.id: backup.taken_at for backup in page})
                before = page[-1].id
        await self._off_site.settle(OffSitePlace(mirror.where, identity))

    async def _holds_others(self, mirror: Mirror) -> bool:
        """Whether another Redis has copied backups there: where its pools stood is told by its newest state alone."""
        return await mirror.identity() is not None and await anext(mirror.paths("backups"), None) is not None

    async def _copy_due(self, mirror: Mirror, now: float, remarks: list[str]) -> None:
        """Backup after backup, until none is due or the turn is over; one that cannot be read stops no other."""
        until, seen = self._stopwatch() + TURN_S, set[str]()
        passed = 0
        while self._stopwatch() < until and (ids := await self._off_site.due(passed)):
            for id in ids:
                if not self._may(id, now):
                    passed += 1
                elif self._stopwatch() < until:
                    passed += not await self._copied(mirror, id, now, seen, remarks)

    async def _copied(self, mirror: Mirror, id: str, now: float, seen: set[str], remarks: list[str]) -> bool:
        try:
            if (backup := await self._backups.find(id)) is not None:
                await self._copy(mirror, backup, seen, remarks)
                await self._keepings.mirrored(id, now)
        except (Damaged, BadInput) as error:
            self._later(id, error.sentence, now)
            return False
        await self._off_site.done(id)
        self._waits.pop(id, None)
        return True

    async def _copy(
        self, mirror: Mirror, backup: Backup, seen: set[str], remarks: list[str], *, listed: bool = True
    ) -> None:
        id = backup.id
        path = manifest_path(backup.pool, backup.taken_at, id, listed=listed)
        load = Load(id, await self._backups.record(id), await self._backups.parts(id), path)
        await self._deliver(mirror, load, lambda raw: is_record(self._backups, id, raw), seen, remarks)

    async def _copy_companions(self, mirror: Mirror, now: float, remarks: list[str]) -> None:
        """The newest copy of every companion goes along; one that cannot be read stops no other and no backup."""
        newest = await self._companions.newest(self._pools, now)
        kept = {one.id: one for kinds in newest.values() for one in kinds.values() if one}
        for id in await self._off_site.lacking(tuple(kept)):
            try:
                await self._copy_companion(mirror, kept[id], remarks)
            except (Damaged, BadInput) as error:
                log.warning("%s", error.sentence)

    async def _copy_companion(self, mirror: Mirror, kept: CompanionCopy, remarks: list[str]) -> None:
        id = kept.id
        path = companion_path(kept.pool, kept.kind, kept.taken_at, id)
        load = Load(id, await self._companions.record(id), await self._companions.parts(id), path)
        await self._deliver(mirror, load, lambda raw: is_record(self._companions, id, raw), set(), remarks)
        await self._off_site.has(id)

    async def _deliver(self, mirror: Mirror, load: Load, sound: Sound, seen: set[str], remarks: list[str]) -> None:
        """Its pieces, then its record: whoever finds the record finds everything."""
        await self._give(mirror, load.id, [name for name in load.names if name not in seen], remarks)
        seen.update(load.names)
        remarks.append(await mirror.put(load.path, load.record, sound))

    async def _give(self, mirror: Mirror, id: str, names: Iterable[str], remarks: list[str]) -> None:
        """Every piece of a backup, a few at a time. Raises Damaged when one is not sound here."""
        waiting = iter(names)
        givers = [asyncio.create_task(self._give_each(mirror, id, waiting, remarks)) for _ in range(_AT_ONCE)]
        try:
            await asyncio.gather(*givers)
        finally:
            for giver in givers:
                giver.cancel()
            await asyncio.gather(*givers, return_exceptions=True)

    async def _give_each(self, mirror: Mirror, id: str, names: Iterator[str], remarks: list[str]) -> None:
        for name in names:
            (raw,) = await self._backups.pieces.raw([name])
            if raw is None or not self._backups.pieces.sound(name, raw):
                raise Damaged(f"{id} has no whole off-site copy yet: a piece of it is damaged here.")
            remarks.append(await mirror.give(name, raw))

    async def _remember(self, mirror: Mirror, now: float, remarks: list[str]) -> None:
        """What a restore needs beside the backups is written there whenever it has changed."""
        if now >= self._kept_at + _KEPT_S:
            self._kept, self._kept_at = await self._states.kept(), now
        state = await self._states.standing(self._pools, self._kept)
        name, raw = restore_state.packed(state, self._backups.pieces.keyring)
        if name != await self._off_site.remembered():
            await self._carry(mirror, state, remarks)
            await mirror.put(restore_state.path(now, name), raw, lambda found: self._backups.pieces.sound(name, found))
            await self._off_site.remember(name)

    async def _carry(self, mirror: Mirror, state: RestoreState, remarks: list[str]) -> None:
        """What the next run of a pool needs goes there before anything tells of it, listed as a backup or not."""
        for word in carried(state.pools):
            try:
                if backup := await self._backups.find(word):
                    await self._copy(mirror, backup, set(), remarks, listed=False)
            except (Damaged, BadInput) as error:
                log.warning("%s", error.sentence)

    def _may(self, id: str, now: float) -> bool:
        return id not in self._waits or now >= self._waits[id].until

    def _later(self, id: str, why: str, now: float) -> None:
        """`id` is a backup, or empty for the mirror itself."""
        failures = self._waits[id].failures + 1 if id in self._waits else 1
        self._waits[id] = Wait(failures, now + backoff(failures, self._jitter()), why)
        log.warning("%s", why)

    async def _tell(self, now: float, remarks: Sequence[str]) -> None:
        lag = await self.lag(now)
        stuck = next((wait.why for id, wait in self._waits.items() if id), "")
        if lag is not None and lag >= LATE_S:
            why = self.fault or stuck or "Backups are being copied, the oldest first."
            await self._notices.say(_LATE, f"The off-site copy lags {aged(lag)}: {why}", now)
        elif self.fault and self._waits[""].failures >= _TELL_AFTER:
            await self._notices.say(_LATE, f"The off-site copy cannot be used: {self.fault}", now)
        elif not self.fault:
            await self._notices.end(_LATE, "The off-site copy is up to date again.", now)
        if said := tuple(sorted({remark for remark in remarks if remark})):
            text = f"The off-site copy was damaged in {numbered(len(said), 'place')}; a sound copy lies beside each."
            await self._notices.say(_DAMAGED, text, now, said[:_SHOWN])
        else:
            await self._notices.end(_DAMAGED, "Sound copies lie beside what was damaged off-site.", now)


async def fault_of(mirror: Mirror, off_site: OffSiteCopies) -> str:
    """Why what was copied to this place so far cannot be found there now, as a sentence; empty when it can."""
    try:
        known = await off_site.place()
        found = await mirror.identity()
    except (MirrorAway, Newer) as fault:
        return fault.sentence
    if known is None or known.where != mirror.where:
        return f"Nothing was copied to {mirror.where} yet."
    return "" if found == known.identity else _another(mirror)


def _another(mirror: Mirror) -> str:
    return (
        f"The off-site copy at {mirror.where} no longer holds what was put there: mount it, or correct [mirror]. To "
        "begin afresh, name another folder or prefix."
    )


def is_record(kept: Backups | Companions, id: str, raw: bytes) -> bool:
    """Whether this is the record of that backup or copy, as it was stored."""
    try:
        return kept.described(id, raw).id == id
    except Damaged:
        return False


def backoff(failures: int, jitter: float) -> float:
    """Seconds to wait after so many failures in a row: doubling up to 15 minutes, up to half taken off by `jitter`."""
    return min(EVERY_S * 2 ** min(failures - 1, 10), _LONGEST_WAIT_S) * (1 - jitter / 2)
