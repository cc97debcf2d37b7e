"""Holds a run for the worker that has it, however long its commands take."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from bot.domain.errors import StoreAway
from bot.domain.run import Run
from storage.runs import Runs

log = logging.getLogger(__name__)


@asynccontextmanager
async def held(runs: Runs, run: Run, lease_s: float, clock: Callable[[], float]) -> AsyncIterator[None]:
    """Renews the lease of `lease_s` seconds while the work goes on.

    The renewing is told to end, not cancelled: Python 3.11's `wait_for`, which redis-py sends with, may swallow a
    cancellation, and the lease would then be renewed for ever by a worker that waits for that to end.
    """
    over = asyncio.Event()
    task = asyncio.create_task(_renew(runs, run, lease_s, clock, over))
    try:
        yield
    finally:
        over.set()
        await asyncio.gather(task, return_exceptions=True)


async def _renew(runs: Runs, run: Run, lease_s: float, clock: Callable[[], float], over: asyncio.Event) -> None:
    while not await _set_within(over, lease_s / 3):
        try:
            if not await runs.renew(run, clock() + lease_s):
                return
        except StoreAway as error:
            log.warning("The lease of %s could not be renewed: %s", run.id, error.sentence)


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()
