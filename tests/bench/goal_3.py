"""Goal 3: ten thousand objects are verified all the while, and whoever clicks does not feel it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.bench.findings import Finding, paired
from tests.bench.house import House
from tests.bench.presses import Pressed, pressed
from tests.bench.subjects.control import VERIFY

PAIRS, CLICKS, OBJECTS = 11, 600, 10_000


def measured(house: House) -> Iterator[Finding]:
    with pressed(house, CLICKS, "switchback", verified=OBJECTS) as bot:
        # The process that verifies is started and stays.
        bot.server.usage(VERIFY)
        yield Finding("3", paired(PAIRS, _p99(bot, VERIFY), _p99(bot, "rest")), 1.25)


def _p99(bot: Pressed, word: str) -> Callable[[], float]:
    def p99() -> float:
        bot.server.usage(word)
        return bot.p99()

    return p99
