"""The kept store of version 0.1: a failover that waits for an approval, and every other kind of record around it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

KEPT = Path(__file__).parent / "data" / "records-0.1" / "store.json"


@cache
def kept() -> Mapping[str, Any]:
    """As it was written down while 0.1 ran: its `keys`, the `card` as it was posted, and its `state` off-site."""
    return json.loads(KEPT.read_text("utf-8"))


def raw(value: Any) -> bytes:
    return base64.b64decode(value["b64"]) if isinstance(value, Mapping) else value.encode()


def key_of(start: str) -> str:
    """The first kept key that begins so."""
    return next(key for key in kept()["keys"] if key.startswith(start))


async def put(redis: Redis) -> None:
    """Fills an empty Redis with it."""
    for key, held in kept()["keys"].items():
        value = held["value"]
        match held["type"]:
            case "string":
                await redis.set(key, raw(value))
            case "hash":
                await redis.hset(key, mapping={raw(field): raw(one) for field, one in value})
            case "zset":
                await redis.zadd(key, {raw(member): score for member, score in value})
            case "set":
                await redis.sadd(key, *map(raw, value))
            case "stream":
                for id, fields in value:
                    await redis.xadd(key, {raw(field): raw(one) for field, one in fields}, id=id)
