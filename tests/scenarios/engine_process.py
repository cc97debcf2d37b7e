"""An engine in a process of its own, to be killed: `python -m tests.scenarios.engine_process REDIS_URL [WHEN]`.

It kills itself where WHEN says so: right after the first `command` that writes was sent, or after its first `commit`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from bot.app import build
from bot.domain.deployment.cmdlets import Cmdlet
from bot.drivers.simulated import SimulatedDriver
from bot.stores import stores_over
from storage.connect import connect
from storage.worlds.worlds import RedisWorlds
from tests.scenarios.stage import CARE, WITH_NEW, NoFiles

LATENCY_S, LEASE_S, POLL_S = 0.02, 0.4, 0.05


class Doomed(SimulatedDriver):
    """The process does not outlive the first command that writes: it is done, and nobody has noted it."""

    async def invoke(self, on: str, command: Cmdlet) -> Any:
        answer = await super().invoke(on, command)
        if command.writes:
            die()
        return answer


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


LIVES: dict[str, tuple[type[SimulatedDriver], Callable[[], None]]] = {
    "": (SimulatedDriver, lambda: None),
    "command": (Doomed, lambda: None),
    "commit": (SimulatedDriver, die),
}


async def work(url: str, when: str = "") -> None:
    """From the first line of its input on, until it is killed or whoever started it is gone."""
    driven, committed = LIVES[when]
    stopped = asyncio.Event()
    async with connect(url) as client:
        driver = driven(RedisWorlds(client), clock=time.time, latency_s=LATENCY_S)
        parts = (stores_over(client), driver, WITH_NEW, CARE, NoFiles(), time.time)
        engine = build(*parts, committed=committed, lease_s=LEASE_S, poll_s=POLL_S).engine
        await asyncio.to_thread(sys.stdin.readline)
        asyncio.get_running_loop().add_reader(sys.stdin, stopped.set)
        await engine.run_forever(stopped)


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:]))
