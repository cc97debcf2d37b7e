"""Where servers replicate the groups by themselves, nothing is imported or removed beside that."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest
from redis.asyncio import Redis

from bot.domain.runs.opening import Estate
from bot.domain.runs.run import Phase
from tests.scenarios.books import started
from tests.scenarios.stage import ANNA, ESTATE, POOLS, A, B, Stage, stage_of

LATE = {fqdn: replace(pool, version="2019") for fqdn, pool in POOLS.items()}


async def late(redis: Redis, build: str, replicates: bool) -> Stage:
    """Both pools of the pair run 2019."""
    stage = await stage_of(redis)
    world, version = await stage.worlds.load()
    for fqdn in (A, B):
        world = world.with_pool(replace(world.pools[fqdn], version="2019", build=build))
    await stage.worlds.save(replace(world, replicates=replicates), version)
    stage.rebuilt(Estate(MappingProxyType(LATE), ESTATE.pairs, ESTATE.unpaired))
    return stage


@pytest.mark.parametrize("book", ["prestage", "clean-up"])
async def test_replicas_are_left_alone(redis: Redis, book: str) -> None:
    stage = await late(redis, "7.0.2046.123", replicates=True)
    run = await started(stage, book)
    assert (run.step, run.phase) == ("mode-refused", Phase.STOPPED)
    run = await stage.press(run, "retry", ANNA)
    assert (run.step, run.phase) == ("mode-refused", Phase.STOPPED)
    assert (await stage.press(run, "mode-again", ANNA)).step == "mode-refused"


@pytest.mark.parametrize("book", ["prestage", "clean-up"])
async def test_where_it_is_off_the_run_goes_on(redis: Redis, book: str) -> None:
    stage = await late(redis, "7.0.2046.123", replicates=False)
    run = await started(stage, book)
    assert run.record_of("mode-refused").mark == "skipped"
