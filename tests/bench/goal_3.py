"""Goal 3: ten thousand objects are verified all the while, and whoever clicks does not feel it.

3.1 is taken against the same bot at rest. 3.2 against it beside a bare loop as polite as the process that verifies: a
machine whose cores are busy anyway lets whoever clicks wait for either, and what is more than that is the bot's doing.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.bench.findings import Finding, in_turn, paired
from tests.bench.house import House
from tests.bench.presses import Pressed, pressed
from tests.bench.servers import ROOT
from tests.bench.subjects.control import VERIFY

ROUNDS, CLICKS, OBJECTS = 9, 500, 10_000
REST = "rest"
_LOOP = "from bot.hands.worker import give_way; give_way()\nwhile True: pass"


def measured(house: House) -> Iterator[Finding]:
    with pressed(house, CLICKS, "switchback", verified=OBJECTS) as bot, _bare() as beside:
        # The process that verifies is started, and stays.
        bot.server.usage(VERIFY)
        measures = {"idle": _p99(bot, REST), "verifying": _p99(bot, VERIFY), "beside": beside(_p99(bot, REST))}
        found = in_turn(ROUNDS, measures)
    yield Finding("3.1", paired(found["verifying"], found["idle"]), 1.25)
    yield Finding("3.2", paired(found["verifying"], found["beside"]), 1.25)


def _p99(bot: Pressed, word: str) -> Callable[[], float]:
    def p99() -> float:
        bot.server.usage(word)
        return bot.p99()

    return p99


@contextmanager
def _bare() -> Iterator[Callable[[Callable[[], float]], Callable[[], float]]]:
    """Lets a process that only computes do so while something is measured."""
    loop = subprocess.Popen([sys.executable, "-c", _LOOP], cwd=ROOT)
    loop.send_signal(signal.SIGSTOP)

    def beside(measure: Callable[[], float]) -> Callable[[], float]:
        def both() -> float:
            loop.send_signal(signal.SIGCONT)
            try:
                return measure()
            finally:
                loop.send_signal(signal.SIGSTOP)

        return both

    try:
        yield beside
    finally:
        loop.kill()
        loop.wait()
