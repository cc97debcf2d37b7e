"""One connection to one of a pool's servers, kept, reopened and given up: reads have one, and changes another."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from bot.domain.deployment.endpoints import Endpoint
from bot.domain.errors import DriverError, NeverSent, SignInRefused
from bot.drivers.winrm.calls import Call
from bot.drivers.winrm.cuts import NO_SHELL, Cut, Fault, Kind, Step, meaning
from bot.drivers.winrm.pace import Pace
from bot.drivers.winrm.proofs import Proofs
from bot.drivers.winrm.threads import OneThread

if TYPE_CHECKING:
    from bot.drivers.winrm.wire import Answer, Wire

Taken = TypeVar("Taken")
_LONGEST = 300
_IDLE_S = 300.0


@dataclass(frozen=True, slots=True)
class Work(Generic[Taken]):
    """`name` is what people call it. `sink` makes, for each try, what takes the outputs, and gives what became of them.

    What only reads is asked once more when its answer was lost, unless it is told not to (`again`); what may change
    something never is. `at` are the only servers where it can be done (none: anywhere), because of `there`. What
    `is_short` has no more time than a read.
    """

    name: str
    call: Call
    reads: bool
    sink: Callable[[], tuple[Callable[[Any], None], Callable[[], Taken]]]
    again: bool = True
    at: tuple[Endpoint, ...] = ()
    there: str = ""
    is_short: bool = False


@dataclass(frozen=True, slots=True)
class Ended(Generic[Taken]):
    """Where a command ran, how it ended, and what came out."""

    server: str
    answer: Answer
    taken: Taken


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of the last try to open a session: the fault, if it failed, and how far ahead its clock is."""

    endpoint: Endpoint
    fault: Fault | None = None
    ahead_s: float | None = None


@dataclass(slots=True)
class _Line:
    """A thread and the connection that is its own: given up together, neither has a hand on what comes after them."""

    thread: OneThread
    wire: Wire | None = None

    def drop(self) -> None:
        wire = self.wire
        if wire is not None:
            wire.close()
        self.wire = None


