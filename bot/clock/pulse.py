"""Runs a loop of the bot: it turns until it is told to stop, whatever goes wrong, and can be asked when it last did."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bot.clock.waiting import first_of
from bot.domain.errors import BotError

log = logging.getLogger(__name__)

READY_S = 60.0
"""A loop that has not turned for so long is not at work."""

DEAD_S = 300.0
"""After so long without a turn nobody waits for it any more."""

DEAD_CODE = 3
"""The process then ends with this code, so that whatever started it starts it again."""

_LONGEST_S = 5.0
"""The longest pause between two tries: what was away is noticed so soon when it is back."""

_FIRST_S, _SELDOM_S = 60.0, 3600.0
"""The first and the longest pause between two lines about one trouble; each is twice the one before."""

_TICK_S = 1.0


def reason(fault: BaseException) -> str:
    """A sentence. An unforeseen error by kind and place only: its text may hold names and numbers."""
    if isinstance(fault, BotError):
        return fault.sentence
    frames = traceback.extract_tb(fault.__traceback__)
    place = f", line {frames[-1].lineno} of {Path(frames[-1].filename).name}" if frames else ""
    return f"Switchback itself failed ({type(fault).__name__}{place})."


class Spell:
    """One trouble for as long as it lasts: one line, further ones at growing pauses, and at its end how often."""

    def __init__(self, name: str, now: Callable[[], float] = time.monotonic) -> None:
        self._name, self._now = name, now
        self._said, self._times, self._since, self._next, self._gap_s = "", 0, 0.0, 0.0, _FIRST_S

    def met(self, said: str) -> None:
        """It was met (once more); other words begin another spell."""
        now = self._now()
        if said != self._said:
            self._said, self._times, self._since, self._next, self._gap_s = said, 0, now, now, _FIRST_S
        self._times += 1
        # A pause that is longer than any was begun before the clock was set back.
        if now < self._next <= now + _SELDOM_S:
            return
        often = f" ({self._times} times by now)" if self._times > 1 else ""
        log.warning("%s waits: %s%s", self._name, said, often)
        self._next, self._gap_s = now + self._gap_s, min(2 * self._gap_s, _SELDOM_S)

    def over(self) -> None:
        """It went well."""
        if self._times:
            often = "once" if self._times == 1 else f"{self._times} times"
            lasted = max(0.0, self._now() - self._since)
            log.info("%s works again. It had waited %s, for %.0f s.", self._name, often, lasted)
        self._said, self._times = "", 0


class PassedOver:
    """What could not be done, by name: it is let be for growing pauses while the rest goes on, and said as a spell.

    `now` is the clock (seconds) of whoever is to go on; it may be set, forward or back.
    """

    def __init__(self, now: Callable[[], float], longest_s: float = READY_S) -> None:
        self._now, self._longest_s = now, longest_s
        self._spells: dict[str, Spell] = {}
        self._pauses: dict[str, float] = {}
        self._until: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._until)

    def __contains__(self, name: str) -> bool:
        """Whether it is let be now."""
        now = self._now()
        return now < self._until.get(name, now) <= now + self._longest_s

    def met(self, name: str, said: str, *, soon: bool = False) -> None:
        """`soon`: it is not the one to blame, so it is tried again as if nothing had been."""
        self._spells.setdefault(name, Spell(name, self._now)).met(said)
        pause = self._pauses[name] = 0.0 if soon else min(2 * self._pauses.get(name, 0.0) or 1.0, self._longest_s)
        self._until[name] = self._now() + pause

    def over(self, name: str) -> None:
        if name in self._until:
            del self._until[name], self._pauses[name]
            self._spells.pop(name).over()


class Pulse:
    """When a loop turned last. Waiting for Redis or Slack is turning: whoever waits beats at every answer, or none."""

    def __init__(self, name: str, now: Callable[[], float] = time.monotonic) -> None:
        self.name, self.beats = name, 0
        self._now = now
        self._at = now()

    def beat(self) -> None:
        self._at, self.beats = self._now(), self.beats + 1

    @property
    def age_s(self) -> float:
        return self._now() - self._at


class Pulses:
    """Those of all loops that were started."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._pulses: dict[str, Pulse] = {}

    def __iter__(self) -> Iterator[Pulse]:
        return iter(tuple(self._pulses.values()))

    def of(self, name: str) -> Pulse:
        return self._pulses.setdefault(name, Pulse(name, self._now))

    def ages(self) -> Mapping[str, float]:
        """Seconds since each loop turned last, by its name."""
        return {pulse.name: round(pulse.age_s, 1) for pulse in self}


async def turning(
    pulse: Pulse,
    turn: Callable[[], Awaitable[float]],
    stopped: asyncio.Event,
    wake: asyncio.Event | None = None,
) -> None:
    """Turns until `stopped`. `turn` gives the seconds until the next one, which `wake` may cut short.

    Whatever it raises is said, and the next turn comes after a growing pause. Only being cancelled ends it early.
    """
    spell, pause = Spell(f"The loop of the {pulse.name}"), 0.0
    while not stopped.is_set():
        pulse.beat()
        if wake is not None:
            # Before the turn, not after it: what comes meanwhile wakes the next one.
            wake.clear()
        try:
            seconds, pause = await turn(), 0.0
            spell.over()
        except (Exception, asyncio.CancelledError) as fault:
            if _is_cancelled(fault):
                raise
            spell.met(reason(fault))
            seconds = pause = min(2 * pause or 0.5, _LONGEST_S)
        pulse.beat()
        await first_of(*([wake] if wake is not None else []), stopped, seconds=seconds)


def _is_cancelled(fault: BaseException) -> bool:
    """Whether somebody cancelled this very task; what it waited for may have been cancelled by itself."""
    task = asyncio.current_task()
    return isinstance(fault, asyncio.CancelledError) and task is not None and task.cancelling() > 0


@contextmanager
def watched(
    pulses: Pulses,
    *,
    ticks: int = round(DEAD_S / _TICK_S),
    tick_s: float = _TICK_S,
    end: Callable[[int], object] = os._exit,
) -> Iterator[None]:
    """Meanwhile a thread ends the process when a loop has not turned for so many ticks.

    It counts ticks of its own: while the whole process is frozen nobody ticks, and nobody is to blame.
    """
    over = threading.Event()
    watcher = threading.Thread(target=_watch, args=(pulses, over, ticks, tick_s, end), name="watchdog", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()


def _watch(pulses: Pulses, over: threading.Event, ticks: int, tick_s: float, end: Callable[[int], object]) -> None:
    seen: dict[str, tuple[int, int]] = {}
    while not over.wait(tick_s):
        for pulse in pulses:
            beats, still = seen.get(pulse.name, (-1, 0))
            seen[pulse.name] = pulse.beats, still + 1 if beats == pulse.beats else 0
            if seen[pulse.name][1] >= ticks:
                log.error(
                    "The loop of the %s has not turned for %.0f s, so Switchback ends itself (exit code %d).",
                    pulse.name,
                    ticks * tick_s,
                    DEAD_CODE,
                )
                end(DEAD_CODE)
                return
