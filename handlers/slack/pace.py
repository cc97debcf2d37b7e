"""How fast Slack may be told things: by method and channel, so that one place that is full holds up no other."""

from __future__ import annotations

POST_S = 1.0
"""Between two new messages in one channel (facts: slack rate tiers)."""

POST = "chat.postMessage"
_MOST = 1000

Way = tuple[str, str]
"""A method, and the channel that it is called for."""


class Pace:
    """Until when which way is held back, in seconds since the epoch."""

    def __init__(self) -> None:
        self._held: dict[Way, tuple[float, float]] = {}

    def held(self, method: str, channel: str, now: float) -> float:
        """Until when nothing may go this way; 0.0 when it is free. A clock that was put back holds nobody up."""
        since, until = self._held.get((method, channel), (now, 0.0))
        return until if since <= now < until else 0.0

    def said(self, method: str, channel: str, now: float) -> None:
        """Something went this way: the next message comes a little later, the next edit may follow."""
        if method == POST:
            self.hold(method, channel, now, POST_S)

    def hold(self, method: str, channel: str, now: float, seconds: float) -> float:
        """Nothing goes this way for so long; gives until when."""
        if len(self._held) >= _MOST:
            self._held = {way: (since, until) for way, (since, until) in self._held.items() if since <= now < until}
        self._held[method, channel] = now, now + seconds
        return now + seconds
