"""The main job, with everything that its rows think about worked out in another process."""

from __future__ import annotations

from typing import Any

from redis.asyncio import Redis

from bot.domain.errors import BotError
from bot.domain.model import PoolState
from bot.domain.runs.run import Phase
from bot.domain.runs.runbook import Plan
from bot.hands.parting import places
from bot.hands.thinking import Thinking
from bot.runbooks import RUNBOOKS
from tests.scenarios.stage import ANNA, FAILBACK, FAILOVER, A, stage_of


class Twice:
    """Works everything out there and here, and says when the two are not the same."""

    def __init__(self) -> None:
        self.apart, self.asked = Thinking(RUNBOOKS, large=0), list[Any]()

    async def __call__(self, work: Any, /, *args: Any) -> Any:
        self.asked.append(work)
        try:
            here = work(*args)
        except BotError:
            return await self.apart(work, *args)
        there = await self.apart(work, *args)
        assert there == here and repr(there) == repr(here)
        if isinstance(there, Plan):
            assert there.hash == here.hash
        return there


async def test_every_row_comes_to_the_same_in_another_process(redis: Redis, caplog: Any) -> None:
    stage = await stage_of(redis)
    think = stage.think = Twice()
    stage.rebuilt()

    backup = await stage.settle((await stage.engine.start("backup", A, ANNA)).id)
    assert backup.phase is Phase.DONE, (backup.step, backup.sentence, backup.details)
    await stage.take_down(A)
    failover = await stage.play(await stage.settle((await stage.engine.start("failover", "pool-a", ANNA)).id), FAILOVER)
    await stage.bring_up(A)
    failback = await stage.play(await stage.settle((await stage.engine.start("failback", A, ANNA)).id), FAILBACK)
    await think.apart.close()

    assert failover.phase is failback.phase is Phase.DONE
    assert (await stage.runs.records([A]))[A].state is PoolState.ACTIVE
    assert len(set(think.asked) & set(places(RUNBOOKS))) > 30
    assert "Not thought about" not in caplog.text
