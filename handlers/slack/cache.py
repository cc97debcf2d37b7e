"""Remembers what was asked of Slack for a while, so that a click does not have to ask again."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from math import inf
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

    async def get(self, key: K, since: float = -inf) -> V:
        """The answer to a question that was asked since then, by the clock `now`; raises what `ask` raises."""
        return await asyncio.shield(self._known(key, since) or self._begin(key))

    def recall(self, key: K, since: float = -inf) -> V | None:
        """The answer if it is there, or None: then it has to be waited for."""
        question = self._known(key, since)
        return question.result() if question and question.done() else None

    def forget(self, key: K) -> None:
        """The answer may have changed: also one that is still under way is not used for later questions."""
        self._asked.pop(key, None)

    def clear(self) -> None:
        """All of them may have changed."""
        self._asked.clear()

    def _known(self, key: K, since: float) -> asyncio.Task[V] | None:
        at, question = self._asked.get(key, (-inf, None))
        late = at < since or at <= self._now() - self._seconds
        return None if question is None or late or _failed(question) else question

    def _begin(self, key: K) -> asyncio.Task[V]:
        self.forget(key)
        while len(self._asked) >= self._most:
            self._asked.popitem(last=False)
        question = asyncio.ensure_future(self._ask(key))
        # A question whose askers have all given up may fail unheard.
        question.add_done_callback(_failed)
        self._asked[key] = self._now(), question
        return question


def _failed(question: asyncio.Task) -> bool:
    return question.done() and (question.cancelled() or question.exception() is not None)
