"""Every record begins with the version that wrote it: what 0.1 wrote is read, what a newer one wrote is left alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, Generic, Literal, TypeVar

import msgspec

from bot.domain.errors import Damaged, Newer, Unreadable

T = TypeVar("T")

VERSION = 2
"""What this process writes. 0.1 wrote records without a version, and they count as 1."""

_OURS = b'{"v":%d,' % VERSION
_JSON = re.compile(rb'\{"v":(\d{1,9})\b')
_PACKED = b"\xa1v"
"""The key "v" in MessagePack, right behind the byte that says how many keys there are (fewer than 16)."""


def newer(called: str) -> Newer:
    return Newer(
        f"{called} was written by a newer Switchback than this process, which leaves it as it is. Use the newer one."
    )


def unreadable(called: str) -> Unreadable:
    return Unreadable(f"{called} cannot be read: what Redis keeps there is damaged. It was left as it is.")


def is_newer(data: bytes | None) -> bool:
    """Whether a newer version wrote these bytes of a record in JSON."""
    found = _JSON.match(data) if data else None
    return found is not None and int(found[1]) > VERSION


def is_unreadable(codec: Codec[Any], data: bytes | None) -> bool:
    """Whether these bytes are there and nobody can read them, whatever the version."""
    try:
        _ = codec.decode(data, "") if data else None
    except Unreadable:
        return True
    except Newer:
        return False
    return False


class Codec(Generic[T]):
    """Records of one kind in JSON. `upgrade` makes what 0.1 wrote into what is written now; both are plain data.

    With an `order` equal values are equal bytes.
    """

    def __init__(
        self,
        kind: type[T],
        upgrade: Callable[[Any], Any] = lambda data: data,
        order: Literal["deterministic"] | None = None,
    ) -> None:
        self._decoder, self._upgrade = msgspec.json.Decoder(kind), upgrade
        self._encoder = msgspec.json.Encoder(order=order)

    def encode(self, value: T) -> bytes:
        return _OURS + self._encoder.encode(value)[1:]

    def decode(self, data: bytes, called: str) -> T:
        """Raises Newer or Unreadable, which call the record as it is `called`."""
        if is_newer(data):
            raise newer(called)
        try:
            if data.startswith(_OURS):
                return self._decoder.decode(data)
            return self._decoder.decode(msgspec.json.encode(self._upgrade(msgspec.json.decode(data))))
        except (msgspec.MsgspecError, UnicodeDecodeError, AttributeError, LookupError, TypeError):
            # What 0.1 wrote is made into ours by code that takes it for sound.
            raise unreadable(called) from None

    def those(self, stored: Iterable[bytes | None]) -> Iterator[T]:
        """The same for many; what is not there, newer or unreadable is passed over."""
        for data in stored:
            with suppress(Damaged):
                if data:
                    yield self.decode(data, "")


def packed(body: bytes) -> bytes:
    """A record in MessagePack (a map of fewer than 15 keys) with its version in front."""
    return bytes([body[0] + 1]) + _PACKED + bytes([VERSION]) + body[1:]


def readable(body: bytes, called: str) -> bytes:
    """A record in MessagePack as it is. Raises Newer, which calls it as it is `called`."""
    if body[1:3] == _PACKED and body[3] > VERSION:
        raise newer(called)
    return body
