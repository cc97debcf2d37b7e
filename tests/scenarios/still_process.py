"""A whole bot in a process of its own, which stands still: `python -m tests.scenarios.still_process REDIS_URL`."""

from __future__ import annotations

import asyncio
import sys
import time

from bot.app import at_work
from storage.connect import connect
from tests.patience import PATIENCE_S
from tests.scenarios.house import house

TICKS, TICK_S = 20, 0.05


async def main(url: str) -> None:
    async with connect(url) as client, house(client) as rooms:
        asyncio.get_running_loop().call_later(0.5, time.sleep, PATIENCE_S)
        await at_work(rooms.bot, ticks=TICKS, tick_s=TICK_S)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
