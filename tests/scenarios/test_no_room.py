"""A Redis at its memory limit: the backup's run says so and waits for people, and everything else goes on."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.runs.run import Phase
from storage.backups.backups import Backups
from storage.connect import connect
from storage.embedded import start
from storage.vault.records import MIB
from tests.scenarios.stage import ANNA, A, Stage, stage_of


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    with tempfile.TemporaryDirectory(prefix="sb-") as folder:
        server = await start(Path(folder))
        async with connect(server.url) as client:
            yield await stage_of(client)
        await server.close()


async def left(stage: Stage, size: int) -> None:
    used = (await stage.redis.info("memory"))["used_memory"]
    await stage.redis.config_set("maxmemory", used + size if size else 0)


async def test_a_backup_that_finds_no_room_stops_with_that_sentence_and_the_next_one_succeeds(stage: Stage) -> None:
    first = await stage.settle((await stage.engine.start("backup", A, ANNA)).id)
    assert first.phase is Phase.DONE
    older = await stage.backups.newest(A, 1e12)
    await stage.edit(A, A, Name="Another name")
    await left(stage, 4 * MIB)
    run = await stage.settle((await stage.engine.start("backup", A, ANNA)).id)
    assert run.phase is Phase.STOPPED and run.step == "fetch"
    assert run.sentence.startswith("Redis is full: ") and run.sentence.endswith("older ones stay as they are.")
    assert await stage.backups.page(A) == (older,) and await stage.backups.load(older.id)
    assert await Backups(stage.redis).pieces.sweep(1e12) == 0, "nothing of it was written"

    await left(stage, 0)
    run = await stage.press(run, "retry", ANNA)
    assert run.phase is Phase.DONE and len(await stage.backups.page(A)) == 2