class Lane:
    """Asks one thing after the other; none may take longer than `longest_s`.

    A session that nobody could end, as of a bot that was killed, goes a while after that: a server has room for few.
    """

    def __init__(
        self, pool: str, endpoints: tuple[Endpoint, ...], pace: Pace, proofs: Proofs, longest_s: float
    ) -> None:
        self._pool, self._pace, self._proofs = pool, pace, proofs
        self._order, self._at = endpoints, endpoints[0]
        self._idle_s = longest_s + _IDLE_S
        self._said = ""
        self._turn = asyncio.Lock()
        self._line = self._new_line()
        self._job: asyncio.Future[Any] | None = None
        self._gone = Event()
        self._is_closed = False
        self.tried: dict[Endpoint, Tried] = {}

    @property
    def at(self) -> Endpoint:
        """The server that was asked last, or is asked first."""
        return self._at

    @property
    def is_open(self) -> bool:
        """Whether there is a session, or one is just being opened."""
        return self._line.wire is not None

    @property
    def servers(self) -> tuple[Endpoint, ...]:
        """All of them, as they are tried: the one that answered last comes first, and those that failed since last."""
        return self._order

    @property
    def said(self) -> str:
        """What the server said last of what runs, in its own language; empty while nothing runs."""
        return self._said

    async def ask(self, work: Work[Taken]) -> Ended[Taken]:
        """Raises NeverSent, or OutcomeUnknown once nothing runs any more, or once that could not be learnt in time."""
        seconds = self._pace.read_s if work.reads or work.is_short else self._pace.change_s
        async with self._turn:
            ends = time.monotonic() + seconds
            await self._freed(work, seconds)
            if self._is_closed:
                raise NeverSent(
                    f"{work.name} was not sent to {self._pool}: Switchback is stopping. Nothing was changed."
                )
            gone, line = Event(), self._line
            self._gone = gone
            self._job = asyncio.wrap_future(line.thread.do(lambda: self._run(line, work, ends, gone)))
            try:
                return await self._awaited(work, self._job, ends)
            except asyncio.CancelledError:
                self._let_go()
                raise
            finally:
                self._said = ""

    async def close(self) -> None:
        """What runs is told to stop, what waits is not sent; within some `mercy_s`, whatever the server does."""
        if self._is_closed:
            return
        self._is_closed = True
        self._let_go()
        async with self._turn:
            line = self._line
            closed = asyncio.wrap_future(line.thread.do(line.drop))
            for _ in range(3):
                await asyncio.wait([closed], timeout=self._pace.mercy_s)
                if not closed.done() and line.wire:
                    line.wire.cut()
            line.thread.end()

    async def _freed(self, work: Work[Any], seconds: float) -> None:
        """What nobody waits for any more, but still runs, is waited for."""
        if self._job is not None and not self._job.done():
            await asyncio.wait([self._job], timeout=seconds)
        if self._job is not None and not self._job.done():
            raise NeverSent(
                f"{work.name} was not sent to {self._pool}: an earlier command still runs there. Nothing was changed."
            )

    async def _awaited(self, work: Work[Taken], job: asyncio.Future[Ended[Taken]], ends: float) -> Ended[Taken]:
        """Its own watch is kept here: a server that drips holds the client for as long as it likes."""
        mercy = self._pace.mercy_s
        for patience in (ends - time.monotonic() + 3 * mercy, 3 * mercy, mercy):
            await asyncio.wait([job], timeout=max(patience, 0.0))
            if job.done():
                return job.result()
            if self._line.wire:
                self._line.wire.cut()
        job.add_done_callback(_heard)
        line, self._line, self._job = self._line, self._new_line(), None
        line.thread.end()
        wire = line.wire
        step, server = (wire.step, str(wire.endpoint)) if wire else (Step.OPENING, self._pool)
        raise meaning(Cut(step, Fault(Kind.LATE)), server, work.name, reads=work.reads)

    def _let_go(self) -> None:
        """Nobody waits for it any more: it is told to stop, and cut when it does not."""
        job, wire = self._job, self._line.wire
        if job is None or job.done():
            return
        job.add_done_callback(_heard)
        self._gone.set()
        if wire:
            loop = asyncio.get_running_loop()
            loop.call_later(self._pace.poll_s + 2 * self._pace.mercy_s, lambda: job.done() or wire.cut())

    def _told(self, text: str) -> None:
        """In the lane's own thread."""
        self._said = "".join(letter if letter.isprintable() else " " for letter in text)[:_LONGEST]

    def _run(self, line: _Line, work: Work[Taken], ends: float, gone: Event) -> Ended[Taken]:
        for is_last in (False, True):
            wire, (take, taken) = self._opened(line, work, ends, gone), work.sink()
            try:
                dialled = wire.dialled
                answer = wire.run(work.call, ends, take, self._told, gone)
                if wire.dialled != dialled:
                    self._proofs.worked(wire.proof, wire.endpoint)
                return Ended(str(wire.endpoint), answer, taken())
            except Cut as cut:
                found = cut
                self._failed(wire.endpoint, cut.fault)
                self._proofs.heard(wire.proof, wire.endpoint, cut.fault)
            except DriverError:
                line.drop()
                raise
            again = not is_last and _may_again(found, work.reads and work.again)
            has_ended = False
            if not again and not found.never_ran and not work.reads:
                has_ended = wire.is_quiet(max(ends, time.monotonic() + self._pace.mercy_s))
            line.drop()
            if not again:
                raise meaning(found, str(wire.endpoint), work.name, reads=work.reads, has_ended=has_ended)
        raise AssertionError

    def _opened(self, line: _Line, work: Work[Any], ends: float, gone: Event) -> Wire:
        """The connection, opened to the first server that takes one, beginning with the one that did the last time.

        Each has its share of the time that is left, and the command has one as well.
        """
        # Loaded where it is needed, and not while people wait for a start.
        from bot.drivers.winrm.wire import Wire

        allowed = work.at or self._order
        if line.wire is not None and self._proofs.is_given_up(line.wire.proof):
            # Whoever says goodbye signs in for it.
            line.wire.cut()
        elif line.wire is not None and not line.wire.is_worn and line.wire.endpoint in allowed:
            self._at = line.wire.endpoint
            return line.wire
        line.drop()
        failed: list[DriverError] = []
        waiting = [server for server in self._order if server in allowed]
        while waiting and not gone.is_set():
            now = time.monotonic()
            share = (ends - now) / (len(waiting) + 1)
            endpoint = waiting.pop(0)
            try:
                with self._proofs.tried(endpoint) as proof:
                    wire = line.wire = Wire(endpoint, self._pace, proof, self._idle_s)
                    wire.open(now + min(share, self._pace.open_s))
            except Cut as cut:
                tried = line.wire
                self.tried[endpoint] = Tried(endpoint, cut.fault, tried.clock.ahead_s if tried else None)
                line.drop()
                self._failed(endpoint, cut.fault)
                failed.append(meaning(Cut(Step.OPENING, cut.fault), str(endpoint), work.name))
                continue
            self._at = endpoint
            self._order = (endpoint, *(other for other in self._order if other != endpoint))
            self.tried[endpoint] = Tried(endpoint, None, wire.clock.ahead_s)
            return wire
        if gone.is_set():
            raise NeverSent(
                f"{work.name} was not sent to {self._pool}: nobody waits for it any more. Nothing was changed."
            )
        kind = SignInRefused if any(isinstance(error, SignInRefused) for error in failed) else NeverSent
        raise kind(" ".join([*(error.sentence for error in failed), *([work.there] if work.there else [])]))

    def _failed(self, endpoint: Endpoint, fault: Fault) -> None:
        """It is asked last from now on, unless only a session was over, as after a while in which nothing was asked."""
        if fault != Fault(Kind.FAULT, NO_SHELL):
            self._order = (*(other for other in self._order if other != endpoint), endpoint)

    def _new_line(self) -> _Line:
        return _Line(OneThread(f"winrm-{self._pool}"))


def _may_again(cut: Cut, reads: bool) -> bool:
    """What changes something, only when the session was over before it came to that.

    Nothing when the account was refused, lest it is locked, nor when there is no time left.
    """
    if cut.fault.is_refusal or cut.fault.kind is Kind.LATE:
        return False
    return reads or (cut.never_ran and cut.fault == Fault(Kind.FAULT, NO_SHELL))


def _heard(job: asyncio.Future[Any]) -> None:
    """Nobody else looks at what went wrong in it."""
    if not job.cancelled():
        job.exception()
