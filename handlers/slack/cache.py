"""Remembers what was asked of Slack for a while, so that a click does not have to ask again."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Cache(Generic[K, V]):
    """Answers of `ask`, each for `seconds`; the one that was asked longest ago goes when there are `most`.

    Those who want the same answer at the same time wait for one question, which goes on when one of them gives up.
    A question that fails is forgotten, so the next one asks again.
    """

    def __init__(
        self,
        ask: Callable[[K], Awaitable[V]],
        seconds: float = 300.0,
        most: int = 5000,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask, self._seconds, self._most, self._now = ask, seconds, most, now
        self._asked: OrderedDict[K, tuple[float, asyncio.Task[V]]] = OrderedDict()

    async def get(self, key: K) -> V:
        """The answer; raises what `ask` raises."""
        known = self._asked.get(key)
        if known is None or known[0] <= self._now() or _failed(known[1]):
            known = self._begin(key)
        return await asyncio.shield(known[1])

    def recall(self, key: K) -> V | None:
        """The answer if it is there, or None: then it has to be waited for."""
        until, question = self._asked.get(key, (0.0, None))
        known = question is not None and until > self._now() and question.done() and not _failed(question)
        return question.result() if known else None

    def forget(self, key: K, older_s: float = 0.0) -> None:
        """The answer may have changed: also one that is still under way is not used for later questions.

        What was asked less than `older_s` seconds ago is kept.
        """
        until, _ = self._asked.get(key, (0.0, None))
        if until - self._seconds <= self._now() - older_s:
            self._asked.pop(key, None)

    def clear(self) -> None:
        """All of them may have changed."""
        self._asked.clear()

    def _begin(self, key: K) -> tuple[float, asyncio.Task[V]]:
        self.forget(key)
        while len(self._asked) >= self._most:
            self._asked.popitem(last=False)
        question = asyncio.ensure_future(self._ask(key))
        # A question whose askers have all given up may fail unheard.
        question.add_done_callback(_failed)
        self._asked[key] = self._now() + self._seconds, question
        return self._asked[key]


def _failed(question: asyncio.Task) -> bool:
    return question.done() and (question.cancelled() or question.exception() is not None)
