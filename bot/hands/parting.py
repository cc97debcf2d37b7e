"""Whatever is thought about, as chunks of bytes and back, in steps so short that no click waits for one."""

from __future__ import annotations

import copyreg
import pickle
import struct
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import replace
from io import BytesIO
from types import MappingProxyType
from typing import Any, BinaryIO

from bot.domain.groups.groups import Audio, Inventory, Ref, RgsObject
from bot.domain.runs.runbook import Runbook

SLICE = 20
"""So many objects are a tenth of a millisecond's work."""

Part = bytes | Inventory | list[Any]
"""What is large: it goes apart from what holds it."""

Place = tuple[str, str, str]
"""Where a function stands in a row: the runbook's key, the row's, and the name of the field."""

_THOUGHT = ("plan", "judge", "stands", "found")
_LONG_BYTES = 1 << 16
_PROTOCOL = 5
_LENGTH = struct.Struct("!Q")


class Unforeseen(Exception):
    """Something went wrong in the other process that is no sentence for people; says of what kind."""


def places(runbooks: Mapping[str, Runbook]) -> dict[Callable[..., Any], Place]:
    """Every function that rows think with: many have no name by which another process could find them."""
    rows = ((key, step) for key, book in runbooks.items() for step in book.steps)
    return {work: (key, step.key, name) for key, step in rows for name in _THOUGHT if (work := getattr(step, name))}


def encoded(value: Any, known: Mapping[Callable[..., Any], Place]) -> Generator[bytes, None, None]:
    """The chunks, a short step each; functions are sent by their names, or as the `known` places that they have.

    Raises what pickle raises for what cannot be sent.
    """
    head = BytesIO()
    pickler = _Apart(head, known)
    pickler.dump(value)
    yield pickle.dumps([_count(part) for part in pickler.parts], _PROTOCOL)
    yield head.getvalue()
    for part in pickler.parts:
        if isinstance(part, bytes):
            yield part
            continue
        many = _many(part)
        yield _pickled(replace(part, objects=()) if isinstance(part, Inventory) else None)
        for at in range(0, len(many), SLICE):
            yield _pickled(many[at : at + SLICE])


def decoded(chunks: Sequence[bytes], runbooks: Mapping[str, Runbook]) -> Generator[None, None, Any]:
    """Returns what was encoded, after a short step for each chunk."""
    left = iter(chunks)
    counts, head = pickle.loads(next(left)), next(left)
    parts: list[Part] = []
    for count in counts:
        part: Part = next(left)
        if count is not None:
            many: list[Any] = []
            frame: Inventory | None = pickle.loads(part)
            for _ in range(count):
                many += pickle.loads(next(left))
                yield
            part = many if frame is None else replace(frame, objects=tuple(many))
        parts.append(part)
        yield
    return _Together(BytesIO(head), parts, runbooks).load()


def put(stream: BinaryIO, chunks: Sequence[bytes]) -> None:
    """Writes the chunks of one value into a pipe."""
    stream.write(_LENGTH.pack(len(chunks)))
    for chunk in chunks:
        stream.write(_LENGTH.pack(len(chunk)))
        stream.write(chunk)
    stream.flush()


def taken(stream: BinaryIO) -> list[bytes]:
    """The chunks of the next value in a pipe. Raises EOFError when the other end is gone."""
    return [_exactly(stream, _number(stream)) for _ in range(_number(stream))]


def _number(stream: BinaryIO) -> int:
    return _LENGTH.unpack(_exactly(stream, _LENGTH.size))[0]


def _exactly(stream: BinaryIO, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError("the other end of the pipe is gone")
    return data


def _is_large(one: Any) -> bool:
    match one:
        case bytes():
            return len(one) > _LONG_BYTES
        case list():
            return len(one) > SLICE
    return isinstance(one, Inventory)


def _many(part: Inventory | list[Any]) -> Sequence[Any]:
    return part.objects if isinstance(part, Inventory) else part


def _count(part: Part) -> int | None:
    """In how many slices the objects of an inventory, or the items of a list, follow."""
    return None if isinstance(part, bytes) else -(-len(_many(part)) // SLICE)


class _Apart(pickle.Pickler):
    """Leaves out what is large, for `parts`, and functions that have a place."""

    def __init__(self, head: BytesIO, known: Mapping[Callable[..., Any], Place]) -> None:
        super().__init__(head, _PROTOCOL)
        self.dispatch_table = _REDUCED
        self.parts: list[Part] = []
        self._known = known

    def persistent_id(self, one: Any) -> int | Place | None:
        if _is_large(one):
            self.parts.append(one)
            return len(self.parts) - 1
        return self._known.get(one) if callable(one) and not isinstance(one, type) else None


class _Together(pickle.Unpickler):
    def __init__(self, head: BytesIO, parts: Sequence[Part], runbooks: Mapping[str, Runbook]) -> None:
        super().__init__(head)
        self._parts, self._runbooks = parts, runbooks

    def persistent_load(self, id: int | Place) -> Any:
        if isinstance(id, int):
            return self._parts[id]
        book, row, name = id
        return getattr(self._runbooks[book].step(row), name)


def _pickled(value: Any) -> bytes:
    out = BytesIO()
    pickler = pickle.Pickler(out, _PROTOCOL)
    pickler.dispatch_table = _REDUCED
    pickler.dump(value)
    return out.getvalue()


def _frozen(items: dict[str, Any]) -> Mapping[str, Any]:
    return MappingProxyType(items)


# pickle knows no read-only mapping, and takes four times as long for frozen values with slots when left to itself.
_REDUCED: dict[type, Callable[[Any], tuple[Any, ...]]] = {
    **copyreg.dispatch_table,
    MappingProxyType: lambda one: (_frozen, (one.copy(),)),
    Ref: lambda one: (Ref, (one.pool, one.guid)),
    Audio: lambda one: (Audio, (one.unique_name, one.original_name)),
    RgsObject: lambda one: (RgsObject, (one.kind, one.identity, one.name, one.owner, one.properties)),
}
