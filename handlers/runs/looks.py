"""How a pool stands, as status, Home and pools show it: green only where the pool itself answered just now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.domain.deployment.answers import PoolAnswer, answer_words, is_calm, stands
from bot.domain.measures import numbered
from bot.domain.model import PoolRecord, PoolState
from handlers.blocks.wording import when

MARKS: Mapping[PoolState, str] = {
    PoolState.OUTAGE: "🔴",
    PoolState.FAILING_OVER: "🟠",
    PoolState.FAILED_OVER: "🟣",
    PoolState.FAILING_BACK: "🔵",
    PoolState.REPLACING: "🟤",
    PoolState.RETIRED: "⚫",
    PoolState.UNKNOWN: "⚪",
}

_WELL = "🟢"


def look(record: PoolRecord, answer: PoolAnswer | None, now: float, silent: int = 0) -> str:
    """A mark and what is known, in Slack's own markup, with the reader's time; `silent` groups ring nobody."""
    mark, said = _mark(record, answer, now), stands(record, answer, now, when)
    if not silent:
        return f"{mark} {said}"
    return f"{'⚠️' if mark == _WELL else mark} {said} · {numbered(silent, 'group')} ring nobody"


def calm_look(answers: Sequence[PoolAnswer], others: int, now: float) -> str:
    """The same of all pools that are active and answer, in one line with the oldest of their answers."""
    words = answer_words(min(answers, key=lambda one: one.at), now, when)
    which = "The other " if others else "All " if len(answers) > 1 else ""
    return f"{_WELL} {which}{numbered(len(answers), 'pool')} active · {words}"


def _mark(record: PoolRecord, answer: PoolAnswer | None, now: float) -> str:
    if record.state is not PoolState.ACTIVE:
        return MARKS[record.state]
    if is_calm(record, answer, now):
        return _WELL
    return "🔴" if answer is not None and answer.is_silent and answer.is_fresh(now) else "⚪"
