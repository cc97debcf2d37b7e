"""The engine's process killed again and again: another one goes on, and nothing runs twice."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.commands import demo
from bot.domain.groups.groups import Kind
from bot.domain.model import Person, PoolState
from bot.domain.runs.press import offered
from bot.domain.runs.run import FOR_PEOPLE, Found, Phase, Run
from bot.drivers.simulated import SimulatedDriver
from bot.runbooks import RUNBOOKS
from storage.runs import Runs
from storage.worlds.worlds import RedisWorlds
from tests.patience import PATIENCE_S, until
from tests.scenarios.stage import ANNA, FAILBACK, FAILOVER, A, B, Clock, Stage
from tests.scenarios.test_deaths import ONCE, answer_lost, pressed

LIFE_S = 10 * PATIENCE_S
"""What a run needs over several deaths, a process born for each: on a bad day that is minutes."""
ROOT = Path(__file__).parents[2]
Script = Mapping[str, tuple[tuple[str, Person], ...]]
Moment = Callable[["Grave"], Awaitable[None]]


class WallClock(Clock):
    """The time that every process shares."""

    def __call__(self) -> float:
        return time.time()


@dataclass(slots=True)
class Grave:
    """One engine's process after the other; each of them dies at the `moment`, without a word."""

    stage: Stage
    url: str
    moment: Moment
    dice: random.Random
    deaths: int = 0
    struck: set[tuple[str, str]] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)

    async def dig(self) -> None:
        spare = await self._born()
        try:
            while True:
                engine, spare = spare, await self._born()
                engine.stdin.write(b"go\n")
                try:
                    await self.moment(self)
                    assert engine.returncode is None, "the engine ended by itself"
                finally:
                    await ended(engine)
                self.deaths += 1
        finally:
            await ended(spare)

    async def _born(self) -> asyncio.subprocess.Process:
        """It waits for a line, so that nobody waits for it to start."""
        program = (sys.executable, "-m", "tests.scenarios.engine_process", self.url)
        return await asyncio.create_subprocess_exec(*program, stdin=asyncio.subprocess.PIPE, cwd=ROOT)


async def ended(engine: asyncio.subprocess.Process) -> None:
    if engine.returncode is None:
        engine.kill()
    await engine.wait()


async def at_random(grave: Grave) -> None:
    """After so many commits, and a moment: a slow machine gets as far in a life as a fast one."""
    last = await written(grave) + grave.dice.randint(1, 16)

    async def enough() -> bool:
        return await written(grave) >= last

    await until(enough, "nothing is written any more", patience_s=LIFE_S)
    await asyncio.sleep(grave.dice.uniform(0.0, 0.05))


async def written(grave: Grave) -> int:
    return sum(run.version for run in await grave.stage.runs.page())


async def while_a_command_runs(grave: Grave) -> None:
    """The first time that a row has sent its commands, before or soon after they take effect."""
    await until(partial(sent, grave), "nothing is sent any more", patience_s=LIFE_S)
    await asyncio.sleep(grave.dice.uniform(0.0, 0.05))


async def after_an_effect(grave: Grave) -> None:
    """As soon as a command has changed the deployment, mostly before anybody could write that down."""

    async def changed() -> bool:
        world, _ = await grave.stage.worlds.load()
        new = {effect.line for effect in world.effects if effect.cmdlet in ONCE} - grave.seen
        grave.seen |= new
        return bool(new)

    await until(changed, "nothing is changed any more", patience_s=LIFE_S)


async def sent(grave: Grave) -> bool:
    now = {(run.runbook, run.step) for run in await grave.stage.runs.open() if run.phase is Phase.RUNNING}
    new = now - grave.struck
    grave.struck |= now
    return bool(new)


@asynccontextmanager
async def dying(stage: Stage, url: str, moment: Moment) -> AsyncIterator[Grave]:
    grave = Grave(stage, url, moment, random.Random(20131))
    digging = asyncio.create_task(grave.dig())
    try:
        yield grave
        assert not digging.done()
    finally:
        digging.cancel()
        await asyncio.wait([digging])


