"""How long the door may take: as long as it likes in tests of other things, and what Slack allows where it counts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import pytest

from bot.sandbox.delivery import ACK_SECONDS
from handlers import listeners
from tests.patience import PATIENCE_S

LIMITS = (
    "handlers.listeners.WORK_S",
    "handlers.listeners.REPLY_S",
    "handlers.slack.ingress.DEADLINE_S",
    "handlers.backups.backups._LOOK_S",
    "handlers.slack.readers.ANSWER_S",
)
ACKED_S = 3 * PATIENCE_S
"""How long the stand-in then waits: for the work, its answer, and what is between."""

_WORK_S, _TICK_S = listeners.WORK_S, 0.01


@contextmanager
def unhurried() -> Iterator[None]:
    """Fifty clicks at once on a busy machine are no reason to give up."""
    with pytest.MonkeyPatch.context() as patch:
        for limit in LIMITS:
            patch.setattr(limit, PATIENCE_S)
        yield


@asynccontextmanager
async def in_time() -> AsyncIterator[None]:
    """What is asked within has to be answered before Slack gives up, apart from what this machine was late by."""
    loop, late = asyncio.get_running_loop(), 0.0

    async def watch() -> None:
        nonlocal late
        while True:
            due = loop.time() + _TICK_S
            await asyncio.sleep(_TICK_S)
            late += max(loop.time() - due - _TICK_S / 2, 0.0)

    watching, began = asyncio.create_task(watch()), loop.time()
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(listeners, "WORK_S", _WORK_S)
            yield
        assert loop.time() - began < ACK_SECONDS + late
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
