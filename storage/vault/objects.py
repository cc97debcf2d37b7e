"""A folder or a bucket as obstore reaches it: three calls, one deadline, and one sentence for whatever goes wrong."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, ObjectStore, S3Store

from bot.domain.backups.offsite import OffSite
from bot.domain.errors import MirrorAway

_MOST_BYTES = 64 << 20
_PAUSES_S = (0.1, 0.2, 0.4, 0.8)
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
    (
        "status code: 501",
        "cannot create without writing over, or take a checksum (501): use storage that honours If-None-Match, such as "
        "Amazon S3 or MinIO, or a folder",
    ),
    ("status code: 301", "lies in another region (301): correct the region under [mirror]"),
    ("No space left", "is full: make room there"),
    ("Read-only file system", "can only be read: make it writable"),
    ("Permission denied", "may not be written or read by this user: change its permissions"),
    ("Unable to canonicalize", "is not there: create it, or mount it"),
    ("error sending request", "cannot be reached: check the network and the endpoint under [mirror]"),
)


class Objects:
    """What lies at one place. Everything raises MirrorAway when it does not answer well within `patience_s` seconds."""

    def __init__(self, place: OffSite, patience_s: float) -> None:
        self._place, self._patience_s = place, patience_s
        self._opened: ObjectStore | None = None

    async def paths(self, under: str) -> AsyncIterator[str]:
        """Every path under that folder, in no order."""
        async with self._answering():
            pages = aiter(obstore.list(self._store(), under + "/"))
        while True:
            async with self._answering():
                page = await anext(pages, None)
            if page is None:
                return
            for entry in page:
                yield str(entry["path"])

    async def create(self, path: str, raw: bytes) -> bool:
        """False when something lies there already, which then stays."""
        for pause_s in _PAUSES_S:
            async with self._answering():
                if (created := await self._created(path, raw)) is not None:
                    return created
            await asyncio.sleep(pause_s)
        raise MirrorAway(
            f"The off-site copy at {self._place.where} is busy with {path} (409): it is tried again later."
        )

    async def _created(self, path: str, raw: bytes) -> bool | None:
        """None when the storage was busy with that path, which says nothing about what lies there."""
        try:
            await obstore.put_async(self._store(), path, raw, mode="create", use_multipart=False)
        except AlreadyExistsError as error:
            said = _STATUS.search(str(error))
            return None if said and said[1] == "409" else False
        return True

    async def read(self, path: str) -> bytes | None:
        """What lies there; None when nothing does, and no bytes when it is larger than anything that is put there."""
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
            raise MirrorAway(f"The off-site copy at {self._place.where} does not answer in time.") from None
        except (BaseError, OSError, ValueError) as error:
            raise MirrorAway(f"The off-site copy at {self._place.where} {_reason(str(error))}.") from None


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
        # A bucket with object lock takes nothing without one, and no other minds it.
        checksum_algorithm="SHA256",
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
