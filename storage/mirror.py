"""The off-site copy: a folder or a bucket that is only ever added to, and believed only after it was checked."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, ObjectStore, S3Store

from bot.domain.errors import MirrorAway
from bot.domain.offsite import OffSite

Sound = Callable[[bytes], bool]
"""Whether these bytes are what ought to lie at a path."""

IDENTITY = "switchback"
"""Path of what every mirror holds from its first second on: without it, this is another place than it was."""

CARRIED = "carried"
"""Folder of the records of exports that are no backups, but that the next run of their pool needs."""

BESIDE = "companions"
"""Folder of the records of copies of companions."""

_MOST_BYTES = 64 << 20
_SUFFIXES = ("", "~2", "~3", "~4", "~5")
_STATUS = re.compile(r"status code: (\d{3})")
_REFUSALS: tuple[tuple[str, str], ...] = (
    ("RequestTimeTooSkewed", "refuses this machine's clock, which is wrong by minutes: set it right"),
    ("NoSuchBucket", "has no such bucket: create it, or correct the url under [mirror]"),
    ("InvalidAccessKeyId", "does not know AWS_ACCESS_KEY_ID: check the credentials"),
    ("SignatureDoesNotMatch", "does not accept AWS_SECRET_ACCESS_KEY: check the credentials"),
    ("ExpiredToken", "says that AWS_SESSION_TOKEN has expired: give a new one"),
    ("status code: 401", "does not accept the credentials (401): check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
    (
        "status code: 403",
        "does not allow this (403): check the credentials; they must list, read and create there",
    ),
    ("status code: 301", "lies in another region (301): correct the region under [mirror]"),
    ("No space left", "is full: make room there"),
    ("Read-only file system", "can only be read: make it writable"),
    ("Permission denied", "may not be written or read by this user: change its permissions"),
    ("Unable to canonicalize", "is not there: create it, or mount it"),
    ("error sending request", "cannot be reached: check the network and the endpoint under [mirror]"),
)


class Mirror:
    """One place off-site. Everything raises MirrorAway when it does not answer as it should, within `patience_s`.

    `whole` tells whether a stored piece is what its name says; encrypted pieces stay as they are. Nothing is ever
    changed or deleted here.
    """

    def __init__(self, place: OffSite, whole: Callable[[str, bytes], bool], patience_s: float = 20.0) -> None:
        self.where = place.where
        self._place, self._whole, self._patience_s = place, whole, patience_s
        self._opened: ObjectStore | None = None

    async def fetch(self, name: str) -> bytes | None:
        """The piece of this name as it is stored; None when no sound one is there, or the mirror is away."""
        try:
            return await self.get(piece_path(name), lambda raw: self._whole(name, raw))
        except MirrorAway:
            return None

    async def give(self, name: str, raw: bytes) -> str:
        """Puts a piece there unless a sound one is there already; the answer is that of `put`."""
        return await self.put(piece_path(name), raw, lambda found: self._whole(name, found))

    async def get(self, path: str, sound: Sound) -> bytes | None:
        """What lies at this path, or beside it, and is sound; None when there is no such thing."""
        for suffix in _SUFFIXES:
            raw = await self._read(path + suffix)
            if raw is None or sound(raw):
                return raw
        return None

    async def put(self, path: str, raw: bytes, sound: Sound) -> str:
        """Sees to it that something sound lies at this path, read back to be sure; create-only.

        What is unsound there stays as it is, and the sound one goes beside it. The answer is a sentence about that, or
        empty. Raises MirrorAway when it cannot be brought about.
        """
        for suffix in _SUFFIXES:
            there = await self._read(path + suffix)
            if there is None:
                await self._create(path + suffix, raw)
                there = await self._read(path + suffix)
            if there is not None and sound(there):
                return f"{path} on the off-site copy is damaged; a sound one lies beside it." if suffix else ""
        raise MirrorAway(
            f"The off-site copy at {self.where} does not give back what it was given ({path}). Look at it, or name "
            "another place under [mirror]."
        )

    async def paths(self, under: str) -> AsyncIterator[str]:
        """Every path under that folder, in no order; those that differ by a suffix only are one."""
        seen: set[str] = set()
        async with self._answering():
            pages = aiter(obstore.list(self._store(), under + "/"))
        while True:
            async with self._answering():
                page = await anext(pages, None)
            if page is None:
                return
            for path in (str(entry["path"]).partition("~")[0] for entry in page):
                if path not in seen:
                    seen.add(path)
                    yield path

    async def identify(self, fresh: bytes) -> bytes:
        """What makes this place recognisable: what lies there, else `fresh`, which lies there from now on."""
        there = await self._read(IDENTITY)
        if there is None:
            await self._create(IDENTITY, fresh)
            there = await self._read(IDENTITY)
        return there or b""

    async def identity(self) -> bytes | None:
        """The same without writing anything; None for a place that nothing was ever put into."""
        return await self._read(IDENTITY)

    async def trial(self, path: str, raw: bytes) -> str | None:
        """What keeps this place from being a mirror, as a sentence: it writes, reads, and tries to write over that."""
        try:
            created = await self._create(path, raw)
            if not created or await self._read(path) != raw:
                return f"The off-site copy at {self.where} does not give back what it was given."
            if await self._create(path, raw + b"!") or await self._read(path) != raw:
                return (
                    f"The off-site copy at {self.where} writes over what is there although it was asked to create only "
                    "(If-None-Match): a fault could destroy copies. Use storage that honours it."
                )
        except MirrorAway as fault:
            return fault.sentence
        return None

    async def _create(self, path: str, raw: bytes) -> bool:
        """False when something lies there already, which then stays."""
        async with self._answering():
            try:
                await obstore.put_async(self._store(), path, raw, mode="create", use_multipart=False)
            except AlreadyExistsError:
                return False
            return True

    async def _read(self, path: str) -> bytes | None:
        async with self._answering():
            try:
                answer = await obstore.get_async(self._store(), path)
            except FileNotFoundError as error:
                if "NoSuchBucket" in str(error):
                    raise
                return None
            if answer.meta["size"] > _MOST_BYTES:
                return b""
            return bytes(await answer.bytes_async())

    def _store(self) -> ObjectStore:
        if self._opened is None:
            self._opened = _opened(self._place, self._patience_s)
        return self._opened

    @asynccontextmanager
    async def _answering(self) -> AsyncIterator[None]:
        """One deadline around whatever is asked there, and one sentence for whatever goes wrong."""
        try:
            async with asyncio.timeout(self._patience_s):
                yield
        except TimeoutError:
            raise MirrorAway(f"The off-site copy at {self.where} does not answer in time.") from None
        except (BaseError, OSError, ValueError) as error:
            raise MirrorAway(f"The off-site copy at {self.where} {_reason(str(error))}.") from None


def piece_path(name: str) -> str:
    """Where the piece of this name lies: folders of two letters, the last two, since names may begin alike."""
    return f"pieces/{name[-2:]}/{name}"


def manifest_path(pool: str, taken_at: float, id: str, *, listed: bool = True) -> str:
    """Where the record of a backup lies, or of an export that a pool's next run needs; later ones sort behind."""
    return f"{'backups' if listed else CARRIED}/{pool}/{int(taken_at):012}-{id}"


