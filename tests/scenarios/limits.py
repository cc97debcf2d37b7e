"""How long the door may take, and how long the bot waits in between: what suits a test that is not about it."""

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

PAUSES = {
    "bot.clock.pulse._LONGEST_S": 0.05,
    "handlers.drawer.EDIT_S": 0.05,
    "handlers.drawer._HOMES_S": 0.05,
    "handlers.drawer._LONGEST_S": 0.05,
    "handlers.drawer._REFUSED_S": 0.05,
    "handlers.home._AGAIN_S": 0.05,
    "handlers.slack.joining.ASK_S": 0.05,
    "handlers.slack.pace.POST_S": 0.02,
    "handlers.slack.presence.REMEMBERED_S": 0.05,
    "handlers.slack.readers.AGAIN_S": 0.05,
    "handlers.slack.speech.AGAIN_S": 0.05,
}
"""Between two tries, two edits of a card, and two messages in one channel."""

_WORK_S, _TICK_S = listeners.WORK_S, 0.01


@contextmanager
def unhurried() -> Iterator[None]:
    """Fifty clicks at once on a busy machine are no reason to give up."""
    with pytest.MonkeyPatch.context() as patch:
        for limit in LIMITS:
            patch.setattr(limit, PATIENCE_S)
        yield


@contextmanager
def hurried() -> Iterator[None]:
    """Whoever begins a spell of trouble a hundred times cannot wait as long as a bot does."""
    with pytest.MonkeyPatch.context() as patch:
        for pause, seconds in PAUSES.items():
            patch.setattr(pause, seconds)
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
