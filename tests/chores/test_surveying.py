"""Every pool is asked once a day what its servers can do; what a run will need and they lack is told, once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace

import pytest
from redis.asyncio import Redis

from bot.chores.surveying import DAY_S, EVERY_S, Surveying
from bot.domain.deployment.abilities import Folder
from bot.domain.deployment.cmdlets import Cmdlet
from bot.domain.deployment.world import World
from bot.domain.errors import CmdletFailed
from bot.domain.groups.groups import Row
from bot.domain.model import Pool, PoolState, Who
from bot.domain.runs.opening import Estate
from bot.domain.runs.run import Change, Phase, Run
from bot.drivers.simulated import SimulatedDriver
from bot.runbooks import RUNBOOKS
from bot.stores import Stores, stores_over
from storage import keys
from storage.worlds.worlds import RedisWorlds
from tests.unit.deployment.deployments import WORLD, B, C, P

NOW = 1_795_000_000.0
ROOMY = Folder(True, 5_000_000_000)
POOLS = {P: Pool(P, backup_pool=B), B: Pool(B, backup_pool=P)}


@dataclass
class Counting(SimulatedDriver):
    """The simulated one; `without` are cmdlets that a pool's servers lack, `broken` those that fail there."""

    store: RedisWorlds
    without: dict[str, str] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    disk: Folder = ROOMY
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(self.store, clock=lambda: NOW)

    async def parameters(self, pool: str) -> Mapping[str, frozenset[str]]:
        self.asked.append(pool)
        known = dict(await super().parameters(pool))
        known.pop(self.without.get(pool, ""), None)
        return known

    async def invoke(self, pool: str, command: Cmdlet) -> tuple[Row, ...]:
        if command.name == self.broken.get(pool):
            raise CmdletFailed("The login failed.", error_id="SqlException,Rgs")
        return await super().invoke(pool, command)

    async def folder(self, pool: str, path: str, make: bool = False) -> Folder:
        assert make, "it is made where it is missing"
        return self.disk


@dataclass
class Office:
    kept: Stores
    worlds: RedisWorlds
    driver: Counting
    estate: Estate = field(default_factory=lambda: Estate(POOLS, {P: B, B: P}, {}))

    async def look(self, at: float = NOW) -> list[str]:
        """What stands after a look at that second: the sentence of each notice, and what it has in detail."""
        chore = Surveying(
            self.driver, self.kept.abilities, self.kept.runs, self.kept.notices, self.estate, RUNBOOKS.values()
        )
        await chore.work(at)
        return [line for one in await self.kept.notices.standing() for line in (one.sentence, *one.details)]

    async def change(self, **world: object) -> None:
        now, version = await self.worlds.load()
        await self.worlds.save(replace(now, **world), version)

    async def stands(self, state: PoolState, phase: Phase) -> None:
        """A run left P there, or is still at it."""
        who = Who("T1:U1", "Anna")
        run = Run("r-1", "failover", POOLS[P], POOLS[B], who, NOW, "declare", phase=phase, pool_state=state)
        await self.kept.runs.commit(Change(run), NOW)


@pytest.fixture
async def office(redis: Redis) -> AsyncIterator[Office]:
    worlds = RedisWorlds(redis)
    await worlds.save(WORLD, 0)
    yield Office(stores_over(redis, clock=lambda: NOW), worlds, Counting(worlds))


async def test_servers_that_can_do_everything_are_asked_once_a_day_and_nothing_is_told(office: Office) -> None:
    assert await office.look() == []
    assert await office.look(NOW + EVERY_S) == []
    assert sorted(office.driver.asked) == [B, P]
    known = await office.kept.abilities.of([P, B])
    assert (known[P].at, known[P].partner) == (NOW, B)
    await office.look(NOW + DAY_S)
    assert sorted(office.driver.asked) == [B, B, P, P]


