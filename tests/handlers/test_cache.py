"""What Slack said is remembered for a while, and never longer than it is true."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from handlers.slack.cache import Cache


@dataclass(slots=True)
class Slow:
    """Answers `said` as it was when the question came, once `answer` is set."""

    said: str = "old"
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    answer: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[str] = field(default_factory=list)

    async def __call__(self, key: str) -> str:
        self.asked.append(key)
        said = self.said
        self.begun.set()
        await self.answer.wait()
        if said == "fault":
            raise OSError
        return said


async def test_a_change_while_the_question_is_under_way_is_not_overlooked() -> None:
    slow = Slow()
    cache = Cache(slow)
    early = asyncio.ensure_future(cache.get("U1"))
    await slow.begun.wait()

    slow.said = "new"
    cache.forget("U1")
    slow.answer.set()

    assert await early == "old"
    assert await cache.get("U1") == "new"


async def test_whoever_gives_up_does_not_take_the_answer_from_others() -> None:
    slow = Slow()
    cache = Cache(slow)
    patient, hasty = asyncio.ensure_future(cache.get("U1")), asyncio.ensure_future(cache.get("U1"))
    await slow.begun.wait()

    hasty.cancel()
    slow.answer.set()

    assert await patient == "old" and slow.asked == ["U1"]


async def test_a_question_that_failed_is_asked_again() -> None:
    slow = Slow("fault")
    slow.answer.set()
    cache = Cache(slow)
    with pytest.raises(OSError):
        await cache.get("U1")

    slow.said = "new"

    assert await cache.get("U1") == "new"


async def test_no_more_answers_are_remembered_than_allowed() -> None:
    slow = Slow()
    slow.answer.set()
    cache = Cache(slow, most=2)

    for key in ("U1", "U2", "U3", "U2", "U1"):
        await cache.get(key)

    assert slow.asked == ["U1", "U2", "U3", "U1"]
