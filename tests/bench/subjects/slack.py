"""The stand-in for Slack, so that what asks it who somebody is gets an answer."""

from __future__ import annotations

import asyncio

from bot.commands import check as checks
from bot.sandbox import MemoryJournal, Sandbox
from tests.bench.subjects.control import until_closed


async def main() -> None:
    sandbox = Sandbox(checks.manifest(), MemoryJournal())
    address = await sandbox.start()
    try:
        await until_closed(int(address.rpartition(":")[2]))
    finally:
        await sandbox.stop()


if __name__ == "__main__":
    asyncio.run(main())
