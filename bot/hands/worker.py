"""The process beside the bot that thinks about large inventories, asked through a pipe."""

from __future__ import annotations

import gc
import os
import select
import sys
from collections.abc import Generator, Sequence
from contextlib import suppress
from typing import Any, BinaryIO

from bot.domain.errors import BotError
from bot.hands.parting import Unforeseen, decoded, encoded, put, taken
from bot.runbooks import RUNBOOKS

_POLITENESS = 10
_IDLE_S = 600.0


def main(questions: BinaryIO, answers: BinaryIO) -> None:
    """Until nobody is there any more, or nobody has asked for ten minutes: what large inventories took is given back.

    Inventories hold no garbage that has to be looked for.
    """
    give_way()
    gc.disable()
    with suppress(EOFError, BrokenPipeError):
        # Only what has begun can end of a question.
        put(answers, [])
        while select.select([questions], [], [], _IDLE_S)[0]:
            put(answers, _answer(taken(questions)))
            gc.collect()


def give_way() -> None:
    """To whoever answers clicks. Not SCHED_IDLE: on a machine that is busy all the time nothing would ever be done."""
    os.nice(_POLITENESS)
    if hasattr(os, "SCHED_BATCH"):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _answer(question: Sequence[bytes]) -> list[bytes]:
    """The chunks of a pair: what came of it, and the error that came instead."""
    try:
        work, args = _whole(decoded(question, RUNBOOKS))
        return list(encoded((work(*args), None), {}))
    except BotError as error:
        return list(encoded((None, error), {}))
    except MemoryError:
        # Only a new process gets it all back.
        raise
    except Exception as fault:
        return list(encoded((None, Unforeseen(type(fault).__name__)), {}))


def _whole(steps: Generator[None, None, Any]) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


if __name__ == "__main__":
    pipe = os.fdopen(os.dup(1), "wb")
    # Whatever is printed by mistake must not get between the answers.
    os.dup2(2, 1)
    main(sys.stdin.buffer, pipe)
