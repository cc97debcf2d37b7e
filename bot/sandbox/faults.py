"""Slack on a bad day: rate limits on a switch, the next calls failing, Slack away altogether."""

from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

WINDOW_SECONDS = 60.0
POSTS_PER_SECOND = 1

T = TypeVar("T")


class Trouble(StrEnum):
    """What may happen to a call instead of an answer."""

    RATELIMITED = "ratelimited"
    SERVER_ERROR = "server_error"
    DROPPED = "dropped"
    DROPPED_AFTER = "dropped_after"
    SLOW = "slow"


@dataclass(frozen=True, slots=True)
class Fault:
    trouble: Trouble
    seconds: float = 0.0


ANY = "*"
"""Every method, or every channel."""


class Faults:
    """The switches. `away` drops every connection; `rate_limits` applies Slack's tiers per method and minute.

    `refused` and `limited` lead from a method and a channel, or any, to Slack's word for no and to Retry-After.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._next: deque[Fault] = deque()
        self._calls: dict[str, deque[float]] = defaultdict(deque)
        self.refused: dict[tuple[str, str], str] = {}
        self.limited: dict[tuple[str, str], float] = {}
        self.rate_limits = False
        self.away = False

    def next_calls(self, count: int, trouble: Trouble, seconds: float = 1.0) -> None:
        """Let the next `count` calls of the Web API meet this trouble; `seconds` is Retry-After or the delay."""
        self._next.extend([Fault(trouble, seconds)] * count)

    def meet(self, method: str, per_minute: int, channel: str = "") -> Fault | None:
        """What this call runs into, if anything. Posting is limited to one a second per channel besides."""
        if self.away:
            return Fault(Trouble.DROPPED)
        if self._next:
            return self._next.popleft()
        if seconds := _first(self.limited, method, channel):
            return Fault(Trouble.RATELIMITED, seconds)
        if not self.rate_limits:
            return None
        wait = self._wait(method, per_minute, WINDOW_SECONDS)
        if not wait and method == "chat.postMessage":
            wait = self._wait(f"{method} {channel}", POSTS_PER_SECOND, 1.0)
        return Fault(Trouble.RATELIMITED, wait) if wait else None

    def refusal(self, method: str, channel: str = "") -> str:
        """Slack's word for no to this call, if it says no to it."""
        return _first(self.refused, method, channel) or ""

    def _wait(self, key: str, calls: int, window: float) -> float:
        now, recent = self._clock(), self._calls[key]
        while recent and recent[0] <= now - window:
            recent.popleft()
        if len(recent) >= calls:
            return recent[0] + window - now
        recent.append(now)
        return 0.0


def _first(table: Mapping[tuple[str, str], T], method: str, channel: str) -> T | None:
    ways = ((method, channel), (method, ANY), (ANY, channel), (ANY, ANY))
    return next((table[way] for way in ways if way in table), None)
