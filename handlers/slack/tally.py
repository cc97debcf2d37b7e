"""Lines of the log that strangers can cause: the first at once, then how many more, so no attack fills a disk."""

from __future__ import annotations

import asyncio
import logging

FIRST_S = 60.0
"""From the first line to the next one; every further pause is twice as long."""

LONGEST_S = 3600.0


class Tally:
    """Counts what is said again. Sentences are this project's own words, never what was sent: there are few."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._more: dict[str, int] = {}

    def say(self, sentence: str) -> None:
        if sentence in self._more:
            self._more[sentence] += 1
            return
        self._more[sentence] = 0
        self._log.warning("%s", sentence)
        self._wait(sentence, FIRST_S)

    def _wait(self, sentence: str, pause_s: float) -> None:
        asyncio.get_running_loop().call_later(pause_s, self._sum, sentence, pause_s)

    def _sum(self, sentence: str, pause_s: float) -> None:
        """What came again goes on being counted; after a quiet pause the next one is a first one."""
        if not self._more[sentence]:
            del self._more[sentence]
            return
        self._log.warning("%s (%d more in %.0f s)", sentence, self._more[sentence], pause_s)
        self._more[sentence] = 0
        self._wait(sentence, min(pause_s * 2, LONGEST_S))