async def test_a_pool_without_a_partner_is_asked_for_what_backups_need(office: Office) -> None:
    office.estate = Estate({C: Pool(C)}, {}, {})
    office.driver.without = {C: "Invoke-CsPoolFailOver"}
    assert await office.look() == []
    office.driver.without = {C: "Export-CsRgsConfiguration"}
    assert "pool-c lacks Export-CsRgsConfiguration." in await office.look(NOW + DAY_S)


async def test_what_is_missing_is_told_asked_again_soon_and_ends(office: Office) -> None:
    office.driver.without = {P: "Import-CsRgsConfiguration"}
    said, *details = await office.look()
    assert said == "pool-p: 1 thing to put right before a run needs it."
    assert details[0] == "pool-p lacks Import-CsRgsConfiguration."
    office.driver.without = {}
    assert await office.look(NOW + EVERY_S) == []
    assert sorted(office.driver.asked) == [B, P, P]


@pytest.mark.parametrize(
    ("disk", "words"),
    [
        (Folder(False, 0), "does not let a file be written into C:\\Switchback: its disk is full."),
        (Folder(False, 9**12), "C:\\Switchback: the bot's account may not."),
        (Folder(True, 200_000_000), "has little room in C:\\Switchback: only 200.0 MB free, and 1.1 GB should be."),
    ],
)
async def test_a_folder_that_takes_no_file_is_told(office: Office, disk: Folder, words: str) -> None:
    office.driver.disk = disk
    assert any(line.endswith(words) for line in await office.look())


async def test_what_the_account_may_not_do_is_told_of_the_pool_where_it_may_not(office: Office) -> None:
    office.driver.broken = {B: "Get-CsRgsConfiguration", P: "Get-CsBackupServiceStatus"}
    said = await office.look()
    assert (
        "pool-b cannot read its Response Groups from SQL on our behalf; `docs/real-servers.md` §3 (SqlException,Rgs)."
    ) in said
    assert any("has to be in RTCUniversalServerAdmins" in line and line.startswith("pool-p") for line in said)


async def test_another_version_or_partner_than_configured_is_told(office: Office) -> None:
    world: World = (await office.worlds.load())[0]
    office.estate = Estate({**POOLS, P: replace(POOLS[P], version="2019")}, {P: B, B: P}, {})
    await office.change(pairs={**world.pairs, B: "pool-c.contoso.com"})
    said = await office.look()
    assert any(
        "pool-p is configured as version 2019, but its server is “Skype for Business Server 2015 (6" in x for x in said
    )
    assert "pool-b is configured as paired with pool-p, but its server says pool-c.contoso.com." in said


async def down(office: Office) -> None:
    world: World = (await office.worlds.load())[0]
    await office.change(pools={**world.pools, P: replace(world.pools[P], up=False)})


async def test_a_pool_that_does_not_answer_is_told_and_asked_again_soon(office: Office) -> None:
    await down(office)
    for at in (NOW, NOW + EVERY_S):
        assert (await office.look(at))[0].startswith("pool-p cannot be asked what its servers can do. pool-p.contoso")
    assert P not in await office.kept.abilities.of([P, B])
    assert office.driver.asked.count(P) == 2


async def test_nobody_is_told_of_a_pool_that_is_failed_over_and_away(office: Office) -> None:
    await office.stands(PoolState.FAILED_OVER, Phase.DONE)
    await down(office)
    assert await office.look() == []


async def test_a_pool_that_a_run_holds_is_not_asked(office: Office) -> None:
    await office.stands(PoolState.OUTAGE, Phase.ASKING)
    assert await office.look() == []
    assert office.driver.asked == []


async def test_what_cannot_be_read_any_more_is_asked_again(office: Office, redis: Redis) -> None:
    await office.look()
    for garbage in (b"{", b'{"v":99}'):
        await redis.hset(keys.ABILITIES, P, garbage)
        assert P not in await office.kept.abilities.of([P, B])
    await redis.delete(keys.ABILITIES)
    await redis.set(keys.ABILITIES, "nonsense")
    assert await office.kept.abilities.of([P, B]) == {}
