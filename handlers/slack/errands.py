"""Work that goes on after its acknowledgement: held while it lasts, and whoever asked is told when it fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bot.domain.errors import BadInput
from handlers.slack import failures

log = logging.getLogger(__name__)

AT_ONCE = 2
"""So many are at work together: each may hold two whole exports in memory."""

MOST = 20
TELL_S = 5.0
BUSY = "Switchback has its hands full with what others asked for. Nothing was changed. Ask again in a minute."
STOPPED = "Switchback was stopped before this was done. Nothing was changed. Ask again in a minute."

Work = Callable[[], Awaitable[None]]
Tell = Callable[[str], Awaitable[object]]


class Errands:
    """The only place that starts work in the background on a person's behalf."""

    def __init__(self) -> None:
        self._under_way: set[asyncio.Task[None]] = set()
        self._hands = asyncio.Semaphore(AT_ONCE)

    def send(self, name: str, work: Work, tell: Tell) -> None:
        """Does the work soon. When it fails or is stopped, `tell` gets the sentence for whoever asked.

        Raises BadInput when too much is under way already.
        """
        self.allow()
        errand = asyncio.create_task(self._run(name, work, tell), name=name)
        self._under_way.add(errand)
        errand.add_done_callback(self._under_way.discard)

    def allow(self) -> None:
        """Raises BadInput when too much is under way already."""
        if len(self._under_way) >= MOST:
            raise BadInput(BUSY)

    async def settled(self) -> None:
        """Until nothing is under way."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def close(self, seconds: float) -> None:
        """Waits so long for what is under way, then stops it; those who wait for it are told."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=seconds)
        for errand in self._under_way:
            errand.cancel()
        await self.settled()

    async def _run(self, name: str, work: Work, tell: Tell) -> None:
        try:
            async with self._hands:
                await work()
        except asyncio.CancelledError:
            await _told(name, tell, STOPPED)
        except Exception as error:
            log.warning("an errand failed: %s: %s", name, failures.named(error))
            await _told(name, tell, failures.sentence(error))


async def _told(name: str, tell: Tell, sentence: str) -> None:
    try:
        async with asyncio.timeout(TELL_S):
            await tell(sentence)
    except Exception as error:
        log.warning("nobody could be told that %s failed: %s", name, failures.named(error))
