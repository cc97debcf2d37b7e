"""Fills an empty Redis from the off-site copy alone: `python -m bot restore-from-mirror`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, zip_longest

from bot.chores.mirroring import is_record
from bot.domain.backups.offsite import RestoreState, carried
from bot.domain.errors import BadInput, Damaged, Newer
from bot.domain.model import PoolRecord
from bot.settings.settings import Settings
from bot.stores import Stores, store, stores_of
from storage.backups import restore_state
from storage.backups.off_site import OffSitePlace
from storage.companions import NEWEST_KEPT
from storage.vault.mirror import BESIDE, CARRIED, Mirror, piece_path
from storage.vault.records import seal_of_record
from storage.vault.sealing import seal_of

Say = Callable[[str], None]

_IN_USE = (
    "This Redis holds backups or runs already, and only an empty one is filled. Name an empty one in REDIS_URL, or a "
    "new folder in SWITCHBACK_DATA. Nothing was changed."
)
_NO_STATE = (
    "Where pools stood, changed schedules and pins are not known: nothing sound about them lies off-site. Every pool "
    "counts as active now; look at each before you start a failover or failback."
)


@dataclass(frozen=True, slots=True)
class Manifest:
    """A backup's record off-site: where it lies, and what the path says about it."""

    path: str
    pool: str
    taken_at: float
    id: str

    def __str__(self) -> str:
        taken = datetime.fromtimestamp(self.taken_at, UTC)
        return f"{self.pool}: backup of {taken:%Y-%m-%d %H:%M} UTC"


def manifest_of(path: str) -> Manifest | None:
    """None for what is no manifest."""
    parts = path.split("/")
    second, _, id = parts[-1].partition("-")
    return Manifest(path, parts[1], float(second), id) if len(parts) == 3 and second.isdigit() and id else None


