"""The longest time that an event loop did nothing else, without what the machine took from it for others."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import BinaryIO

_THREADS = Path("/proc/self/task")


@dataclass(frozen=True, slots=True)
class Moment:
    """A clock, and how long the threads of this process have waited for a core by then, both in seconds."""

    at: float
    waited: float


@dataclass(slots=True)
class Longest:
    """The longest pause between two moments by the clock, without the time in which others had a core.

    Who else uses this machine says nothing about a backup; what it computes, and how long its threads hold the
    interpreter, does. One that holds it and waits for a core stops the loop as well, so all of them count. What was
    waited is read just before the clock, so what was taken between the two shows in the next moment only.
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
    stats: dict[str, BinaryIO] = {}

    async def watch() -> None:
        while True:
            waited = _waited(stats)
            longest.add(Moment(perf_counter(), waited))
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
        for stat in stats.values():
            stat.close()


def _waited(stats: dict[str, BinaryIO]) -> float:
    """What all threads have waited for a core; where the system does not tell, the clock alone counts."""
    if not _THREADS.exists():
        return 0.0
    total = 0
    for thread in os.listdir(_THREADS):
        with suppress(OSError):
            stat = stats.get(thread) or stats.setdefault(thread, (_THREADS / thread / "schedstat").open("rb", 0))
            stat.seek(0)
            total += int(stat.read(64).split()[1])
    return total / 1e9
