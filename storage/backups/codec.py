"""What is stored of a backup: its record, and the pieces that its export, layout and fingerprints are cut into."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from bot.domain.backups.backup import Backup
from storage import versions
from storage.vault.cutting import cut
from storage.vault.pieces import Piece, piece_of, pieces_of
from storage.vault.sealing import Keyring
from storage.worlds.rows import plain, value


class BackupRecord(msgspec.Struct, frozen=True):
    """What is stored under a backup's id: itself, and where its parts lie. Each part is a list of pieces.

    `layout` is the list of all pieces of contents, itself kept as pieces, so that a record stays small.
    """

    backup: Backup
    headers: tuple[Piece, ...]
    layout: tuple[Piece, ...]
    fingerprints: tuple[Piece, ...]

    @property
    def own(self) -> tuple[Piece, ...]:
        """The pieces that it names itself; those of contents are named by its layout."""
        return (*self.headers, *self.layout, *self.fingerprints)


@dataclass(frozen=True, slots=True)
class Parcel:
    """A backup ready to be sent: its record, and the plain bytes of each piece once, by its name."""

    record: BackupRecord
    views: Mapping[str, memoryview]


def parcel_of(keyring: Keyring, backup: Backup, data: bytes, fingerprints: Mapping[str, str]) -> Parcel:
    """Nothing of `data` is copied but the headers of its members."""
    pieces: dict[Piece, memoryview] = {}

    def put(part: bytes) -> tuple[Piece, ...]:
        found = tuple(pieces_of(part))
        pieces.update(found)
        return tuple(piece for piece, _ in found)

    headers, slices = cut(data)
    whole, contents = memoryview(data), []
    for slice in slices:
        view = whole[slice.start : slice.stop]
        piece = piece_of(view)
        pieces.setdefault(piece, view)
        contents.append(msgspec.structs.replace(piece, before=slice.before))
    layout = put(msgspec.msgpack.encode(contents))
    packed = put(zlib.compress(msgspec.msgpack.encode(dict(fingerprints))))
    record = BackupRecord(backup, put(headers), layout, packed)
    return Parcel(record, {keyring.name(piece.sha256, keyring.writes): view for piece, view in pieces.items()})


def encoded(record: BackupRecord) -> bytes:
    settings = plain(record.backup.settings)
    plainly = msgspec.structs.replace(record, backup=replace(record.backup, settings=settings))
    return versions.packed(msgspec.msgpack.encode(plainly))


def decoded(body: bytes, called: str) -> BackupRecord:
    """Raises Newer, which calls the record as it is `called`."""
    record = msgspec.msgpack.decode(versions.readable(body, called), type=BackupRecord)
    settings: Any = value(record.backup.settings)
    return msgspec.structs.replace(record, backup=replace(record.backup, settings=settings))


def layout_of(data: bytes) -> tuple[Piece, ...]:
    """The pieces of contents, in order."""
    return msgspec.msgpack.decode(data, type=tuple[Piece, ...])


def fingerprints_of(data: bytes) -> Mapping[str, str]:
    return msgspec.msgpack.decode(zlib.decompress(data), type=dict[str, str])


def sha256_of(data: bytes | memoryview) -> str:
    return hashlib.sha256(data).hexdigest()
