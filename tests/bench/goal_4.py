"""Goal 4: a large backup neither stops the event loop nor takes as long as one value of its size."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from time import perf_counter

from redis.asyncio import Redis

from bot.hands.thinking import let_clicks_pass
from storage.backups.backups import Backups
from storage.connect import connect
from tests.bench.exports import backup_of, large
from tests.bench.findings import Finding, paired_async
from tests.bench.house import House, embedded_server
from tests.bench.pauses import Longest, watched

PAIRS, SIZE = 7, 100_000_000

Measure = Callable[[Callable[[], Awaitable[object]]], Awaitable[float]]


def measured(house: House) -> Iterator[Finding]:
    let_clicks_pass()
    with embedded_server() as url:
        yield Finding("4.1", asyncio.run(_times(url, _pause)), 1 / 50)
        yield Finding("4.2", asyncio.run(_times(url, _seconds)), 1 / 2)


async def _times(url: str, measure: Measure) -> float:
    """How many times as much a backup takes as one SET of it; both meet an empty server at rest."""
    client = connect(url, timeout_s=60.0)
    backups, data = Backups(client), large(SIZE)
    backup = backup_of(data, 0)

    async def felt(work: Callable[[], Awaitable[object]]) -> float:
        await _rested(client)
        return await measure(work)

    try:
        await client.config_set("auto-aof-rewrite-percentage", 0)
        return await paired_async(
            PAIRS, lambda: felt(lambda: backups.save(backup, data, {})), lambda: felt(lambda: client.set("value", data))
        )
    finally:
        await client.aclose()


async def _pause(work: Callable[[], Awaitable[object]]) -> float:
    longest = Longest()
    async with watched(longest):
        await work()
    return longest.seconds


async def _seconds(work: Callable[[], Awaitable[object]]) -> float:
    """Unwatched: a loop that never sleeps takes one core of two."""
    begun = perf_counter()
    await work()
    return perf_counter() - begun


async def _rested(client: Redis) -> None:
    """Empty, with a short log: else the server writes that anew beside whatever comes next."""
    await client.flushdb()
    await client.bgrewriteaof()
    while True:
        info = await client.info("persistence")
        if not info["aof_rewrite_in_progress"] and not info["aof_rewrite_scheduled"]:
            return
        await asyncio.sleep(0.01)
