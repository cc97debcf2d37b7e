"""What every goal is measured on: an embedded server, a stand-in for Slack, and a run that waits for a press."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

from bot.domain.runs.run import Run
from bot.sandbox import BOT_TOKEN, SIGNING_SECRET
from handlers.blocks.actions import button_value
from handlers.runs import card
from storage import embedded, keys
from storage.connect import connect
from tests.bench.clicks import click
from tests.bench.servers import served
from tests.bench.waiting import Waiting, failback


@dataclass(frozen=True, slots=True)
class House:
    """`run` waits for the first of two approvals: a press is one transition and starts no work.

    `environ` is what a bot has to know to live here.
    """

    environ: Mapping[str, str]
    store: redis.Redis
    run: Run
    as_it_waits: bytes
    card: Mapping[str, Any]

    def click(self) -> bytes:
        """The body of a click on the card's button; no two are the same."""
        return click(button_value(self.run.id, self.run.step, "approve", self.run.question), self.card)

    def put_back(self) -> None:
        """The run as it waited before anybody pressed."""
        self.store.hset(keys.run(self.run.id), mapping={"version": self.run.version, "run": self.as_it_waits})

    def approvals(self) -> int:
        """How many presses were carried out and written down, ever."""
        lines = self.store.xrange(keys.audit(self.run.id))
        return sum(b'"what":"approved"' in fields[b"entry"] for _, fields in lines)


@contextmanager
def embedded_server() -> Iterator[str]:
    """The address of an embedded server whose log is in memory where that can be had.

    It syncs every write as always, but what a disk takes for that is the disk's: 0.7 to 4 ms, several whole clicks.
    """
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(prefix="sb-", dir=memory if memory.is_dir() else None) as folder:
        server = asyncio.run(embedded.start(Path(folder)))
        try:
            yield server.url
        finally:
            asyncio.run(server.close())


@contextmanager
def furnished(waiting: Waiting = failback) -> Iterator[House]:
    with embedded_server() as url, served("slack") as slack, redis.Redis.from_url(url) as store:
        run, card = asyncio.run(_brought(url, waiting))
        store.delete(keys.OUTBOX, keys.TOLD)
        environ = {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "SLACK_API_URL": f"http://127.0.0.1:{slack.port}/api/",
            "REDIS_URL": url,
        }
        yield House(environ, store, run, store.hget(keys.run(run.id), "run"), card)


async def _brought(url: str, waiting: Waiting) -> tuple[Run, Mapping[str, Any]]:
    """The run where it waits, with its card."""
    client = connect(url)
    try:
        stage, run = await waiting(client)
        return run, card.card(await stage.engine.view(run.id))
    finally:
        await client.aclose()
