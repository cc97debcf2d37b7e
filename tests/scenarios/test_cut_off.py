"""An import whose connection breaks: the pool is read before anybody is asked, and nothing is imported twice."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.domain.deployment.cmdlets import Cmdlet
from bot.domain.groups.groups import Row
from bot.domain.runs.run import Found, Phase
from bot.drivers.winrm.driver import WinRM
from bot.drivers.winrm.pace import Pace
from tests.drivers.wsman import soap, troubles
from tests.drivers.wsman.server import WSMan
from tests.drivers.wsman.site import served
from tests.drivers.wsman.troubles import Does, Trouble
from tests.scenarios.stage import CLARA, FAILOVER, A, B, Stage, stage_of
from tests.scenarios.test_doubts import until
from tests.scenarios.test_ways import failing_over

IMPORT = "Import-CsRgsConfiguration"
PACE = Pace(connect_s=5, open_s=10, operation_s=3, silence_s=2, poll_s=0.5, read_s=30, change_s=30, mercy_s=1)
DOES: dict[str, Does] = {
    "cut": troubles.cut,
    "half": troubles.half,
    "mute": troubles.mute,
    "nonsense": troubles.nonsense,
    "500": troubles.status(500),
    "no shell": troubles.fault(soap.NO_SHELL),
    "refused": troubles.fault(soap.TOO_MANY_COMMANDS),
}


@dataclass
class Meddled:
    """A driver whose way to the server breaks at the first import; `asked` is what was sent from then on."""

    inner: WinRM
    server: WSMan
    trouble: Trouble
    asked: list[str] = field(default_factory=list)

    async def invoke(self, pool: str, command: Cmdlet) -> tuple[Row, ...]:
        if command.name == IMPORT and not self.asked:
            self.server.troubles.append(self.trouble)
        if command.name == IMPORT or self.asked:
            self.asked.append(command.name)
        return await self.inner.invoke(pool, command)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


async def imports(stage: Stage) -> int:
    world, _ = await stage.worlds.load()
    return sum(effect.cmdlet == IMPORT for effect in world.effects)


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("at", ["Command", "Receive"])
@pytest.mark.parametrize("name", DOES)
async def test_people_are_asked_only_after_the_pool_was_read(
    redis: Redis, tmp_path: Path, name: str, at: str, before: bool
) -> None:
    stage = await stage_of(redis)
    run = await until(stage, await failing_over(stage), "import", FAILOVER)
    async with served(stage.driver, stage.worlds, (A, B), tmp_path) as site:
        inner = WinRM(site.endpoints, PACE)
        stage.driver = Meddled(inner, site.servers[B], Trouble(at, DOES[name], before))
        stage.rebuilt()
        run = await stage.press(run, "approve", CLARA)
        await inner.close()
    done, sent = await imports(stage), stage.driver.asked.count(IMPORT)
    if run.phase is not Phase.LOST:
        # It had certainly not begun, and began again by itself, or nothing that counts was lost.
        assert done == 1 and run.record_of("import").mark == "pass"
        return
    assert (done <= 1, sent) == (True, 1)
    assert "Get-CsRgsWorkflow" in stage.driver.asked
    assert run.finding.found is (Found.DONE if done else Found.NOT_DONE)
