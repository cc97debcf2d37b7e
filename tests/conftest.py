"""Real parts for every test: one embedded server per session (per worker under xdist), emptied before each test."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.domain.backups.offsite import OffSite
from storage.connect import connect
from storage.embedded import start
from tests.directory.samba import Domain, domain_controller
from tests.peers import S3, s3_server
from tests.scenarios import house


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--bots", type=int, default=1, help="so many processes of the bot on one Redis, in whole houses")


def pytest_configure(config: pytest.Config) -> None:
    house.BOTS = config.getoption("--bots")


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The address of the session's server; its folder is short-lived and short-named."""
    with tempfile.TemporaryDirectory(prefix="sb-") as folder:
        server = asyncio.run(start(Path(folder)))
        yield server.url
        asyncio.run(server.close())


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    """A client of an empty server."""
    client = connect(redis_url)
    # Whatever a test that failed half-way has left.
    await client.config_set("maxmemory", 0)
    await client.flushall()
    yield client
    await client.aclose()


@pytest.fixture(scope="session")
def s3() -> Iterator[S3]:
    """A real S3 server; tests take buckets of their own."""
    with s3_server() as server:
        yield server


@pytest.fixture(scope="session")
def domain() -> Iterator[Domain]:
    """A real domain controller (one per worker); tests that change what lies there change people of their own."""
    with tempfile.TemporaryDirectory(prefix="sb-dc-") as folder, domain_controller(Path(folder)) as running:
        yield running


@pytest.fixture(params=["a folder", "a bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OffSite]:
    """Somewhere off-site, of each kind, that nothing lies in yet."""
    if request.param == "a folder":
        yield OffSite(folder=str(tmp_path))
    else:
        yield request.getfixturevalue("s3").bucket()