class Restoring:
    """One restore; whoever is killed starts it again. Raises MirrorAway, StoreAway, NoRoom: then start it again too."""

    def __init__(self, kept: Stores, mirror: Mirror, say: Say, now: float) -> None:
        self._mirror, self._say, self._now = mirror, say, now
        self._runs, self._backups, self._keepings = kept.runs, kept.backups, kept.keepings
        self._off_site, self._states, self._companions = kept.off_site, kept.states, kept.companions
        self._lost: dict[Manifest, str] = {}
        self._beside: dict[str, str] = {}

    async def restore(self) -> bool:
        """Whether every backup came back.

        Raises BadInput for a Redis in use, an empty mirror or a missing key, Newer where a newer Switchback copied to.
        """
        identity = await self._mirror.identity()
        if identity is None:
            raise BadInput(f"Nothing was ever copied to {self._mirror.where}: look at [mirror]. Nothing was changed.")
        await self._refuse_what_is_in_use()
        shelves = await self._shelves()
        remembered = await self._newest_state()
        await self._refuse_without_keys([shelf[0] for shelf in shelves.values()], remembered)
        state = self._opened(remembered) if remembered else None
        await self._off_site.begin_restoring(self._mirror.where)
        # Whatever happens on the way, no pool that is failed over may pass for an active one.
        await self._states.put_back(state or RestoreState())
        total = sum(map(len, shelves.values()))
        for number, manifest in enumerate(interleaved(shelves.values()), start=1):
            lost = await self._adopted(manifest)
            self._say(f"{number} of {total}: {manifest} " + (f"was NOT restored: {lost}" if lost else "is restored."))
        await self._carry(state or RestoreState())
        await self._restore_companions()
        await self._states.put_back(state or RestoreState())
        await self._off_site.settle(OffSitePlace(self._mirror.where, identity))
        for line in self._summary(shelves, state):
            self._say(line)
        return not self._lost and not self._beside

    async def _refuse_what_is_in_use(self) -> None:
        if await self._off_site.restoring() == self._mirror.where:
            self._say("A restore from here was under way; it goes on.")
        elif await self._backups.pools() or await self._runs.page(count=1) or await self._backups.unlisted(self._now):
            raise BadInput(_IN_USE)

    async def _shelves(self) -> Mapping[str, Sequence[Manifest]]:
        """By pool, the newest first."""
        found = await self._manifests("backups")
        manifests = sorted(found, key=lambda one: (one.pool, -one.taken_at, one.id))
        return {pool: [one for one in manifests if one.pool == pool] for pool in {one.pool: 0 for one in manifests}}

    async def _manifests(self, under: str) -> list[Manifest]:
        return [one async for path in self._mirror.paths(under) if (one := manifest_of(path))]

    async def _newest_state(self) -> tuple[str, bytes] | None:
        """The name and stored form of what was remembered last; older ones stand in for what is not sound."""
        pieces = self._backups.pieces
        for path in sorted([path async for path in self._mirror.paths(restore_state.FOLDER)], reverse=True):
            name = restore_state.name_of(path)
            sealed = pieces.keyring.lacks([seal_of(name)] if seal_of(name) else [])
            raw = await self._mirror.get(path, lambda raw, name=name: pieces.sound(name, raw))
            if raw is not None or sealed:
                return name, raw or b""
        return None

    async def _refuse_without_keys(self, newest: Iterable[Manifest], remembered: tuple[str, bytes] | None) -> None:
        """Without the keys of what is newest, the restore would bring back little: that is a mistake, not a loss."""
        records = [await self._mirror.get(manifest.path, lambda raw: True) for manifest in newest]
        needed = {seal_of_record(record) for record in records if record}
        needed |= {seal_of(remembered[0])} if remembered else set()
        if sentence := self._backups.pieces.keyring.lacks(needed - {""}):
            raise BadInput(sentence)

    async def _carry(self, state: RestoreState) -> None:
        """What the next run of a pool needs comes back too, without becoming one of its backups."""
        words = carried(state.pools)
        for manifest in sorted(await self._manifests(CARRIED), key=lambda one: one.path):
            if manifest.id in words and (lost := await self._adopted(manifest, listed=False)):
                self._say(f"{manifest}, which the next run needs, was NOT restored: {lost}")

    async def _restore_companions(self) -> None:
        """The newest copies of every companion, as many as are kept."""
        shelves: dict[str, list[str]] = {}
        async for path in self._mirror.paths(BESIDE):
            shelves.setdefault(path.rpartition("/")[0], []).append(path)
        for path in chain.from_iterable(sorted(paths)[-NEWEST_KEPT:] for _, paths in sorted(shelves.items())):
            id = path.rpartition("/")[2].partition("-")[2]
            try:
                record = await self._mirror.get(path, lambda raw, id=id: is_record(self._companions, id, raw))
                await self._companions.adopt(id, record or b"", self._fetch)
            except Damaged as error:
                self._beside[id] = error.sentence
                self._say(error.sentence)

    async def _adopted(self, manifest: Manifest, *, listed: bool = True) -> str:
        """Why the backup could not be restored; empty when it was, now or before this start."""
        record = await self._mirror.get(manifest.path, lambda raw: is_record(self._backups, manifest.id, raw))
        try:
            if record is None:
                stored = await self._mirror.get(manifest.path, lambda raw: True)
                self._backups.described(manifest.id, stored or b"")
                raise Damaged(f"The record of backup {manifest.id[:80]} off-site is not its own.")
            await self._backups.adopt(manifest.id, record, self._fetch, listed=listed)
        except Damaged as error:
            self._lost[manifest] = error.sentence
            return error.sentence
        await self._keepings.mirrored(manifest.id, self._now)
        await self._off_site.done(manifest.id)
        return ""

    async def _fetch(self, name: str) -> bytes | None:
        """Unlike `Mirror.fetch` it raises when the mirror is away: nothing is lost because of that."""
        return await self._mirror.get(piece_path(name), lambda raw: self._backups.pieces.sound(name, raw))

    def _opened(self, remembered: tuple[str, bytes]) -> RestoreState | None:
        try:
            return restore_state.unpacked(*remembered, self._backups.pieces.keyring)
        except Newer:
            raise
        except Damaged as error:
            self._say(error.sentence)
            return None

    def _summary(self, shelves: Mapping[str, Sequence[Manifest]], state: RestoreState | None) -> Iterable[str]:
        records = {record.fqdn: record for record in state.pools} if state else {}
        width = max(map(len, (*shelves, *records, "pool")))
        yield f"{'pool':{width}}  restored  not restored  stands"
        for pool in sorted({*shelves, *records}):
            lost = sum(manifest.pool == pool for manifest in self._lost)
            count = len(shelves.get(pool, ())) - lost
            yield f"{pool:{width}}  {count:8}  {lost:12}  {records.get(pool, PoolRecord(pool)).state}"
        yield from (f"Not restored: {manifest}. {sentence}" for manifest, sentence in self._lost.items())
        yield from (f"Not restored: {sentence}" for sentence in self._beside.values())
        if state is None:
            yield _NO_STATE
        yield "Runs are not copied off-site: what was under way is not known. `python -m bot serve` can start."


def interleaved(shelves: Iterable[Sequence[Manifest]]) -> Iterable[Manifest]:
    """The newest of every pool, then the second newest of every pool, and so on."""
    return (manifest for manifest in chain.from_iterable(zip_longest(*shelves)) if manifest is not None)


async def restore_from_mirror(settings: Settings, say: Say) -> int:
    """0 when every backup was restored, 1 when some could not be."""
    if settings.mirror is None:
        raise BadInput("No mirror is configured: name its folder or url under [mirror]. Nothing was changed.")
    async with store(settings) as client:
        kept = stores_of(settings, client)
        mirror = Mirror(settings.mirror, kept.backups.pieces.sound)
        return 0 if await Restoring(kept, mirror, say, await kept.time.ask()).restore() else 1