def companion_path(scope: str, kind: str, taken_at: float, id: str) -> str:
    """Where the record of a copy of a companion lies."""
    return f"{BESIDE}/{scope}/{kind}/{int(taken_at):012}-{id}"


def _opened(place: OffSite, patience_s: float) -> ObjectStore:
    """Raises what obstore raises for a folder that is not there; a bucket is not asked yet."""
    if place.folder:
        return LocalStore(place.folder)
    within = timedelta(seconds=patience_s)
    return S3Store(
        place.bucket,
        prefix=place.prefix or None,
        region=place.region,
        virtual_hosted_style_request=False,
        client_options={
            "timeout": within,
            "connect_timeout": within / 4,
            "allow_http": place.endpoint.startswith("http://"),
        },
        retry_config={"max_retries": 2, "retry_timeout": within / 2},
        **{
            name: value
            for name, value in (
                ("endpoint", place.endpoint),
                ("access_key_id", place.key_id),
                ("secret_access_key", place.secret),
                ("session_token", place.token),
            )
            if value
        },
    )


def _reason(said: str) -> str:
    """What went wrong, in words; the peer's own are never shown, since nobody knows what is in them."""
    for mark, reason in _REFUSALS:
        if mark in said:
            return reason
    if status := _STATUS.search(said):
        return f"answers with an error ({status[1]})"
    return "gives an answer that makes no sense: check the endpoint under [mirror]"
