"""Waits for the first of several things to come, and for no longer than so many seconds."""

from __future__ import annotations

import asyncio


async def first_of(*awaited: asyncio.Event | asyncio.Future[None], seconds: float | None = None) -> bool:
    """Until one of them is set, or done, well or not; whether that came in time. A future is left as it is."""
    waits = [asyncio.ensure_future(one.wait()) if isinstance(one, asyncio.Event) else one for one in awaited]
    try:
        done, _ = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return bool(done)
    finally:
        for one, wait in zip(awaited, waits, strict=True):
            if wait is not one:
                wait.cancel()
