"""Notices on a real server: said, counted, over; each change with its mark in the outbox."""

from __future__ import annotations

import asyncio

from redis.asyncio import Redis

from storage.cards import Place
from storage.notices import COUNT_S, Notices
from storage.runs import OutboxItem, Runs

T = 1_795_000_000.25


async def marked(redis: Redis, by: float = float("inf")) -> list[float]:
    """When the notice's marks in the outbox are due, of those due by then."""
    return [item.score for item in await Runs(redis).outbox(by) if item.key == "notice:disk"]


async def sent(redis: Redis) -> None:
    for item in await Runs(redis).outbox(float("inf")):
        await Runs(redis).sent(item)


async def test_what_is_said_stands_and_is_marked_to_be_shown(redis: Redis) -> None:
    notices = Notices(redis)
    await notices.say("disk", "The disk is full.", T, ("Make room.",))

    (notice,) = await notices.standing()
    assert (notice.key, notice.sentence, notice.details) == ("disk", "The disk is full.", ("Make room.",))
    assert (notice.since, notice.at, notice.count, notice.over) == (T, T, 1, "")
    assert await Runs(redis).outbox(T) == (OutboxItem("notice:disk", "notice", "disk", T),)


async def test_said_once_more_it_is_counted_and_shown_at_most_once_an_hour(redis: Redis) -> None:
    notices = Notices(redis)
    for second in range(50):
        await notices.say("disk", "The disk is full.", T + second)
    assert await marked(redis) == [T]
    await sent(redis)
    for second in range(50, 100):
        await notices.say("disk", "The disk is full.", T + second)

    assert await marked(redis) == [T + COUNT_S]
    (notice,) = await notices.standing()
    assert (notice.count, notice.since, notice.at) == (100, T, T + 99)


async def test_a_notice_with_other_words_is_shown_at_once(redis: Redis) -> None:
    notices = Notices(redis)
    await notices.say("disk", "The disk is full.", T)
    await notices.say("disk", "The disk is full.", T + 1)
    await sent(redis)
    await notices.say("disk", "The disk is broken.", T + 2)

    assert await marked(redis, T + 2) == [T + 2]


async def test_what_is_over_stands_no_more_until_it_is_said_anew(redis: Redis) -> None:
    notices = Notices(redis)
    await notices.say("disk", "The disk is full.", T)
    assert await notices.end("disk", "There is room again.", T + 5)
    assert await notices.standing() == ()
    found = await notices.find("disk")
    assert found and (found.over, found.ended) == ("There is room again.", T + 5)
    assert await marked(redis) == [T + 5]

    await notices.say("disk", "The disk is full.", T + 9)
    (notice,) = await notices.standing()
    assert (notice.since, notice.count, notice.over) == (T + 9, 1, "")


async def test_what_never_stood_or_is_over_cannot_end(redis: Redis) -> None:
    notices = Notices(redis)
    assert not await notices.end("disk", "There is room again.", T)
    assert await marked(redis) == [] and await notices.find("disk") is None
    await notices.say("disk", "The disk is full.", T)
    await notices.end("disk", "There is room again.", T + 1)
    assert not await notices.end("disk", "There is room again, once more.", T + 2)
    assert await marked(redis) == [T + 1]


async def test_once_its_end_is_shown_it_is_forgotten_but_not_when_it_stands_again(redis: Redis) -> None:
    notices = Notices(redis)
    await notices.say("disk", "The disk is full.", T)
    await notices.placed("disk", Place("C1", "1.2"))
    await notices.end("disk", "There is room again.", T + 1)
    await notices.say("disk", "The disk is full.", T + 2)
    await notices.forget("disk")
    (notice,) = await notices.standing()
    assert notice.place is None, "its message says that it is over: the next is news"

    await notices.end("disk", "There is room again.", T + 3)
    await notices.forget("disk")
    assert await notices.find("disk") is None


async def test_many_that_say_the_same_at_once_are_all_counted(redis: Redis) -> None:
    notices = Notices(redis)
    await asyncio.gather(*(notices.say("disk", "The disk is full.", T) for _ in range(40)))

    assert [notice.count for notice in await notices.standing()] == [40]
    assert await marked(redis) == [T]
