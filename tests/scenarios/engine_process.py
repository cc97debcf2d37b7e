"""An engine in a process of its own, to be killed: `python -m tests.scenarios.engine_process REDIS_URL`."""

from __future__ import annotations

import asyncio
import sys
import time

from bot.drivers.simulated import SimulatedDriver
from bot.engine import Engine
from bot.hands.hands import Hands
from bot.runbooks import RUNBOOKS
from storage.backups.backups import Backups
from storage.backups.keepings import Keepings
from storage.connect import connect
from storage.runs import Runs
from storage.worlds.worlds import RedisWorlds
from tests.scenarios.stage import ESTATE

LATENCY_S, LEASE_S, POLL_S = 0.02, 0.4, 0.05


async def work(url: str) -> None:
    """From the first line of its input on, until it is killed or whoever started it is gone."""
    stopped = asyncio.Event()
    async with connect(url) as client:
        runs = Runs(client)
        driver = SimulatedDriver(RedisWorlds(client), clock=time.time, latency_s=LATENCY_S)
        hands = Hands(driver, Backups(client), runs, time.time, keepings=Keepings(client))
        engine = Engine(runs, hands, RUNBOOKS, ESTATE, clock=time.time, lease_s=LEASE_S, poll_s=POLL_S)
        await asyncio.to_thread(sys.stdin.readline)
        asyncio.get_running_loop().add_reader(sys.stdin, stopped.set)
        await engine.run_forever(stopped)


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1]))
