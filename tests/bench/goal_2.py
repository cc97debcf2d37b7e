"""Goal 2: one transition against one GET through the same client, and who wins when fifty click at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from storage.connect import connect
from tests.bench.clicks import Line, request
from tests.bench.findings import Finding, alternated_async
from tests.bench.house import House
from tests.bench.servers import served
from tests.bench.transitions import Transitions

ROUNDS, TIMES, CLICKS = 20, 100, 50


def measured(house: House) -> Iterator[Finding]:
    took = asyncio.run(_transition(house))
    yield Finding("2.1", took["commit"] / took["get"], 1.3)
    yield Finding("2.2", _winners(house), 1)


async def _transition(house: House) -> dict[str, float]:
    client = connect(house.environ["REDIS_URL"])
    try:
        transitions = Transitions(client, house.run)
        await client.set("bench", house.as_it_waits)
        await transitions.one()
        return await alternated_async(ROUNDS, TIMES, {"get": lambda: client.get("bench"), "commit": transitions.one})
    finally:
        await client.aclose()


def _winners(house: House) -> int:
    """How many of fifty identical clicks, sent at the same time by one person, were carried out."""
    house.put_back()
    before = house.approvals()
    with ExitStack() as stack, served("switchback", environ=house.environ) as server:
        lines = [stack.enter_context(Line(server.port)) for _ in range(CLICKS)]
        requests = [request(house.click()) for _ in lines]
        with ThreadPoolExecutor(CLICKS) as threads:
            list(threads.map(Line.acknowledged, lines, requests))
    return house.approvals() - before
