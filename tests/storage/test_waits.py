"""Calls on a real server: what stands for a question, who asked for it, and when somebody has to look again."""

from __future__ import annotations

from math import inf

import pytest
from redis.asyncio import Redis

from bot.domain.errors import Newer, Unreadable
from storage import keys
from storage.runs import Runs
from storage.waits import Called, Wait, Waits

RUN, T = "failover-pool-a-1118-1106-a647", 1_795_000_000.0
WAIT = Wait(3, T, "C0INCIDENT", ("U1", "U2"), ("U3",), called=(Called("C0INCIDENT", 0, "C0INCIDENT", "1.1"),))


async def test_what_stands_is_kept_until_it_ends(redis: Redis) -> None:
    waits = Waits(redis)
    assert await waits.find(RUN, 3) == (None, "")
    await waits.put(RUN, WAIT)
    assert await waits.find(RUN, 3) == (WAIT, "")
    await waits.end(RUN)
    assert await waits.find(RUN, 3) == (None, "") and not await redis.exists(keys.wait(RUN))


async def test_one_person_asks_for_a_call_of_each_question(redis: Redis) -> None:
    waits = Waits(redis)
    assert [await waits.ask(RUN, question, name, T) for question, name in ((3, "Emil"), (3, "Finn"), (4, "Finn"))] == [
        True,
        False,
        True,
    ]
    assert [(await waits.find(RUN, question))[1] for question in (3, 4, 5)] == ["Emil", "Finn", ""]
    assert [(item.kind, item.run, item.score) for item in await Runs(redis).outbox(T)] == [("wait", RUN, T)]


async def test_nobody_looks_at_a_run_that_waits_for_nobody_unless_something_stands(redis: Redis) -> None:
    waits, runs = Waits(redis), Runs(redis)
    await waits.owe(RUN, T, False)
    assert await runs.outbox(inf) == ()
    await waits.put(RUN, WAIT)
    await waits.owe(RUN, T, False)
    assert len(await runs.outbox(inf)) == 1


async def test_what_is_owed_now_is_not_put_off_by_whoever_read_it_before(redis: Redis) -> None:
    waits, runs = Waits(redis), Runs(redis)
    await waits.owe(RUN, T, True)
    (read,) = await runs.outbox(T)
    await waits.owe(RUN, T + 1, True)
    await runs.later(read, T + 180)
    (now,) = await runs.outbox(inf)
    assert now.score == T + 1
    await runs.later(now, T + 180)
    assert [item.score for item in await runs.outbox(inf)] == [T + 180]


def test_in_each_turn_a_message_is_owed_to_whom_it_has_not_reached_and_replaces_the_one_before() -> None:
    assert list(WAIT.owed) == ["U3"]
    later = Wait(3, T, "C0INCIDENT", ("U1",), (), 1, WAIT.called)
    assert list(later.owed) == ["C0INCIDENT"] and not later.is_replaced(WAIT.called[0])
    done = Wait(3, T, "C0INCIDENT", ("U1",), (), 1, (*WAIT.called, Called("C0INCIDENT", 1, "C0INCIDENT", "2.2")))
    assert not list(done.owed) and [done.is_replaced(one) for one in done.called] == [True, False]
    unsent = Wait(3, T, "C0INCIDENT", ("U1",), (), 1, (*WAIT.called, Called("C0INCIDENT", 1)))
    assert not list(unsent.owed) and not unsent.is_replaced(WAIT.called[0]), "what could not be said replaces nothing"
    assert list(Wait(3, T, "C0INCIDENT").owed) == ["C0INCIDENT"], "where nobody is known, the channel reads of it"
    assert list(Wait(3, T, "C0INCIDENT", turn=1).owed) == [] == list(Wait(3, T).owed)


@pytest.mark.parametrize(("stored", "fault"), [(b'{"v":99,"question":1}', Newer), (b"nonsense", Unreadable)])
async def test_what_a_newer_version_wrote_or_nobody_can_read_is_left_alone(
    redis: Redis, stored: bytes, fault: type[Exception]
) -> None:
    await redis.hset(keys.wait(RUN), "wait", stored)
    with pytest.raises(fault):
        await Waits(redis).find(RUN, 1)
    assert await redis.hget(keys.wait(RUN), "wait") == stored
