"""The log that an embedded server keeps in its folder: whether all of it is there, and where its last whole entry ends.

A power cut may leave zero bytes, rubbish or half an entry behind the last whole one. None of that was confirmed.
"""

from __future__ import annotations

import mmap
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.domain.errors import Damaged

_NAMED = re.compile(r"file (\S+) seq (\d+) type ([bih])(?: .*)?")
_PART = re.compile(r"appendonly\.aof\.(\d+)\.(base\.(?:rdb|aof)|incr\.aof)")
_ENTRY = re.compile(rb"\*[1-9]\d{0,6}\r\n\$\d")
_BEGINS, _ENDS = b"*1\r\n$5\r\nMULTI\r\n", b"*1\r\n$4\r\nEXEC\r\n"
_LONGEST_NUMBER = 16

Bytes = bytes | mmap.mmap


@dataclass(frozen=True, slots=True)
class Tail:
    """What was cut off the log: so many bytes, and the file that has them now."""

    size: int
    kept: Path


def lost(folder: Path) -> str:
    """What of the log is gone, as the end of a sentence; empty when nothing is, or when there never was one."""
    log = folder / "appendonlydir"
    if not _manifest(log).is_file():
        return "the manifest of its log is gone" if _parts(log) else ""
    named = _named(log)
    if not named:
        return "the manifest of its log says nothing that can be understood"
    return next((f"{name} is gone" for name in named if not (log / name).is_file()), "")


def rebuild(folder: Path) -> None:
    """Writes a manifest of what is there; the one that was there, if any, stays beside it."""
    log = folder / "appendonlydir"
    parts = [(int(found[1]), name) for name in _parts(log) if (found := _PART.fullmatch(name))]
    bases = sorted(part for part in parts if ".base." in part[1])
    logs = sorted(part for part in parts if ".incr." in part[1])
    # Two bases: the older one and its log were about to be deleted, and must not be played again.
    logs = logs[-1:] if len(bases) > 1 else logs
    rows = [(*part, "b") for part in bases[-1:]] + [(*part, "i") for part in logs]
    if _manifest(log).exists():
        _manifest(log).rename(_free(log / "manifest.replaced"))
    if rows:
        text = "".join(f"file {name} seq {number} type {kind}\n" for number, name, kind in rows)
        written(_manifest(log), text.encode())


def cut(folder: Path, *, anyway: bool = False) -> Tail | None:
    """Cuts off what lies behind the last whole entry, and keeps a copy of it; None when there is nothing behind it.

    Whole entries behind the damage were confirmed: raises Damaged then, unless it is to be done `anyway`.
    """
    log = folder / "appendonlydir"
    last = next((log / name for name in reversed(_named(log)) if ".incr." in name), None)
    if last is None or not last.is_file() or not last.stat().st_size:
        return None
    with last.open("r+b") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        end, broken = whole_until(data)
        if end == len(data):
            return None
        if not anyway and any(_entry(data, found.start()) for found in _ENTRY.finditer(data, broken + 1)):
            raise Damaged(f"{last.name} is damaged in its midst, at byte {broken}: what follows was confirmed.")
        tail = data[end:]
        kept = _free(folder / f"cut-off.{last.name}.{end}")
        written(kept, tail)
    os.truncate(last, end)
    _synced(last)
    return Tail(len(tail), kept)


def whole_until(data: Bytes) -> tuple[int, int]:
    """Where the last whole entry ends, and where reading stopped; half a transaction is no whole entry."""
    at, begun = 0, -1
    while (after := _entry(data, at)) is not None:
        if data[at:after] == _BEGINS:
            begun = at
        elif data[at:after] == _ENDS:
            begun = -1
        at = after
    return (at if begun < 0 else begun), at


def written(path: Path, data: bytes) -> None:
    """All of it is on the disk when this returns, or what was there before."""
    fresh = path.with_name(f"{path.name}.new")
    with fresh.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    _synced(path.parent)


def _entry(data: Bytes, at: int) -> int | None:
    """Where the entry ends that begins here; None when it is not whole."""
    if data[at : at + 1] == b"#":
        ends = data.find(b"\r\n", at)
        return ends + 2 if ends >= 0 else None
    many, at = _number(data, at, b"*")
    for _ in range(many):
        size, begins = _number(data, at, b"$")
        if size < 0 or data[begins + size : begins + size + 2] != b"\r\n":
            return None
        at = begins + size + 2
    return at if many > 0 else None


def _number(data: Bytes, at: int, mark: bytes) -> tuple[int, int]:
    """The number behind this mark, and where its line ends; -1 when there is none."""
    ends = data.find(b"\r\n", at, at + _LONGEST_NUMBER)
    digits = data[at + 1 : ends] if ends > at else b""
    return (int(digits), ends + 2) if data[at : at + 1] == mark and digits.isdigit() else (-1, at)


def _manifest(log: Path) -> Path:
    return log / "appendonly.aof.manifest"


def _parts(log: Path) -> Sequence[str]:
    return sorted(path.name for path in log.glob("appendonly.aof.*") if _PART.fullmatch(path.name))


def _named(log: Path) -> Sequence[str]:
    """The files of the log that its manifest names, in order; none when it cannot be understood."""
    try:
        lines = _manifest(log).read_text("ascii").splitlines()
    except (OSError, ValueError):
        return ()
    found = [_NAMED.fullmatch(line) for line in lines if not line.startswith("#")]
    return [row[1] for row in found if row and row[3] != "h"] if all(found) else ()


def _free(path: Path) -> Path:
    """This path, or the first one beside it at which nothing lies."""
    number, found = 1, path
    while found.exists():
        number, found = number + 1, path.with_name(f"{path.name}.{number}")
    return found


def _synced(path: Path) -> None:
    place = os.open(path, os.O_RDONLY)
    try:
        os.fsync(place)
    finally:
        os.close(place)
