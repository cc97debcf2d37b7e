"""Few threads, and an end to every wait for them."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from bot.directory.base import DirectoryAway
from bot.directory.threads import Threads
from tests.patience import PATIENCE_S


async def test_what_goes_wrong_in_a_thread_is_told_to_whoever_asked() -> None:
    threads = Threads(1, PATIENCE_S)
    with pytest.raises(ZeroDivisionError):
        await threads.run(lambda: 1 // 0)
    assert await threads.run(lambda: 7) == 7
    threads.close()


async def test_a_thread_that_hangs_is_left_behind_and_stays_taken() -> None:
    """As it does when a name service says nothing."""
    threads, over = Threads(1, 0.05), threading.Event()
    with pytest.raises(DirectoryAway, match="did not answer in time, or the name service"):
        await threads.run(over.wait, time.monotonic() + 0.05)
    with pytest.raises(DirectoryAway, match="this one was not asked"):
        await threads.run(lambda: 7)
    over.set()
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                assert await threads.run(lambda: 7) == 7
                break
            except DirectoryAway:
                continue
    threads.close()
