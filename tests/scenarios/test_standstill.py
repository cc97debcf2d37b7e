"""A bot whose loops do not turn any more ends itself with exit code 3, so that its supervisor starts it again."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from pathlib import Path

from redis.asyncio import Redis

from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]


async def test_a_bot_that_stands_still_ends_with_exit_code_3_and_says_so(redis: Redis, redis_url: str) -> None:
    program = (sys.executable, "-m", "tests.scenarios.still_process", redis_url)
    bot = await asyncio.create_subprocess_exec(*program, cwd=ROOT, stderr=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(3 * PATIENCE_S):
            _, said = await bot.communicate()
    finally:
        with suppress(ProcessLookupError):
            bot.kill()
    assert bot.returncode == 3, said.decode()
    assert "has not turned for 1 s, so Switchback ends itself (exit code 3)." in said.decode()
