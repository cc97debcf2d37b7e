"""An engine in a process of its own, to be killed: `python -m tests.scenarios.engine_process REDIS_URL`."""

from __future__ import annotations

import asyncio
import sys
import time

from bot.app import build
from bot.drivers.simulated import SimulatedDriver
from bot.stores import stores_over
from storage.connect import connect
from storage.worlds.worlds import RedisWorlds
from tests.scenarios.stage import CARE, ESTATE, NoFiles

LATENCY_S, LEASE_S, POLL_S = 0.02, 0.4, 0.05


async def work(url: str) -> None:
    """From the first line of its input on, until it is killed or whoever started it is gone."""
    stopped = asyncio.Event()
    async with connect(url) as client:
        driver = SimulatedDriver(RedisWorlds(client), clock=time.time, latency_s=LATENCY_S)
        parts = (stores_over(client), driver, ESTATE, CARE, NoFiles(), time.time)
        engine = build(*parts, lease_s=LEASE_S, poll_s=POLL_S).engine
        await asyncio.to_thread(sys.stdin.readline)
        asyncio.get_running_loop().add_reader(sys.stdin, stopped.set)
        await engine.run_forever(stopped)


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1]))
