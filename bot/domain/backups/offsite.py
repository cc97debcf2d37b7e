"""Where copies go that outlive this Redis, as a value, and what has to be remembered there beside the backups."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from bot.domain.backups.schedule import Override
from bot.domain.measures import aged, numbered
from bot.domain.model import PoolRecord

_ADDRESS = re.compile(r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(?P<prefix>[\w!.*'()/-]*))?")
_ENDPOINT = re.compile(r"(?P<scheme>https?)://(?P<host>\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+)(?::\d{1,5})?/?")
_HERE = ("127.0.0.1", "localhost")

NONE = (
    "There is no off-site copy: backups lie in Redis only, so what takes that machine takes them all. "
    "Name a folder or a bucket under [mirror] in the configuration file."
)
"""The standing warning of a Switchback without a mirror."""


@dataclass(frozen=True, slots=True)
class OffSite:
    """A folder, or a bucket with a prefix at an S3 endpoint (empty: Amazon's); credentials never show."""

    folder: str = ""
    bucket: str = ""
    prefix: str = ""
    endpoint: str = ""
    region: str = "us-east-1"
    key_id: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    token: str = field(default="", repr=False)

    @property
    def where(self) -> str:
        """The place in words: two of the same words are the same place."""
        if self.folder:
            return self.folder
        return "/".join(part for part in (f"s3://{self.bucket}", self.prefix) if part) + (
            f" at {self.endpoint}" if self.endpoint else ""
        )


@dataclass(frozen=True, slots=True)
class RestoreState:
    """What a restore needs beside the backups: where pools stand, changed schedules, and who keeps which backup.

    `schedules` is by pool, `pins` and `shrunk` by the backup's id.
    """

    pools: tuple[PoolRecord, ...] = ()
    schedules: Mapping[str, Override] = field(default_factory=dict)
    pins: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    shrunk: Mapping[str, str] = field(default_factory=dict)


def off_site(said: Mapping[str, str | None], key_id: str = "", secret: str = "", token: str = "") -> OffSite | None:
    """The place that the keys of `[mirror]` name; None when they name none."""
    if said.get("folder"):
        return OffSite(folder=said["folder"] or "")
    address = _ADDRESS.fullmatch(said.get("url") or "")
    if address is None:
        return None
    prefix = (address["prefix"] or "").strip("/")
    endpoint, region = (said.get("endpoint") or "").rstrip("/"), said.get("region") or "us-east-1"
    return OffSite("", address["bucket"], prefix, endpoint, region, key_id, secret, token)


def faults(said: Mapping[str, str | None]) -> Iterator[tuple[str, str]]:
    """What is wrong with the keys of `[mirror]`: the key, and a sentence. No keys at all: there is no such table."""
    folder, url, endpoint = (said.get(name) or "" for name in ("folder", "url", "endpoint"))
    if said and not folder and not url:
        yield "folder", "name a folder or a url, or leave [mirror] out."
    if folder and url:
        yield "url", "name a folder or a url, not both."
    if folder and not folder.startswith("/"):
        yield "folder", f"must be a full path such as “/mnt/offsite”, not “{folder[:80]}”."
    if url and not _ADDRESS.fullmatch(url):
        yield "url", f"must be a bucket such as “s3://bucket/prefix”, not “{url[:80]}”."
    if not url:
        yield from ((name, "belongs to a url, not to a folder.") for name in ("endpoint", "region") if said.get(name))
    if endpoint and not (found := _ENDPOINT.fullmatch(endpoint)):
        yield "endpoint", f"must be an address such as “https://s3.contoso.com”, not “{endpoint[:80]}”."
    elif endpoint and found["scheme"] == "http" and found["host"] not in _HERE:
        yield "endpoint", "must begin with https:// (or http://127.0.0.1): backups travel there."


def carried(records: Iterable[PoolRecord]) -> tuple[str, ...]:
    """Every word that runs left for the next ones: ids of exports are among them, listed as backups or not."""

    def words(value: object) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, Mapping):
            for part in value.values():
                yield from words(part)

    return tuple(sorted({word for record in records for word in words(record.carry) if word}))


def told(place: OffSite | None, waiting: int, oldest: float | None, now: float, fault: str = "") -> str:
    """How the off-site copy stands, for people; `oldest` is when the oldest of the `waiting` backups was taken.

    `fault` is why the place cannot be used now, as a sentence: then nothing there counts as complete.
    """
    if place is None:
        return NONE
    if oldest is None:
        return f"Off-site copy: {fault or f'complete, at {place.where}.'}"
    backups = numbered(waiting, "backup waits", "backups wait")
    said = f"Off-site copy: {backups} for it at {place.where}, the oldest for {aged(now - oldest)}."
    return f"{said} {fault}" if fault else said
