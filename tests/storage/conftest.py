"""A server of its own for tests that kill it, fill it or change its settings."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from storage.connect import connect
from storage.embedded import Embedded, start


@pytest.fixture
def folder() -> Iterator[Path]:
    """A new folder with a short name."""
    with tempfile.TemporaryDirectory(prefix="sb-") as name:
        yield Path(name).resolve()


@pytest.fixture
async def server(folder: Path) -> AsyncIterator[Embedded]:
    """A server of this test alone."""
    started = await start(folder)
    yield started
    await started.close()


@pytest.fixture
async def client(server: Embedded) -> AsyncIterator[Redis]:
    """A client of the test's own server."""
    made = connect(server.url)
    yield made
    await made.aclose()


@pytest.fixture
def debian_redis() -> str:
    """Debian's Redis, the only server here that speaks TLS."""
    program = shutil.which("redis-server")
    if program is None:
        reason = "Debian's redis-server is not installed: `apt-get install redis-server`."
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    return program
