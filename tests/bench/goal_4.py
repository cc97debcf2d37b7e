"""Goal 4: a large backup neither stops the event loop nor takes as long as one value of its size."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from statistics import median
from time import perf_counter

from redis.asyncio import Redis

from storage.backups.backups import Backups
from storage.connect import connect
from tests.bench.exports import backup_of, large
from tests.bench.findings import Finding
from tests.bench.house import House, embedded_server

ROUNDS, SIZE = 5, 100_000_000


@dataclass(slots=True)
class Felt:
    """How long something took, and the longest time that the event loop did nothing else; seconds."""

    took: float = 0.0
    pause: float = 0.0


def measured(house: House) -> Iterator[Finding]:
    with embedded_server() as url:
        backup, value = asyncio.run(_felt(url))
    yield Finding("4.1", backup.pause / value.pause, 1 / 50)
    yield Finding("4.2", backup.took / value.took, 1 / 2)


async def _felt(url: str) -> tuple[Felt, Felt]:
    client = connect(url)
    backups = Backups(client)
    exports = [large(SIZE, seed) for seed in range(ROUNDS)]
    found: dict[str, list[Felt]] = {"backup": [], "value": []}
    try:
        for number, data in enumerate(exports):
            backup = backup_of(data, number)
            found["value"].append(await _measured(lambda data=data: client.set("value", data)))
            found["backup"].append(await _measured(lambda one=backup, data=data: backups.save(one, data, {})))
            await _emptied(client)
    finally:
        await client.aclose()
    return tuple(Felt(median(x.took for x in felt), median(x.pause for x in felt)) for felt in found.values())


async def _measured(work: Callable[[], Awaitable[object]]) -> Felt:
    felt = Felt()
    async with _watched(felt):
        begun = perf_counter()
        await work()
        felt.took = perf_counter() - begun
    return felt


@asynccontextmanager
async def _watched(felt: Felt) -> AsyncIterator[None]:
    async def watch() -> None:
        last = perf_counter()
        while True:
            await asyncio.sleep(0)
            now = perf_counter()
            felt.pause, last = max(felt.pause, now - last), now

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    try:
        yield
    finally:
        watching.cancel()


async def _emptied(client: Redis) -> None:
    await client.flushdb()