async def lived(stage: Stage, runbook: str, script: Script) -> Run:
    """A whole run of which every answer is given here, and everything else is done by processes that die."""
    run = await stage.engine.start(runbook, A, ANNA)
    while True:
        await until(partial(rests, stage, run.id), f"{run.id} does not come to rest", patience_s=LIFE_S)
        run = await stage.runs.load(run.id)
        if not run.is_open:
            return run
        if run.phase is Phase.LOST:
            check_safe(run)
            run = await answer_lost(stage, run)
            continue
        assert run.step in script, f"nobody answers at {run.step} ({run.phase}): {run.sentence} {run.details}"
        for choice, who in script[run.step]:
            run = await pressed(stage, run, choice, who)


def check_safe(run: Run) -> None:
    """What a look found done cannot be run again."""
    keys = {choice.key for choice in offered(run, RUNBOOKS[run.runbook])}
    assert run.finding and ("retry" in keys) == (run.finding.found is not Found.DONE)


async def rests(stage: Stage, run_id: str) -> bool:
    run = await stage.runs.load(run_id)
    return run.due is None or run.phase in FOR_PEOPLE


@pytest.mark.parametrize(
    ("moment", "deaths"),
    [(at_random, 8), (while_a_command_runs, 8), (after_an_effect, 4)],
    ids=["at random", "while a command runs", "after an effect"],
)
async def test_the_story_ends_the_same_whenever_the_process_is_killed(
    redis: Redis, redis_url: str, moment: Moment, deaths: int
) -> None:
    await demo.furnish(RedisWorlds(redis), None)
    stage = Stage(redis, WallClock())
    async with dying(stage, redis_url, moment) as grave:
        backup = await lived(stage, "backup", {})
        await stage.take_down(A)
        failover = await lived(stage, "failover", FAILOVER)
        await stage.edit(B, A, TimeoutThreshold=77)
        await stage.bring_up(A)
        failback = await lived(stage, "failback", FAILBACK)
    assert grave.deaths >= deaths
    assert {backup.phase, failover.phase, failback.phase} == {Phase.DONE}
    assert (await stage.runs.records([A]))[A].state is PoolState.ACTIVE
    world, _ = await stage.worlds.load()
    assert 77 in {item.properties.get("TimeoutThreshold") for item in world.pools[A].of(Kind.QUEUE)}
    assert not [item for item in world.pools[B].objects.values() if item.owner == A]
    counts = Counter(effect.cmdlet for effect in world.effects if effect.cmdlet in ONCE)
    assert counts == {"Import-CsRgsConfiguration": 2, "Invoke-CsPoolFailOver": 1, "Invoke-CsPoolFailBack": 1}
    assert sum("-RemoveExportedConfiguration" in effect.line for effect in world.effects) == 1


class DeafRuns(Runs):
    """Swallows one cancellation, as Python 3.11's `wait_for` may under redis-py's hands."""

    deaf = True

    async def renew(self, run: Run, now: float, lease_s: float, said: str = "") -> bool:
        try:
            await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            if not self.deaf:
                raise
            self.deaf = False
        return await super().renew(run, now, lease_s, said)


async def test_a_worker_ends_with_its_row_even_when_the_renewing_cannot_be_cancelled(redis: Redis) -> None:
    await demo.furnish(RedisWorlds(redis), None)
    stage = Stage(redis, WallClock())
    stage.kept = replace(stage.kept, runs=DeafRuns(redis))
    stage.driver = SimulatedDriver(stage.worlds, clock=time.time, latency_s=0.04)
    engine = stage.rebuilt(lease_s=0.06)
    run = await engine.start("backup", A, ANNA)
    async with asyncio.timeout(LIFE_S):
        await engine.tick()
    assert (await stage.runs.load(run.id)).phase is Phase.DONE
