"""The longest time that an event loop did nothing else, without what the machine took from it for others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

_STAT = Path("/proc/thread-self/schedstat")


@dataclass(frozen=True, slots=True)
class Moment:
    """A clock, and how long the loop's thread has waited for a core by then, both in seconds."""

    at: float
    waited: float


@dataclass(slots=True)
class Longest:
    """The longest pause between two moments by the clock, without the time in which others had the core.

    Who else uses this machine says nothing about a backup; what it computes, and its own threads that hold the
    interpreter, do. A moment is read in two steps, so what was taken at one may show in the next one only.
    """

    seconds: float = 0.0
    _last: tuple[Moment, ...] = ()

    def add(self, moment: Moment) -> None:
        self._last = (*self._last, moment)[-3:]
        if len(self._last) == 3:
            before, here, after = self._last
            self.seconds = max(self.seconds, here.at - before.at - (after.waited - before.waited))


@asynccontextmanager
async def watched(longest: Longest) -> AsyncIterator[None]:
    """Looks at every turn of the loop."""
    waited, close = _opened()

    async def watch() -> None:
        while True:
            longest.add(Moment(perf_counter(), waited()))
            await asyncio.sleep(0)

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    try:
        yield
        # The last pause has to have a moment after it.
        for _ in range(3):
            await asyncio.sleep(0)
    finally:
        watching.cancel()
        close()


def _opened() -> tuple[Callable[[], float], Callable[[], None]]:
    """What this thread has waited for a core, and an end to asking; where no system tells, the clock counts."""
    if not _STAT.exists():
        return lambda: 0.0, lambda: None
    stat = _STAT.open("rb", buffering=0)

    def waited() -> float:
        stat.seek(0)
        return int(stat.read(64).split()[1]) / 1e9

    return waited, stat.close
