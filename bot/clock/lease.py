"""Holds a run, or a turn at a chore, for the worker that has it, however long that takes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from bot.clock.pulse import Spell, reason
from bot.clock.waiting import first_of
from bot.domain.runs.run import Run
from storage.runs import Runs


def _nothing() -> str:
    return ""


@asynccontextmanager
async def held(
    runs: Runs, run: Run, lease_s: float, clock: Callable[[], float], said: Callable[[], str] = _nothing
) -> AsyncIterator[None]:
    """Renews the worker's lease of `lease_s` seconds on the run while the work goes on, and notes what is `said`."""
    async with kept(lambda: runs.renew(run, clock(), lease_s, said()), lease_s, run.id):
        yield


@asynccontextmanager
async def kept(renew: Callable[[], Awaitable[bool]], lease_s: float, name: str) -> AsyncIterator[None]:
    """Calls `renew` three times in every `lease_s` seconds while the work goes on, until it gives False.

    The renewing is told to end, not cancelled: Python 3.11's `wait_for`, which redis-py sends with, may swallow a
    cancellation, and the lease would then be renewed for ever by a worker that waits for that to end.
    """
    over = asyncio.Event()
    task = asyncio.create_task(_renew(renew, lease_s, name, over))
    try:
        yield
    finally:
        over.set()
        await asyncio.gather(task, return_exceptions=True)


async def _renew(renew: Callable[[], Awaitable[bool]], lease_s: float, name: str, over: asyncio.Event) -> None:
    spell = Spell(f"The lease of {name}")
    while not await first_of(over, seconds=lease_s / 3):
        try:
            if not await renew():
                return
            spell.over()
        except Exception as fault:
            spell.met(reason(fault))
