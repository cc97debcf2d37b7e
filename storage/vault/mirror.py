"""The off-site copy: a folder or a bucket that is only ever added to, and believed only after it was checked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from bot.domain.backups.offsite import OffSite
from bot.domain.errors import MirrorAway

Sound = Callable[[bytes], bool]
"""Whether these bytes are what ought to lie at a path."""

IDENTITY = "switchback"
"""Path of what every mirror holds from its first second on: without it, this is another place than it was."""

CARRIED = "carried"
"""Folder of the records of exports that are no backups, but that the next run of their pool needs."""

BESIDE = "companions"
"""Folder of the records of copies of companions."""

_SUFFIXES = ("", "~2", "~3", "~4", "~5")


class Mirror:
    """One place off-site. Everything raises MirrorAway when it does not answer as it should, within `patience_s`.

    `whole` tells whether a stored piece is what its name says; encrypted pieces stay as they are. Nothing is ever
    changed or deleted here.
    """

    def __init__(self, place: OffSite, whole: Callable[[str, bytes], bool], patience_s: float = 20.0) -> None:
        # Imported only where there is an off-site copy: it takes as much memory as all of Slack's library.
        from storage.vault.objects import Objects

        self.where, self._whole = place.where, whole
        self._objects = Objects(place, patience_s)

    async def fetch(self, name: str) -> bytes | None:
        """The piece of this name as it is stored; None when no sound one is there, or the mirror is away."""
        try:
            return await self.get(piece_path(name), lambda raw: self._whole(name, raw))
        except MirrorAway:
            return None

    async def record(self, pool: str, taken_at: float, id: str, sound: Sound) -> bytes | None:
        """The record of a listed backup as it is stored; None as `fetch`."""
        try:
            return await self.get(manifest_path(pool, taken_at, id), sound)
        except MirrorAway:
            return None

    async def give(self, name: str, raw: bytes) -> str:
        """Puts a piece there unless a sound one is there already; the answer is that of `put`."""
        return await self.put(piece_path(name), raw, lambda found: self._whole(name, found))

    async def get(self, path: str, sound: Sound) -> bytes | None:
        """What lies at this path, or beside it, and is sound; None when there is no such thing."""
        for suffix in _SUFFIXES:
            raw = await self._objects.read(path + suffix)
            if raw is None or sound(raw):
                return raw
        return None

    async def put(self, path: str, raw: bytes, sound: Sound) -> str:
        """Sees to it that something sound lies at this path, read back to be sure; create-only.

        What is unsound there stays as it is, and the sound one goes beside it. The answer is a sentence about that, or
        empty. Raises MirrorAway when it cannot be brought about.
        """
        for suffix in _SUFFIXES:
            there = await self._objects.read(path + suffix)
            if there is None:
                await self._objects.create(path + suffix, raw)
                there = await self._objects.read(path + suffix)
            if there is None:
                # Whoever looks ends at the first path where nothing lies, so nothing may go beside this one.
                break
            if sound(there):
                return f"{path} on the off-site copy is damaged; a sound one lies beside it." if suffix else ""
        raise self._forgetful(path)

    async def paths(self, under: str) -> AsyncIterator[str]:
        """Every path under that folder, in no order; those that differ by a suffix only are one."""
        seen: set[str] = set()
        async for path in self._objects.paths(under):
            path = path.partition("~")[0]
            if path not in seen:
                seen.add(path)
                yield path

    async def identify(self, fresh: bytes) -> bytes:
        """What makes this place recognisable: what lies there, else `fresh`, which lies there from now on."""
        there = await self._objects.read(IDENTITY)
        if there is None:
            await self._objects.create(IDENTITY, fresh)
            there = await self._objects.read(IDENTITY)
        if there is None:
            raise self._forgetful(IDENTITY)
        return there

    async def identity(self) -> bytes | None:
        """The same without writing anything; None for a place that nothing was ever put into."""
        return await self._objects.read(IDENTITY)

    async def trial(self, path: str, raw: bytes) -> str | None:
        """What keeps this place from being a mirror, as a sentence: it writes, reads, and tries to write over that."""
        try:
            created = await self._objects.create(path, raw)
            if not created or await self._objects.read(path) != raw:
                return f"The off-site copy at {self.where} does not give back what it was given."
            if await self._objects.create(path, raw + b"!") or await self._objects.read(path) != raw:
                return (
                    f"The off-site copy at {self.where} writes over what is there although it was asked to create only "
                    "(If-None-Match): a fault could destroy copies. Use storage that honours it."
                )
        except MirrorAway as fault:
            return fault.sentence
        return None

    def _forgetful(self, path: str) -> MirrorAway:
        return MirrorAway(
            f"The off-site copy at {self.where} does not give back what it was given ({path}). Look at it, or name "
            "another place under [mirror]."
        )


def piece_path(name: str) -> str:
    """Where the piece of this name lies: folders of two letters, the last two, since names may begin alike."""
    return f"pieces/{name[-2:]}/{name}"


def manifest_path(pool: str, taken_at: float, id: str, *, listed: bool = True) -> str:
    """Where the record of a backup lies, or of an export that a pool's next run needs; later ones sort behind."""
    return f"{'backups' if listed else CARRIED}/{pool}/{int(taken_at):012}-{id}"


def companion_path(scope: str, kind: str, taken_at: float, id: str) -> str:
    """Where the record of a copy of a companion lies."""
    return f"{BESIDE}/{scope}/{kind}/{int(taken_at):012}-{id}"
