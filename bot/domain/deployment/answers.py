"""Whether a pool answers when it is asked, which part of it does not, and since when: in one set of words for all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.domain.measures import lasted
from bot.domain.model import PoolRecord, PoolState

FRESH_S = 240.0
"""An answer that is older says nothing of now: three rounds in which nobody asked."""

TWICE = 2
"""A pool counts as silent for people when so many rounds in a row had no answer: one server of several may be slow."""


class Part(StrEnum):
    """What did not answer, from the way there inwards."""

    SIGN_IN = "sign-in"
    WAY = "way"
    POOL = "pool"
    DATA = "data"


@dataclass(frozen=True, slots=True)
class PoolAnswer:
    """How a pool answered at `at`, when it was asked last (seconds since the epoch).

    `silent` is the part that did not, since `since` and in so many rounds; None: all of it answered. `last` is when all
    of it answered last, 0: that was never seen. `through` is the server by which it is asked where that is none of its
    own, empty else.
    """

    at: float
    silent: Part | None = None
    through: str = ""
    since: float = 0.0
    rounds: int = 1
    last: float = 0.0

    def after(self, before: PoolAnswer | None) -> PoolAnswer:
        """The same, with what is remembered of the rounds before."""
        last = self.at if self.silent is None else before.last if before else 0.0
        if before is None or before.silent is not self.silent:
            return replace(self, since=self.at, last=last)
        return replace(self, since=before.since, rounds=before.rounds + 1, last=last)

    @property
    def is_silent(self) -> bool:
        """Whether it is the pool that does not answer, not only the way to it, nor what could never be read."""
        return self.silent is Part.POOL or (self.silent is Part.DATA and self.last > 0)

    def is_well(self, now: float) -> bool:
        """Whether its own servers and its Response Group data answered just now."""
        return self.silent is None and not self.through and self.is_fresh(now)

    def is_fresh(self, now: float) -> bool:
        return now - self.at < FRESH_S


def answer_words(answer: PoolAnswer | None, now: float, at: Callable[[float], str]) -> str:
    """Half a sentence about the pool: “answers, 20 s ago”, “no answer since 02:41”; `at` writes an instant."""
    if answer is None:
        return "not asked yet"
    ago, fresh = f"{lasted(now - answer.at)} ago", answer.is_fresh(now)
    if answer.silent is not None:
        through = f" ({answer.through})" if answer.through else ""
        never = answer.silent is Part.DATA and not answer.is_silent
        said = (_NEVER if never else _SILENT[answer.silent]).format(since=at(answer.since), through=through)
        return said if fresh or answer.silent is Part.SIGN_IN else f"{said}, last asked {ago}"
    answers = ("answers, {ago}" if fresh else "answered {ago}, not asked since").format(ago=ago)
    return f"Response Group data {answers}, through {answer.through}" if answer.through else answers


def is_mute(answer: PoolAnswer | None, now: float) -> bool:
    """Whether the pool itself did not answer when it was asked just now, be it for the first time."""
    return answer is not None and answer.is_silent and answer.is_fresh(now)


def is_down(record: PoolRecord, answer: PoolAnswer | None, now: float) -> bool:
    """Whether the pool itself has been silent until just now, and nothing is remembered of an outage."""
    silent = answer is not None and answer.rounds >= TWICE and is_mute(answer, now)
    return silent and record.state is PoolState.ACTIVE


def is_calm(record: PoolRecord, answer: PoolAnswer | None, now: float) -> bool:
    """Whether the pool is remembered as active, and all of it answered just now."""
    return record.state is PoolState.ACTIVE and answer is not None and answer.is_well(now)


def stands(record: PoolRecord, answer: PoolAnswer | None, now: float, at: Callable[[float], str]) -> str:
    """What is remembered of the pool, never without how it answers; “active” only of one that answers."""
    words = answer_words(answer, now, at)
    if record.state is PoolState.ACTIVE:
        return f"active · {words}" if is_calm(record, answer, now) else f"{words} · no outage is declared"
    since = f" since {at(record.since)}" if record.since else ""
    state = "in outage" if record.state is PoolState.OUTAGE else str(record.state)
    return f"{state}{since} · {words}"


_SILENT = {
    Part.SIGN_IN: "sign-in refused: nothing is asked until somebody presses Try again",
    Part.WAY: "the server we ask through{through} does not answer since {since}",
    Part.POOL: "no answer since {since}",
    Part.DATA: "server{through} answers, Response Group data does not since {since}",
}
_NEVER = "server{through} answers, Response Group data could not be read yet"
