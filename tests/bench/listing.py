"""A page of a pool's backups takes as long among ten thousand kept ones as among a hundred."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from redis.asyncio import Redis

from storage.backups.backups import Backups
from storage.backups.keepings import Keepings
from storage.connect import connect
from tests.bench.exports import backup_of
from tests.bench.findings import Finding, alternated_async
from tests.bench.house import House, embedded_server

ROUNDS, TIMES = 12, 60
FEW, MANY = 100, 10_000
POOL = "pool-a.contoso.com"


def measured(house: House) -> Iterator[Finding]:
    with embedded_server() as few, embedded_server() as many:
        took = asyncio.run(_listed(few, many))
    yield Finding("listing", took["many"] / took["few"], 1.3)


async def _listed(few: str, many: str) -> dict[str, float]:
    clients = {"few": connect(few), "many": connect(many)}
    try:
        for name, count in (("few", FEW), ("many", MANY)):
            await _fill(clients[name], count)
        return await alternated_async(
            ROUNDS, TIMES, {name: lambda one=one: _page(one) for name, one in clients.items()}
        )
    finally:
        for client in clients.values():
            await client.aclose()


async def _page(client: Redis) -> None:
    """What a list shows: ten from the middle, with what is known of each."""
    backups = Backups(client)
    first = await backups.page(POOL)
    page = await backups.page(POOL, before=first[-1].id)
    await Keepings(client).read([backup.id for backup in page])


async def _fill(client: Redis, count: int) -> None:
    backups = Backups(client)
    for number in range(count):
        data = b"PK%d" % number
        await backups.save(backup_of(data, number, POOL), data, {})
