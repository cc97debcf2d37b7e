"""Asks in threads, of which there are few: whoever finds none free in time is told no."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from bot.directory.base import DirectoryAway

Answered = TypeVar("Answered")


class Threads:
    """So many `count` at most; one that has been given up goes on, and is free again only when it has ended."""

    def __init__(self, count: int, patience_s: float) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="directory")
        self._free, self._patience_s = asyncio.Semaphore(count), patience_s

    async def run(self, work: Callable[[], Answered], ends: float = math.inf) -> Answered:
        """What the work gives. Raises DirectoryAway when no thread is free for so many seconds.

        And when it takes longer than until `ends` (of `time.monotonic`): a name service that does not answer cannot be
        given a time.
        """
        try:
            async with asyncio.timeout(self._patience_s):
                await self._free.acquire()
        except TimeoutError:
            raise DirectoryAway(
                "Too many questions to the directory are still waiting for their answers, so this one was not asked."
            ) from None
        asked = asyncio.get_running_loop().run_in_executor(self._pool, work)
        asked.add_done_callback(self._ended)
        ended, _ = await asyncio.wait([asked], timeout=None if ends == math.inf else ends - time.monotonic())
        if not ended:
            raise DirectoryAway("The directory did not answer in time, or the name service that knows where it is.")
        return asked.result()

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _ended(self, asked: asyncio.Future[Answered]) -> None:
        self._free.release()
        if not asked.cancelled():
            # Whoever asked may have gone; then nobody else looks at what went wrong.
            asked.exception()
