"""In every runbook the process is killed once: another one goes on to the same end, and nothing is done twice."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
from redis.asyncio import Redis

from bot.domain.runs.facts import KIND
from bot.domain.runs.run import Phase, Run
from tests.patience import until
from tests.scenarios.ends import WAYS, Way, changes
from tests.scenarios.recovery import changed
from tests.scenarios.stage import ANNA, NEW, WITH_NEW, A, Stage, stage_of
from tests.scenarios.test_deaths import pressed
from tests.scenarios.test_sigkill import LIFE_S, ROOT, WallClock, ended, rests
from tests.scenarios.walking import Walk

GIVEN = {"replace": {"replacement": NEW}, "companion": {"facts": KIND.to("call-park-settings")}}
"""What is said when it is started, beside the pool."""

WORDS_ONLY = frozenset({"verify", "companion", "adopt", "edge-of-pool"})
"""These send no command that writes, so the process dies in their middle."""


@pytest.mark.parametrize("book", WAYS)
async def test_it_comes_to_its_end_though_its_process_is_killed(redis: Redis, redis_url: str, book: str) -> None:
    way, when = WAYS[book], "commit" if book in WORDS_ONLY else "command"
    async with worker(redis_url, when) as victim, worker(redis_url) as heir:
        begun = await stage_of(redis)
        begun.rebuilt(WITH_NEW)
        await way.begun(begun)
        stage = Stage(redis, WallClock())
        stage.rebuilt(WITH_NEW)
        before = (await stage.worlds.load())[0]
        run = await stage.engine.start(book, A, ANNA, **GIVEN.get(book, {}))
        victim.stdin.write(b"go\n")
        burial = asyncio.create_task(inherited(victim, heir))
        run = await lived(stage, run, way)
        assert await burial == -signal.SIGKILL
    assert run.phase is Phase.DONE, run.sentence
    world = (await stage.worlds.load())[0]
    assert changes(world)[len(changes(before)) :] == way.sent
    assert way.holds(before, world)
    record = (await stage.runs.records([A]))[A]
    assert (record.state, record.held_by) == (way.state, "")


@asynccontextmanager
async def worker(url: str, when: str = "") -> AsyncIterator[Process]:
    """It waits for a line, so that nobody waits for it to start."""
    program = (sys.executable, "-m", "tests.scenarios.engine_process", url, when)
    process = await asyncio.create_subprocess_exec(*program, stdin=PIPE, cwd=ROOT)
    try:
        yield process
    finally:
        await ended(process)


async def inherited(victim: Process, heir: Process) -> int:
    """How the first one ended; from then on the other one works."""
    code = await victim.wait()
    heir.stdin.write(b"go\n")
    return code


async def lived(stage: Stage, run: Run, way: Way) -> Run:
    """The whole run: answers are given here, everything else is done by the processes."""
    while True:
        await until(partial(rests, stage, run.id), f"{run.id} does not come to rest", patience_s=LIFE_S)
        run = await stage.runs.load(run.id)
        if not run.is_open:
            return run
        if run.phase is Phase.LOST:
            run = await pressed(stage, run, Walk.after_loss(run), ANNA)
            continue
        assert run.step in way.script, f"nobody answers at {run.step}: {run.sentence} {run.details}"
        if change := way.hands.get(run.step):
            await changed(stage, change)
        for choice, who in way.script[run.step]:
            run = await pressed(stage, run, choice, who)
