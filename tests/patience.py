"""How long a test waits for what it means to see: for a bad day, since waiting ends as soon as it is there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

PATIENCE_S = 30.0


async def until(
    holds: Callable[[], Awaitable[object]],
    otherwise: str = "it never comes to that",
    seen: object = None,
    patience_s: float = PATIENCE_S,
) -> None:
    """As soon as it holds; AssertionError when it does not within so many seconds."""
    ends = time.monotonic() + patience_s
    while not await holds():
        assert time.monotonic() < ends, f"{otherwise}: {seen}"
        await asyncio.sleep(0.005)
