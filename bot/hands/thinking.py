"""Thinks about what was read: small things in a thread, thousands of objects in a process of their own."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import subprocess
import sys
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from bot.domain.errors import BotError
from bot.domain.groups.groups import Inventory
from bot.domain.runs.runbook import Runbook
from bot.hands.parting import decoded, encoded, places, put, taken

log = logging.getLogger(__name__)
T = TypeVar("T")

_SWITCH_S = 0.00005
_SELDOM = 1_000
R = TypeVar("R")

LARGE = 500
"""From so many objects on, a thread would hold the interpreter so long that whoever clicks feels it."""

_BYTES_EACH = 512
_REST_S = 0.002
_BUFFER_BYTES = 1 << 20
"""Written at one go: a thread that writes takes the interpreter back after each."""

_TRIES = 2
_INHERITED = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONHOME", "SYSTEMROOT")
"""All that the process gets of our environment, so that Python starts there too; no token is among it."""


class NotStarted(Exception):
    """No process can be had here, so it is thought about in a thread, as small things are."""


class Think(Protocol):
    """Whoever works out a pure function; `asyncio.to_thread` does too."""

    async def __call__(self, work: Callable[..., T], /, *args: Any) -> T: ...


class Thinking:
    """One process beside the bot, started when something large is to be thought about for the first time.

    It is asked one thing at a time, keeps nothing of it, and ends with the bot, or when nobody asked it for long. When
    it dies, another one is asked once more: what is worked out there is pure. `large` is as many objects as go there.
    """

    def __init__(self, runbooks: Mapping[str, Runbook], large: int = LARGE) -> None:
        self._runbooks, self._places, self._large = runbooks, places(runbooks), large
        self.process: subprocess.Popen[bytes] | None = None
        self._turn = asyncio.Lock()

    async def __call__(self, work: Callable[..., T], /, *args: Any) -> T:
        """What `work` gives or raises for these. Raises BotError when the process dies of it."""
        if weight(args) < self._large:
            return await asyncio.to_thread(work, *args)
        return await self.apart(work, *args)

    async def apart(self, work: Callable[..., T], /, *args: Any) -> T:
        """The same in the process, however little it is: what comes in many parts is large all the same."""
        try:
            return await self._sent(work, args)
        except BotError:
            raise
        except Exception as fault:
            # Nobody foresaw it: here it happens again with its place, or the process beside is to blame.
            log.warning("Not thought about in a process of its own (%s).", type(fault).__name__)
            return await asyncio.to_thread(work, *args)

    async def close(self) -> None:
        """Ends the process, whatever it is at."""
        await self._end()

    async def _sent(self, work: Callable[..., T], args: Sequence[Any]) -> T:
        question, _ = await paced(encoded((work, args), self._places))
        answer = await self._answer(question)
        _, (given, error) = await paced(decoded(answer, self._runbooks))
        if error is not None:
            raise error
        return given

    async def _answer(self, question: Sequence[bytes]) -> list[bytes]:
        async with self._turn:
            for _ in range(_TRIES):
                try:
                    return await asyncio.to_thread(_asked, await self._alive(), question)
                except (OSError, EOFError):
                    await self._end()
                    log.warning("The process that thinks about large exports ended; another one begins anew.")
                except BaseException:
                    # Nobody waits for the answer any more, and the next question must not be given it.
                    await self._end()
                    raise
        raise BotError(
            f"This could not be worked out: the process that does it ended {_TRIES} times. The machine may be out of "
            "memory. Nothing was changed by it; try again when there is room."
        )

    async def _alive(self) -> subprocess.Popen[bytes]:
        if self.process is None or self.process.poll() is not None:
            await self._end()
            try:
                self.process = await asyncio.to_thread(_started)
            except (OSError, EOFError) as fault:
                raise NotStarted from fault
        return self.process

    async def _end(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            await asyncio.to_thread(_ended, process)


def weight(value: Any) -> int:
    """How many objects it comes to, roughly: those of inventories, and as many as the bytes of a file may hold."""
    match value:
        case Inventory():
            return len(value.objects)
        case bytes():
            return len(value) // _BYTES_EACH
        case Mapping():
            return sum(map(weight, value.values()))
        case tuple() | list():
            return sum(map(weight, value))
    return 0


async def paced(steps: Generator[T, None, R]) -> tuple[list[T], R]:
    """What each step yields, and what the last one returns; between them others have two milliseconds to themselves."""
    found: list[T] = []
    while True:
        try:
            found.append(next(steps))
        except StopIteration as end:
            return found, end.value
        await asyncio.sleep(_REST_S)


def _asked(process: subprocess.Popen[bytes], question: Sequence[bytes]) -> list[bytes]:
    assert process.stdin is not None and process.stdout is not None
    put(process.stdin, question)
    return taken(process.stdout)


def _started() -> subprocess.Popen[bytes]:
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    process = subprocess.Popen(
        [sys.executable, "-m", "bot.hands.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=_BUFFER_BYTES,
        # It needs no secret, and what is typed at the bot's terminal (Ctrl-C) is not for it.
        env={**inherited, "PYTHONPATH": os.pathsep.join(sys.path)},
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        taken(process.stdout)
    except BaseException:
        _ended(process)
        raise
    return process


def _ended(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        with suppress(OSError):
            pipe.close()


def let_clicks_pass() -> None:
    """For the whole process: whoever clicks hardly waits for a thread that compares hundreds of objects.

    A click takes the interpreter back from such a thread up to twenty times, and each time that lasts one switch
    interval: 100 ms in all with the 5 ms that Python starts with. A look for garbage among all objects stops every
    thread, for 0.2 s with two large inventories in memory; inventories hold no garbage, so it may come seldom.
    Thousands of objects are compared in another process.
    """
    sys.setswitchinterval(_SWITCH_S)
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, _SELDOM)
    gc.freeze()
