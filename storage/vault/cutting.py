"""How an export is cut into pieces that stay the same from day to day (facts: platform §8)."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass

PIECE_BYTES = 1 << 20
"""No piece is longer: one value of 200 MB would freeze every other client for a second."""

_SMALL_BYTES = 256
_LOCAL_HEADER = struct.Struct("<4s22xHH")


@dataclass(frozen=True, slots=True)
class Slice:
    """One piece of a file: `data[start:stop]`, after the next `before` bytes of its headers."""

    before: int
    start: int
    stop: int


def cut(data: bytes) -> tuple[bytes, tuple[Slice, ...]]:
    """The headers of a zip joined together, and its members' data as slices of at most PIECE_BYTES.

    Time stamps change with every export and audio does not: apart, the audio is stored once. Whatever is not the data
    of a member counts as header, so putting the two together again gives the file byte for byte. A file that is no
    clean zip is one run of slices without headers.
    """
    view = memoryview(data)
    headers: list[memoryview] = []
    slices: list[Slice] = []
    end = 0
    spans = member_spans(data)
    for start, stop in [(0, len(data))] if spans is None else spans:
        before = start - end
        headers.append(view[end:start])
        for at in range(start, stop, PIECE_BYTES):
            slices.append(Slice(before, at, min(at + PIECE_BYTES, stop)))
            before = 0
        end = stop
    headers.append(view[end:])
    return b"".join(headers), tuple(slices)


def member_spans(data: bytes) -> list[tuple[int, int]] | None:
    """Where the stored bytes of each member lie, in order; None when the file is no clean zip.

    Members of a few bytes are left to the headers: a piece of their own would cost more than they do.
    """
    try:
        return [span for span in _spans(data) if span[1] - span[0] > _SMALL_BYTES]
    except Exception:
        # zipfile raises whatever a stranger's bytes provoke; such a file is kept all the same, only less cleverly.
        return None


def _spans(data: bytes) -> Iterator[tuple[int, int]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = sorted(archive.infolist(), key=lambda member: member.header_offset)
        end, limit = 0, archive.start_dir
    for member in members:
        signature, name, extra = _LOCAL_HEADER.unpack_from(data, member.header_offset)
        start = member.header_offset + _LOCAL_HEADER.size + name + extra
        stop = start + member.compress_size
        if signature != b"PK\x03\x04" or member.header_offset < end or stop > limit:
            raise zipfile.BadZipFile("members overlap or leave the file")
        yield start, stop
        end = stop
