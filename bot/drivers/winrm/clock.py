"""What time it is at a server, by its own word: whoever answers by HTTP says it, even to whom it refuses."""

from __future__ import annotations

import time
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any


class Clock:
    """`ahead_s`: so many seconds the server's clock is ahead of this machine's; None while it has not told."""

    def __init__(self) -> None:
        self.ahead_s: float | None = None

    def heard(self, answer: Any, *_: Any, **__: Any) -> None:
        """As a hook of the client."""
        with suppress(ValueError):
            self.ahead_s = parsedate_to_datetime(answer.headers.get("Date")).timestamp() - time.time()
