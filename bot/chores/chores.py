"""What has to be done again and again, by one process at a time, and what is said when it cannot be done."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.clock.lease import kept
from bot.clock.pulse import Pulse, Spell, reason, turning
from bot.clock.waiting import first_of
from bot.domain.errors import Damaged
from storage.notices import Notices
from storage.turns import Turns

log = logging.getLogger(__name__)

AGAIN_S = 300.0
"""A chore that failed is tried again after so long, or after its period when that is shorter."""


@dataclass(frozen=True, slots=True)
class Chore:
    """One row: done at most once in `every_s` seconds, over all processes.

    `work` gets the time (seconds since the epoch). It may be cancelled at any await, and done twice when a process
    dies; it works in slices, because clicks are answered in between. `title` is what people read when it fails.
    """

    key: str
    every_s: float
    work: Callable[[float], Awaitable[None]]
    title: str = ""


async def each(works: Iterable[Callable[[], Awaitable[object]]]) -> None:
    """Does all of these. What cannot be read for one of them keeps nobody from the others; its fault is raised then."""
    faults: list[Damaged] = []
    for work in works:
        try:
            await work()
        except Damaged as fault:
            faults.append(fault)
    if faults:
        raise faults[0]


async def always() -> None:
    """Nothing stands against it."""


class Chores:
    """Does the chores whose turn falls to this process. One that fails stands as a notice and never stops the others.

    `poll_s` is how often each chore is asked for, `lease_s` how long the turn of a dead process is waited for. `allow`
    is asked before each turn, and raises BotError while no chore may be done.
    """

    def __init__(
        self,
        chores: Iterable[Chore],
        turns: Turns,
        notices: Notices,
        clock: Callable[[], float],
        *,
        poll_s: float = 5.0,
        lease_s: float = 60.0,
        allow: Callable[[], Awaitable[None]] = always,
    ) -> None:
        self._chores, self._turns, self._notices, self._clock = tuple(chores), turns, notices, clock
        self._poll_s, self._lease_s, self._allow = poll_s, lease_s, allow
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._spells = {chore.key: Spell(f"The chore {chore.key}") for chore in self._chores}

    async def run_forever(self, stopped: asyncio.Event, pulse: Pulse | None = None) -> None:
        """Until `stopped`; work that is under way is then cancelled, and is due again when its lease is over."""
        await turning(pulse or Pulse("chores"), lambda: self._look(stopped), stopped)
        await asyncio.gather(*self._busy.values(), return_exceptions=True)

    async def _look(self, stopped: asyncio.Event) -> float:
        """Begins what nobody here is at, and waits for none of it."""
        for chore in self._chores:
            if chore.key not in self._busy:
                task = self._busy[chore.key] = asyncio.create_task(self._keep(chore, stopped), name=chore.key)
                task.add_done_callback(lambda _, key=chore.key: self._busy.pop(key))
        return self._poll_s

    async def _keep(self, chore: Chore, stopped: asyncio.Event) -> None:
        spell = self._spells[chore.key]
        try:
            await self._turn(chore, stopped)
            spell.over()
        except Exception as fault:
            spell.met(reason(fault))

    async def _turn(self, chore: Chore, stopped: asyncio.Event) -> None:
        await self._allow()
        again_s = min(AGAIN_S, chore.every_s)
        turn = await self._turns.take(chore.key, every_s=chore.every_s, again_s=again_s, lease_s=self._lease_s)
        if turn is None:
            return
        async with kept(lambda: self._turns.renew(turn, self._lease_s), self._lease_s, chore.key):
            work = asyncio.ensure_future(chore.work(self._clock()))
            if not await _finished(work, stopped):
                return
        fault = work.exception()
        if not await self._turns.done(turn, well=fault is None):
            log.info("%s was taken over by another process while it was done here.", chore.key)
        elif fault is None:
            await self._went_well(chore)
        else:
            await self._failed(chore, fault, again_s)

    async def _went_well(self, chore: Chore) -> None:
        sentence = f"{chore.title or chore.key} works again."
        await self._notices.end(f"chore:{chore.key}", sentence, self._clock())

    async def _failed(self, chore: Chore, fault: BaseException, again_s: float) -> None:
        now, said = self._clock(), reason(fault)
        log.error("%s could not be done: %s", chore.key, said)
        again = f"It is tried again at {datetime.fromtimestamp(now + again_s, UTC):%H:%M} UTC."
        sentence = f"{chore.title or chore.key} could not be done: {said}"
        await self._notices.say(f"chore:{chore.key}", sentence, now, (again,))


async def _finished(work: asyncio.Future[None], stopped: asyncio.Event) -> bool:
    """Whether the work came to an end, well or not, before everything was stopped."""
    try:
        await first_of(work, stopped)
        return work.done() and not work.cancelled()
    finally:
        # More than once: Python 3.11's `wait_for`, which redis-py sends with, may swallow a cancellation.
        while not work.done():
            work.cancel()
            await asyncio.wait((work,), timeout=1)
