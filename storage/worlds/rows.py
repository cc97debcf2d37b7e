"""Rows of cmdlets as plain data and back, so that references, audio files and tuples come out as they went in."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec.msgpack import Ext

from bot.domain.groups.groups import Audio, Ref, Value

_REF, _AUDIO = 1, 2


def plain(value: Value) -> Any:
    """What MessagePack can hold, for any value of a row."""
    match value:
        case Ref(pool=pool, guid=guid):
            return Ext(_REF, msgspec.msgpack.encode((pool, guid)))
        case Audio(unique_name=unique, original_name=original):
            return Ext(_AUDIO, msgspec.msgpack.encode((unique, original)))
        case tuple() | list():
            return [plain(item) for item in value]
        case Mapping():
            return {key: plain(item) for key, item in value.items()}
    return value


def value(data: Any) -> Value:
    """What `plain` was given; collections come back frozen."""
    match data:
        case Ext(code=code):
            return (Ref if code == _REF else Audio)(*msgspec.msgpack.decode(data.data))
        case list():
            return tuple(value(item) for item in data)
        case dict():
            return MappingProxyType({key: value(item) for key, item in data.items()})
    return data
