"""How a subject says where it listens and what it has used, and when it ends."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aiohttp import web

HOST = "127.0.0.1"
VERIFY, BACK = "verify", "back"
"""What a subject may be told."""

Told = Callable[[str], Awaitable[None]]


async def nothing(word: str) -> None:
    """Most subjects are only asked."""


def options() -> dict[str, Any]:
    return json.loads(sys.argv[1])


async def until_closed(port: int, told: Told = nothing) -> None:
    """Says the port, then what this process has used whenever it was `told` something, until nobody is there to."""
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    _say({"port": port})
    while word := (await reader.readline()).decode().strip():
        await told(word)
        used = resource.getrusage(resource.RUSAGE_SELF)
        _say({"cpu_s": used.ru_utime + used.ru_stime, "memory": _memory()})


@asynccontextmanager
async def listening(application: web.Application) -> AsyncIterator[int]:
    """The application on a free port of this machine."""
    from aiohttp import web

    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _say(said: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


def _memory() -> int:
    """Resident bytes now; where the system does not tell, the most there ever were."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) * 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
