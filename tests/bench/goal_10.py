"""Goal 10: a month of daily exports takes little more room than one of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from storage.backups.backups import Backups
from storage.connect import connect
from tests.bench.exports import backup_of, days
from tests.bench.findings import Finding
from tests.bench.house import House, embedded_server

DAYS, RECORDINGS, RECORDING_BYTES, CHANGED = 30, 200, 277_000, 0.01
# As in the fact that the goal goes back to: exports of 56 MB, a sixtieth of which is XML.


def measured(house: House) -> Iterator[Finding]:
    with embedded_server() as url:
        stored, exported = asyncio.run(_kept(url))
    yield Finding("10", stored / exported, 1 / 15)


async def _kept(url: str) -> tuple[int, int]:
    """Bytes that Redis takes more than before, and bytes that were exported."""
    client, exported = connect(url), 0
    try:
        before = (await client.info("memory"))["used_memory"]
        backups = Backups(client)
        for number, data in enumerate(days(DAYS, RECORDINGS, RECORDING_BYTES, CHANGED)):
            await backups.save(backup_of(data, number), data, {})
            exported += len(data)
            if number in (0, DAYS - 1) and await backups.load(backup_of(data, number).id) != data:
                raise RuntimeError("what is kept is not what was exported")
        return (await client.info("memory"))["used_memory"] - before, exported
    finally:
        await client.aclose()
