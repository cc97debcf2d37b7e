"""A thread for one connection: what blocks is done there, one thing after the other, and never on the event loop."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any


class OneThread:
    """Starts with the first work, and keeps no process from ending: a server may hold it for as long as it likes."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._waiting: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def do(self, work: Callable[[], Any]) -> Future[Any]:
        if self._thread is None:
            self._thread = threading.Thread(target=self._turn, name=self._name, daemon=True)
            self._thread.start()
        asked: Future[Any] = Future()
        self._waiting.put((asked, work))
        return asked

    def end(self) -> None:
        """After what was asked before."""
        self._waiting.put(None)

    def _turn(self) -> None:
        while asked := self._waiting.get():
            told, work = asked
            try:
                told.set_result(work())
            except BaseException as error:
                told.set_exception(error)


@contextmanager
def ended_after(seconds: float, end: Callable[[], None]) -> Iterator[None]:
    """What blocks within is ended from outside when it takes longer; afterwards, `end` has been called or never is."""
    watch = threading.Timer(max(seconds, 0.0), end)
    watch.daemon = True
    watch.start()
    try:
        yield
    finally:
        watch.cancel()
        watch.join()
