"""Chores: once per period over any number of processes, on after any failure, and fenced off when frozen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from redis.asyncio import Redis

from bot.chores.chores import Chore, Chores, always
from bot.domain.errors import BadInput
from storage import keys
from storage.notices import Notice, Notices
from storage.turns import Turn, Turns
from tests.patience import PATIENCE_S, until

NOW = 1_795_000_000.0
LONG = 3600.0


class Asked:
    """How often anybody has asked whether a chore is due; each chore asks every few milliseconds."""

    def __init__(self) -> None:
        self.times = 0

    async def __call__(self) -> None:
        self.times += 1

    async def often(self, more: int = 20) -> None:
        """Until that was asked so many times more."""
        enough = self.times + more

        async def asked() -> bool:
            return self.times >= enough

        await until(asked)


def chores(redis: Redis, *rows: Chore, lease_s: float = 60.0, allow: Callable[[], Awaitable[None]] = always) -> Chores:
    return Chores(rows, Turns(redis), Notices(redis), lambda: NOW, poll_s=0.01, lease_s=lease_s, allow=allow)


@asynccontextmanager
async def at_work(*many: Chores) -> AsyncIterator[None]:
    """Each in a task, as in a process of its own, until the test is over."""
    stopped = asyncio.Event()
    tasks = [asyncio.create_task(one.run_forever(stopped)) for one in many]
    try:
        yield
    finally:
        stopped.set()
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*tasks)


def counting(done: list[float]) -> Callable[[float], Awaitable[None]]:
    async def work(now: float) -> None:
        done.append(now)

    return work


async def ended(redis: Redis, key: str) -> bool:
    return bool(await redis.hget(keys.turn(key), "ended"))


async def test_any_number_of_processes_do_a_chore_once_per_period(redis: Redis) -> None:
    done: list[float] = []
    asked = Asked()
    rows = [chores(redis, Chore("count", LONG, counting(done)), allow=asked) for _ in range(8)]
    async with at_work(*rows):
        await until(lambda: ended(redis, "count"))
        await asked.often(20 * len(rows))

    assert done == [NOW]


async def test_a_restart_does_nothing_again_that_was_done_within_its_period(redis: Redis) -> None:
    done: list[float] = []
    asked = Asked()
    for _ in range(3):
        async with at_work(chores(redis, Chore("count", LONG, counting(done)), allow=asked)):
            await until(lambda: ended(redis, "count"))
            await asked.often()

    assert len(done) == 1


async def test_a_chore_is_done_again_when_its_period_is_over(redis: Redis) -> None:
    done: list[float] = []

    async def thrice() -> bool:
        return len(done) >= 3

    async with at_work(chores(redis, Chore("count", 0.02, counting(done)))):
        await until(thrice)


async def test_one_that_fails_stands_as_a_notice_and_stops_no_other(redis: Redis) -> None:
    done: list[float] = []

    async def fails(now: float) -> None:
        raise BadInput("The folder is not there.")

    rows = (Chore("copy", LONG, fails, "Copying backups"), Chore("count", LONG, counting(done)))
    async with at_work(chores(redis, *rows)):
        await until(Notices(redis).standing)
        await until(lambda: ended(redis, "count"))

    (notice,) = await Notices(redis).standing()
    assert notice.sentence == "Copying backups could not be done: The folder is not there."
    assert notice.details == ("It is tried again at 11:11 UTC.",)
    assert done == [NOW]


async def test_the_notice_ends_when_the_chore_works_again(redis: Redis) -> None:
    faults = [BadInput("Not yet."), BadInput("Not yet.")]

    async def works_in_the_end(now: float) -> None:
        if faults:
            raise faults.pop()

    async def over() -> Notice | None:
        found = await Notices(redis).find("chore:copy")
        return found if found and found.over else None

    async with at_work(chores(redis, Chore("copy", 0.02, works_in_the_end, "Copying backups"))):
        await until(over)

    found = await over()
    assert found and (found.over, found.count) == ("Copying backups works again.", 2)


async def test_a_mistake_of_our_own_is_told_without_its_text(redis: Redis) -> None:
    async def stumbles(now: float) -> None:
        raise ValueError("+49 30 5550 1234")

    async with at_work(chores(redis, Chore("copy", LONG, stumbles))):
        await until(Notices(redis).standing)

    (notice,) = await Notices(redis).standing()
    assert "ValueError, line" in notice.sentence and "5550" not in notice.sentence


async def test_long_work_keeps_its_turn(redis: Redis) -> None:
    """It outlives the lease that it began with."""
    begun: list[float] = []

    async def until_ms() -> int:
        return int(await redis.hget(keys.turn("slow"), "until") or 0)

    async def slow(now: float) -> None:
        begun.append(now)
        first = await until_ms()

        async def is_over() -> bool:
            seconds, micros = await redis.time()
            return seconds * 1000 + micros / 1000 > first + 100

        await until(is_over)

    # Long, so that whoever stumbles on a bad day still renews it in time.
    rows = [chores(redis, Chore("slow", LONG, slow), lease_s=2.0) for _ in range(3)]
    async with at_work(*rows):
        await until(lambda: ended(redis, "slow"))

    assert len(begun) == 1


async def test_whoever_froze_is_followed_and_his_late_finish_says_nothing(redis: Redis) -> None:
    """Frozen: the lease is not renewed, as in a process that was stopped, and the work fails when it thaws."""
    thaw, done, late = asyncio.Event(), [], asyncio.Event()

    class Frozen(Turns):
        async def renew(self, turn: Turn, lease_s: float) -> bool:
            return True

        async def done(self, turn: Turn, *, well: bool) -> bool:
            counts = await super().done(turn, well=well)
            late.set()
            return counts

    async def stuck(now: float) -> None:
        done.append("begun")
        await thaw.wait()
        raise BadInput("Too late.")

    async def heirs(now: float) -> None:
        done.append("done")

    frozen = Chores([Chore("count", LONG, stuck)], Frozen(redis), Notices(redis), lambda: NOW, poll_s=9, lease_s=0.05)
    async with at_work(frozen):
        await until(lambda: redis.exists(keys.turn("count")))
        async with at_work(chores(redis, Chore("count", LONG, heirs))):
            await until(lambda: ended(redis, "count"))
            before = await redis.hgetall(keys.turn("count"))
            thaw.set()
            async with asyncio.timeout(PATIENCE_S):
                await late.wait()

    assert done == ["begun", "done"]
    assert await redis.hgetall(keys.turn("count")) == before
    assert await Notices(redis).standing() == ()


async def test_when_everything_stops_work_is_cancelled_and_due_again(redis: Redis) -> None:
    done: list[str] = []

    async def endless(now: float) -> None:
        done.append("begun")
        await asyncio.Event().wait()

    async def begun() -> bool:
        return bool(done)

    async with at_work(chores(redis, Chore("count", LONG, endless), lease_s=0.1)):
        await until(begun)
    assert not await ended(redis, "count")

    async with at_work(chores(redis, Chore("count", LONG, counting([])))):
        await until(lambda: ended(redis, "count"))


async def test_while_something_stands_against_it_no_chore_is_done(redis: Redis) -> None:
    done: list[float] = []
    asked, against = Asked(), ["A restore has not ended."]

    async def allow() -> None:
        await asked()
        if against:
            raise BadInput(against[0])

    async with at_work(chores(redis, Chore("count", LONG, counting(done)), allow=allow)):
        await asked.often()
        assert done == [] and await redis.keys("turn:*") == []
        against.clear()
        await until(lambda: ended(redis, "count"))


async def test_while_redis_refuses_the_chores_wait_and_go_on_afterwards(redis: Redis) -> None:
    done: list[float] = []
    asked = Asked()
    await redis.config_set("maxmemory", "1")
    try:
        async with at_work(chores(redis, Chore("count", LONG, counting(done)), allow=asked)):
            await asked.often()
            assert done == []
            await redis.config_set("maxmemory", "0")
            await until(lambda: ended(redis, "count"))
    finally:
        await redis.config_set("maxmemory", "0")
    assert done == [NOW]
