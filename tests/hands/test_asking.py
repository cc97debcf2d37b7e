"""A pool is asked what it can do, by the very commands that its endpoint has functions for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from redis.asyncio import Redis

from bot.domain.deployment.cmdlets import ALL_VERSIONS, CMDLETS, Cmdlet
from bot.domain.groups.groups import Row
from bot.domain.model import Pool
from bot.drivers.simulated import SimulatedDriver
from bot.hands.asking import SURVEY, Asking
from storage.worlds.worlds import RedisWorlds
from tests.unit.deployment.deployments import WORLD, B, P, down

NOW = 1_795_000_000.0


@dataclass
class Listening(SimulatedDriver):
    store: RedisWorlds
    heard: list[Cmdlet] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(self.store, clock=lambda: NOW)

    async def invoke(self, pool: str, command: Cmdlet) -> tuple[Row, ...]:
        self.heard.append(command)
        return await super().invoke(pool, command)


@pytest.mark.parametrize("version", ALL_VERSIONS)
async def test_it_sends_what_it_is_said_to_send_and_nothing_else(redis: Redis, version: str) -> None:
    worlds = RedisWorlds(redis)
    build = {"2019": "7.0.2046.820"}.get(version, "")
    await worlds.save(WORLD.with_pool(replace(WORLD.pools[P], version=version, build=build)), 0)
    driver = Listening(worlds)
    for store in (P, B):
        world, number = await worlds.load()
        asked = down(replace(world, store=store), *({B} & {store}))
        await worlds.save(asked, number)
        await Asking(driver, Pool(P, backup_pool=B, version=version), "pool-p").ask(NOW)
    sent = {one.name: set[str]() for one in driver.heard}
    for one in driver.heard:
        sent[one.name] |= {key for key, _ in one.arguments}
    assert sent == {
        use.cmdlet: {key for key in use.parameters if version in CMDLETS[use.cmdlet][key].versions} for use in SURVEY
    }
