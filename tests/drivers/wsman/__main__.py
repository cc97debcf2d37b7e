"""`make demo DRIVER=winrm`: the demo, with its pools behind servers that are reached over PowerShell remoting."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from argparse import ArgumentParser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from redis.asyncio import Redis

from bot.commands.demo import demo
from bot.domain.errors import BadInput
from bot.drivers.base import Driver
from bot.drivers.simulated import SimulatedDriver
from bot.drivers.winrm.driver import WinRM
from bot.settings.settings import Settings, load
from storage.worlds.worlds import RedisWorlds
from tests.drivers.wsman.site import served

HOW = "Its pools are reached over PowerShell remoting: TLS, NTLM and WinRM's own messages, on this machine."


@asynccontextmanager
async def remote(settings: Settings, client: Redis) -> AsyncIterator[Driver]:
    worlds = RedisWorlds(client)
    simulated = SimulatedDriver(worlds, clock=time.time)
    with TemporaryDirectory() as folder:
        async with served(simulated, worlds, [pool.fqdn for pool in settings.pools], Path(folder)) as site:
            yield WinRM(site.endpoints)


def main() -> int:
    asked = ArgumentParser(prog="demo")
    asked.add_argument("--export", type=Path, help="fill the first pool from this export")
    try:
        asyncio.run(demo(load(os.environ), asked.parse_args().export, remote, HOW))
    except BadInput as fault:
        print(fault.sentence, file=sys.stderr)  # noqa: T201
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
