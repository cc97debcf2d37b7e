"""Goal 5: what is registered and what is stored makes no click and no page slower."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace

from redis.asyncio import Redis

from bot.domain.runs.run import Phase, Run
from storage import keys
from storage.connect import connect
from storage.runs import RUN, Runs
from tests.bench.findings import Finding, alternated, alternated_async
from tests.bench.house import House, embedded_server
from tests.bench.presses import pressed
from tests.bench.transitions import AT, Transitions

ROUNDS, CLICKS, TIMES = 12, 120, 60
FEW_BUTTONS, MANY_BUTTONS = 2, 200
FEW_RUNS, MANY_RUNS, BATCH = 100, 100_000, 2_000


def measured(house: House) -> Iterator[Finding]:
    p50 = _buttons(house)
    yield Finding("5.1", p50["many"] / p50["few"], 1.1)
    with embedded_server() as few, embedded_server() as many:
        took = asyncio.run(_stored(house, few, many))
    yield Finding("5.2", took["transition of many"] / took["transition of few"], 1.3)
    yield Finding("5.3", took["page of many"] / took["page of few"], 1.3)


def _buttons(house: House) -> dict[str, float]:
    with (
        pressed(house, CLICKS, "switchback", buttons_in_all=FEW_BUTTONS) as few,
        pressed(house, CLICKS, "switchback", buttons_in_all=MANY_BUTTONS) as many,
    ):
        return alternated(ROUNDS, {"few": few.p50, "many": many.p50})


async def _stored(house: House, few: str, many: str) -> dict[str, float]:
    works = {}
    clients = {"few": connect(few), "many": connect(many)}
    try:
        for name, count in (("few", FEW_RUNS), ("many", MANY_RUNS)):
            client = clients[name]
            await _fill(client, house.run, count)
            transitions, runs = Transitions(client, house.run), Runs(client)
            works[f"transition of {name}"], works[f"page of {name}"] = transitions.one, runs.page
            await transitions.one()
        return await alternated_async(ROUNDS, TIMES, works)
    finally:
        for client in clients.values():
            await client.aclose()


async def _fill(client: Redis, like: Run, count: int) -> None:
    """So many runs that are over, as commits leave them, in batches: each on its own would take a minute."""
    over = replace(like, phase=Phase.DONE, records=(), facts={}, proposal=None, pool_state=None)
    for first in range(0, count, BATCH):
        pipe = client.pipeline(transaction=False)
        for number in range(first, min(first + BATCH, count)):
            run = replace(over, id=f"backup-pool-a-{number:06}", opened_at=AT - number)
            pipe.hset(keys.run(run.id), mapping={"version": 9, "run": RUN.encode(run)})
            pipe.xadd(keys.audit(run.id), {"entry": b"{}"})
            pipe.zadd(keys.RUNS, {run.id: run.opened_at})
        await pipe.execute()
