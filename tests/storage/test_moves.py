"""Runs of an earlier version that move pools are listed with those of this one, once for each Redis."""

from __future__ import annotations

from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.domain.errors import StoreAway
from bot.domain.model import Pool, PoolState, Who
from bot.domain.runs.run import Change, Phase, Run
from storage import keys, moves
from storage.moves import Moves
from storage.runs import Runs
from tests import records

NOW = 1_796_000_000.0
FAILOVER = "failover-pool-a-1129-0112-768a"


async def listed(redis: Redis) -> list[str]:
    return [run.id for run in await Runs(redis).page(count=100, moving=True)]


async def ended(redis: Redis, name: str, at: float, *, moving: bool) -> None:
    """A run as an earlier version left it: in the list of all runs only."""
    run = Run(name, "failover", Pool("pool-x.contoso.com"), None, Who("T1:U1", "Anna"), at, "end", Phase.DONE)
    await Runs(redis).commit(Change(replace(run, pool_state=PoolState.FAILED_OVER if moving else None)), at)
    await redis.zrem(keys.MOVING, name)


async def test_what_0_1_left_is_found_among_those_that_move_pools(redis: Redis) -> None:
    await records.put(redis)
    assert await listed(redis) == []
    for _ in range(2):
        await Moves(redis, Runs(redis)).work(NOW)
        assert await listed(redis) == [FAILOVER]
    assert await redis.zscore(keys.MOVING, FAILOVER) == await redis.zscore(keys.RUNS, FAILOVER)


async def test_page_after_page_is_read_and_then_nothing_more(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moves, "_PAGE", 3)
    for number in range(10):
        await ended(redis, f"run-{number}", NOW + number // 4, moving=number % 2 == 1)
    await Moves(redis, Runs(redis)).work(NOW)
    assert sorted(await listed(redis)) == [f"run-{number}" for number in range(1, 10, 2)]

    await ended(redis, "later", NOW, moving=True)
    await Moves(redis, Runs(redis)).work(NOW)
    assert "later" not in await listed(redis)


class Dying(Runs):
    """Redis goes away before the run of this name is read."""

    async def find(self, run_id: str) -> Run | None:
        if run_id == FAILOVER:
            raise StoreAway("Redis does not answer.")
        return await super().find(run_id)


async def test_who_died_half_way_is_followed_by_one_who_does_all_of_it(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moves, "_PAGE", 1)
    await records.put(redis)
    await ended(redis, "before", 1.0, moving=True)
    with pytest.raises(StoreAway):
        await Moves(redis, Dying(redis)).work(NOW)
    assert await listed(redis) == ["before"]

    await Moves(redis, Runs(redis)).work(NOW)
    assert await listed(redis) == [FAILOVER, "before"]


@pytest.mark.parametrize("data", [b"\xff\xfe{", b'{"v":99,"id":"x"}'])
async def test_what_nobody_can_read_keeps_nothing_else_out(redis: Redis, data: bytes) -> None:
    await records.put(redis)
    await ended(redis, "odd", NOW - 1e9, moving=True)
    await redis.hset(keys.run("odd"), "run", data)
    await Moves(redis, Runs(redis)).work(NOW)
    assert await listed(redis) == [FAILOVER]
