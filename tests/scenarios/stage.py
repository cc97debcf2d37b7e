"""A stage for whole stories: real Redis, the simulated deployment, the engine, and people to press."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from redis.asyncio import Redis

from bot.app import Works, build
from bot.chores import rows
from bot.chores.pruning import Pruning
from bot.chores.rows import Care
from bot.directory.holders import EVERYBODY, Holders
from bot.domain.backups.offsite import OffSite, told
from bot.domain.backups.retention import Windows
from bot.domain.backups.schedule import Timing
from bot.domain.deployment.world import Fault, FaultKind
from bot.domain.errors import BadInput
from bot.domain.groups.groups import Kind, Value
from bot.domain.model import Edition, Person, Pool, Role, Standing
from bot.domain.runs.opening import Estate
from bot.domain.runs.press import Press, offered
from bot.domain.runs.run import FOR_PEOPLE, Run
from bot.drivers.simulated import SimulatedDriver
from bot.engine import Engine
from bot.hands.companions import Uploads
from bot.hands.hands import Performer
from bot.hands.thinking import Think
from bot.runbooks import RUNBOOKS
from bot.sandbox.pools import contents
from bot.sandbox.pools.file_store import store_of
from bot.stores import Stores, stores_over
from storage.backups.backups import Backups
from storage.backups.keepings import Keepings
from storage.backups.off_site import OffSiteCopies
from storage.companions import Companions
from storage.runs import Runs
from storage.worlds.worlds import RedisWorlds
from tests.rules import misfits

A, B, C = "pool-a.contoso.com", "pool-b.contoso.com", "pool-c.contoso.com"

POOLS = {
    A: Pool(A, site="Berlin", backup_pool=B, time_zone="Europe/Berlin", file_store=store_of(A)),
    B: Pool(B, site="Munich", backup_pool=A, time_zone="Europe/Berlin", file_store=store_of(B)),
    C: Pool(C, edition=Edition.STANDARD, site="Bonn", time_zone="Europe/Berlin"),
}
ESTATE = Estate(POOLS, {A: B, B: A}, {C: "pool-c names no backup pool, so it gets backups only."})

N = "pool-n.contoso.com"
NEW = Pool(N, site="Berlin", time_zone="Europe/Berlin")
WITH_NEW = replace(ESTATE, pools={**POOLS, N: NEW})
"""The same, and a pool with a new name that can take the place of A."""

CARE = Care(None, Windows(), {fqdn: Timing() for fqdn in POOLS}, {})


def person(name: str, *roles: Role, standing: Standing = Standing.MEMBER) -> Person:
    return Person(f"T0SWITCH01:U0{name.upper()}", name, standing, frozenset(roles))


ANNA = person("Anna", Role.SERVER_ADMIN)
BORIS = person("Boris", Role.SERVER_ADMIN)
CLARA = person("Clara", Role.RG_ADMIN)
DAVID = person("David", Role.RG_ADMIN)
EMIL = person("Emil")

FORMS: Mapping[str, str] = {
    "seen": "all Front Ends unreachable",
    "outage_since": "1794999000",
    "mode": "disaster",
    "inside_heard": "Help Desk, silence",
    "outside_heard": "+49 30 5550 1234, silence",
    "reason": "a drill",
    "accepted": "known",
    "note": "Boris did it on a Front End",
    "companions_done": "all of it, a parked call was taken",
    "sql_server": "sql-b.contoso.com",
    "sql_instance": "RTC",
    "sql_mirror_server": "",
    "sql_mirror_instance": "",
    "edge_from": "edge1.contoso.com",
    "edge_to": "edge2.contoso.com",
    "site": "Berlin",
    "tried": "a message arrived",
    "interval": "00:03:00",
}


@dataclass(slots=True)
class Clock:
    """Time that only moves when a test says so, in seconds since the epoch."""

    now: float = 1_795_000_000.0

    def __call__(self) -> float:
        return self.now


class NoFiles:
    """Whoever fetches what people sent, where nobody has sent anything."""

    async def fetch(self, file: str) -> bytes:
        raise BadInput(f"Slack has no file {file}.")


@dataclass(slots=True)
class Stage:
    """Everything that a story needs; `rebuilt()` throws the engine away and makes a new one over the same Redis."""

    redis: Redis
    clock: Clock = field(default_factory=Clock)
    uploads: Uploads = field(default_factory=NoFiles)
    holders: Holders = EVERYBODY
    think: Think = asyncio.to_thread
    kept: Stores = field(init=False)
    driver: SimulatedDriver = field(init=False)
    works: Works = field(init=False)
    engine: Engine = field(init=False)
    worlds: RedisWorlds = field(init=False)

    def __post_init__(self) -> None:
        self.worlds = RedisWorlds(self.redis)
        self.kept = stores_over(self.redis, clock=self.clock)
        self.driver = SimulatedDriver(self.worlds, clock=self.clock)
        self.rebuilt()

    @property
    def runs(self) -> Runs:
        return self.kept.runs

    @property
    def backups(self) -> Backups:
        return self.kept.backups

    @property
    def keepings(self) -> Keepings:
        return self.kept.keepings

    @property
    def companions(self) -> Companions:
        return self.kept.companions

    @property
    def hands(self) -> Performer:
        """As a run gets them that has just begun."""
        return self.works.hands()

    def rebuilt(self, estate: Estate = ESTATE, **changes: Any) -> Engine:
        """`changes` are what else `build` is given."""
        joined = {"holders": self.holders, "think": self.think, **changes}
        self.works = build(self.kept, self.driver, estate, CARE, self.uploads, self.clock, **joined)
        self.engine = self.works.engine
        return self.engine

    async def settle(self, run_id: str, patience: int = 200) -> Run:
        """Until the run waits for people or has ended; time moves on to whatever it waits for."""
        for _ in range(patience):
            await self.engine.tick()
            run = await self.runs.load(run_id)
            assert not list(misfits(run.facts, RUNBOOKS[run.runbook].facts))
            if run.phase in FOR_PEOPLE or not run.is_open:
                return run
            self.clock.now = max(self.clock.now, run.due or 0.0) + 0.001
        raise AssertionError(f"{run_id} does not come to rest")

    async def press(self, run: Run, choice: str, who: Person, **form: str) -> Run:
        pressed = Press(run.step, choice, run.question, {**FORMS, **form})
        await self.engine.press(run.id, pressed, who)
        return await self.settle(run.id)

    async def strike(self, fault: Fault) -> None:
        """Switches a fault on; it strikes what runs on the pool from now on."""
        world, version = await self.worlds.load()
        await self.worlds.save(world.with_fault(fault), version)

    async def take_down(self, pool: str) -> None:
        await self.strike(Fault(FaultKind.POOL_DOWN, pool))

    async def bring_up(self, pool: str) -> None:
        world, version = await self.worlds.load()
        await self.worlds.save(world.without_faults(pool), version)

    async def edit(self, pool: str, owner: str, **properties: Value) -> str:
        """Somebody changes a queue of `owner` that lies on `pool`; gives its name."""
        world, version = await self.worlds.load()
        live = world.pools[pool]
        queues = ((key, item) for key, item in live.objects.items() if key[0] is Kind.QUEUE)
        key, queue = next((key, item) for key, item in queues if item.owner == owner)
        edited = replace(queue, properties={**queue.properties, **properties})
        objects = MappingProxyType({**live.objects, key: edited})
        await self.worlds.save(world.with_pool(replace(live, objects=objects)), version)
        return queue.name

    def labels(self, run: Run) -> list[str]:
        return [choice.key for choice in offered(run, RUNBOOKS[run.runbook])]

    async def play(self, run: Run, script: Mapping[str, tuple[tuple[str, Person], ...]]) -> Run:
        """Presses through a run: for every row that asks, the choices and who makes them, in order."""
        while run.is_open:
            presses = script.get(run.step)
            assert presses, (
                f"nobody answers at {run.step} ({run.phase}): {run.sentence} {run.details} {self.labels(run)}"
            )
            for choice, who in presses:
                run = await self.press(run, choice, who)
        return run


def pruning_of(stage: Stage) -> Pruning:
    return rows.pruning_of(CARE, stage.kept, ESTATE)


async def off_site(stage: Stage) -> str:
    """How the off-site copy stands, in the words that people read."""
    return told(OffSite(folder="/mnt/offsite"), *await OffSiteCopies(stage.redis).waiting(), stage.clock())


async def stage_of(redis: Redis) -> Stage:
    stage = Stage(redis)
    world, blobs = contents.world()
    for data in blobs.values():
        await stage.worlds.keep(data)
    await stage.worlds.save(world, 0)
    return stage


FAILOVER = {
    "declare": (("declare", ANNA),),
    "doubt": (("disaster", ANNA),),
    "failover": (("approve", ANNA),),
    "backup": (("use", ANNA),),
    "settings": (("keep-settings", CLARA),),
    "import": (("approve", CLARA),),
    "companions": (("later", ANNA),),
    "routes": (("routed", EMIL),),
    "inside": (("worked", EMIL),),
    "outside": (("worked", EMIL),),
    "agents": (("go-on", EMIL),),
}
FAILBACK = {
    "back": (("same", ANNA),),
    "decide": (("take-all", ANNA),),
    "failback": (("approve", BORIS),),
    "import": (("approve", ANNA), ("approve", CLARA)),
    "conferences": (("approve", ANNA),),
    "routes": (("routed", EMIL),),
    "inside": (("worked", EMIL),),
    "outside": (("worked", EMIL),),
    "agents": (("go-on", EMIL),),
    "cleanup": (("clean", ANNA),),
    "clean": (("approve", ANNA), ("approve", BORIS)),
}
