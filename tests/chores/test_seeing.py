"""Every pool is read again and again, and what others did to it is told; nothing is ever started by that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import pytest
from redis.asyncio import Redis

from bot.chores.seeing import EVERY_S, Seeing
from bot.domain.deployment.answers import PoolAnswer
from bot.domain.deployment.cmdlets import Cmdlet
from bot.domain.deployment.machines import BACKUP
from bot.domain.deployment.pool_reading import PoolReading
from bot.domain.deployment.world import CONFERENCES, LivePool
from bot.domain.errors import CmdletFailed
from bot.domain.groups.groups import Row
from bot.domain.model import Pool, PoolState, Who
from bot.domain.runs.opening import Estate
from bot.domain.runs.run import Change, Phase, Run
from bot.drivers.simulated import SimulatedDriver
from bot.stores import Stores, stores_over
from storage import keys
from storage.notices import Notice
from storage.worlds.worlds import RedisWorlds
from tests.unit.deployment.deployments import WORLD, B, C, P

NOW = 1_795_000_000.0
"""18 Nov 2026, 11:06 UTC."""

POOLS = {P: Pool(P, backup_pool=B), B: Pool(B, backup_pool=P), C: Pool(C)}
OVER_BY_OTHERS = "Seen at {at}: pool-p was failed over by somebody else. Take it over: `/rgs start adopt pool-p`."


@dataclass
class Slow(SimulatedDriver):
    """The simulated one; on some pools a command never ends (empty: none does), some are refused."""

    store: RedisWorlds
    hanging: dict[str, str] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    heard: list[tuple[str, Cmdlet]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(self.store, clock=lambda: NOW)

    async def invoke(self, pool: str, command: Cmdlet) -> tuple[Row, ...]:
        self.heard.append((pool, command))
        if self.hanging.get(pool, "-") in ("", command.name):
            await asyncio.Event().wait()
        if command.name in self.refused:
            raise CmdletFailed("Access denied.", error_id="AccessDenied")
        return await super().invoke(pool, command)


@dataclass
class Office:
    kept: Stores
    worlds: RedisWorlds
    driver: Slow
    estate: Estate = field(default_factory=lambda: Estate(POOLS, {P: B, B: P}, {}))
    deadline_s: float = 10.0

    async def look(self, at: float = NOW) -> list[str]:
        """The sentences that stand after a look at that second."""
        kept = self.kept
        chore = Seeing(self.driver, kept.readings, kept.answers, kept.runs, kept.notices, self.estate, self.deadline_s)
        await chore.work(at)
        return [one.sentence for one in await kept.notices.standing()]

    async def notice(self, key: str) -> Notice:
        found = await self.kept.notices.find(key)
        assert found is not None
        return found

    async def read(self, fqdn: str = P) -> PoolReading:
        return (await self.kept.readings.of([fqdn]))[fqdn]

    async def answer(self, fqdn: str = P) -> PoolAnswer:
        return (await self.kept.answers.of([fqdn]))[fqdn]

    async def change(self, **world: object) -> None:
        now, version = await self.worlds.load()
        await self.worlds.save(replace(now, **world), version)

    async def pool(self, fqdn: str = P, **changes: object) -> LivePool:
        """The pool as it is from now on."""
        world = (await self.worlds.load())[0]
        pool = replace(world.pools[fqdn], **changes)
        await self.change(pools=world.with_pool(pool).pools)
        return pool

    async def stands(self, state: PoolState, phase: Phase = Phase.DONE) -> Run:
        """A run left P there, or is still at it."""
        who = Who("T1:U1", "Anna")
        run = Run("r-1", "failover", POOLS[P], POOLS[B], who, NOW, "declare", phase=phase, pool_state=state)
        await self.kept.runs.commit(Change(run), NOW)
        return run


@pytest.fixture
async def office(redis: Redis) -> AsyncIterator[Office]:
    worlds = RedisWorlds(redis)
    await worlds.save(WORLD, 0)
    yield Office(stores_over(redis, clock=lambda: NOW), worlds, Slow(worlds))


async def test_what_servers_say_is_kept_and_nothing_is_told_or_changed(office: Office) -> None:
    await office.change(store=P, edges=MappingProxyType({"edge.contoso.com": P}))
    assert await office.look() == []
    seen = await office.read()
    assert (seen.at, seen.by, seen.state.known, seen.since) == (NOW, P, "Active", NOW)
    assert seen.store and seen.store.works and seen.store.master == P
    assert seen.edges == ("edge.contoso.com",) and seen.stopped == ()
    assert [one.identity for one in seen.modules or ()][:1] == ["UserServices.PresenceFocus"]
    assert (await office.read(C)).modules is None, "a pool without a pair copies nothing"
    assert (await office.worlds.load())[0].effects == () and not await office.kept.runs.page()


async def test_when_the_pool_itself_answered_last_is_known_while_only_its_partner_speaks_for_it(office: Office) -> None:
    await office.look()
    await office.pool(up=False)
    for turn in (1, 2):
        await office.look(NOW + turn * EVERY_S)
        seen, answer = await office.read(), await office.answer()
        assert (seen.by, seen.at, answer.last) == (B, NOW + turn * EVERY_S, NOW)

    await office.pool(up=True)
    await office.look(NOW + 3 * EVERY_S)
    assert (await office.answer()).last == NOW + 3 * EVERY_S


async def test_a_failover_by_somebody_else_is_told_with_its_time_and_ends_by_itself(office: Office) -> None:
    await office.pool(registrar="FailedOver")
    assert await office.look() == [OVER_BY_OTHERS.format(at="11:06")]
    assert await office.look(NOW + EVERY_S) == [OVER_BY_OTHERS.format(at="11:06")], "its words stay the same"
    assert not await office.kept.runs.page(), "nothing is started by itself (seed 004)"
    await office.pool(registrar="Active")
    assert await office.look(NOW + 2 * EVERY_S) == []
    over = (await office.notice(f"stands:{P}")).over
    assert over == "What is remembered of pool-p is what its servers say again."


async def test_the_time_that_is_told_is_that_of_the_pool(office: Office) -> None:
    office.estate = Estate({**POOLS, P: replace(POOLS[P], time_zone="Europe/Berlin")}, {P: B, B: P}, {})
    await office.pool(registrar="FailedOver")
    assert await office.look() == [OVER_BY_OTHERS.format(at="12:06")]


@pytest.mark.parametrize(
    ("remembered", "registrar", "words"),
    [
        (PoolState.OUTAGE, "FailedOver", "pool-p was failed over by somebody else."),
        (PoolState.FAILED_OVER, "Active", "pool-p was failed back by somebody else."),
        (PoolState.FAILED_OVER, "FailedBack", "pool-p was failed back by somebody else."),
        (PoolState.FAILING_OVER, "Active", "pool-p is home: its failover from here did nothing"),
        (PoolState.FAILED_OVER, "FailingOver", "pool-p is being moved by somebody else, or a move broke off."),
        (PoolState.FAILING_BACK, "FailingOver", "pool-p is being moved by somebody else, or a move broke off."),
        (PoolState.OUTAGE, "Active", ""),
        (PoolState.FAILING_OVER, "FailedOver", ""),
        (PoolState.FAILED_OVER, "FailedOver", ""),
        (PoolState.FAILING_BACK, "FailedOver", ""),
        (PoolState.FAILING_BACK, "FailedBack", ""),
    ],
)
async def test_only_what_the_bot_did_not_cause_is_told(
    office: Office, remembered: PoolState, registrar: str, words: str
) -> None:
    await office.stands(remembered)
    await office.pool(registrar=registrar)
    told = await office.look()
    assert [one for one in told if not (words and words in one)] == [] and bool(told) == bool(words)


async def test_of_a_pool_whose_pair_a_run_holds_nothing_is_told_and_its_notice_ends(office: Office) -> None:
    await office.pool(registrar="FailedOver")
    await office.look()
    run = await office.stands(PoolState.OUTAGE, Phase.ASKING)
    assert await office.look(NOW + EVERY_S) == []
    assert (await office.answer()).at == (await office.read()).at == NOW + EVERY_S, "it is asked all the same"
    notice = await office.notice(f"stands:{P}")
    assert notice.over == "A run has pool-p in hand now." and notice.taken
    assert run.is_open


async def test_a_run_that_begins_while_a_pool_is_read_keeps_it_from_being_told(office: Office) -> None:
    await office.pool(registrar="FailedOver")
    inner = office.driver.invoke

    async def begun(pool: str, command: Cmdlet) -> tuple[Row, ...]:
        rows = await inner(pool, command)
        if pool == P and command.name == "Get-CsRegistrarConfiguration":
            await office.stands(PoolState.OUTAGE)
        return rows

    office.driver.invoke = begun  # type: ignore[method-assign]
    assert await office.look() == []
    assert await office.kept.readings.of([P]) == {}


async def test_a_dead_pool_is_told_of_by_its_partner(office: Office) -> None:
    await office.pool(registrar="FailedOver", up=False)
    assert OVER_BY_OTHERS.format(at="11:06") in await office.look()
    seen = await office.read()
    assert (seen.by, seen.modules) == (B, None)


async def test_an_old_replica_is_not_known_and_neither_begins_nor_ends_a_notice(office: Office) -> None:
    await office.pool(registrar="FailedOver")
    await office.change(store=C)
    await office.pool(C, up=False)
    assert await office.look() == []
    seen = await office.read()
    assert (seen.state.word, seen.state.known, seen.edges) == ("FailedOver", "", None)
    await office.pool(C, up=True)
    standing = await office.look(NOW + EVERY_S)
    assert standing == [OVER_BY_OTHERS.format(at="11:07")]
    await office.pool(registrar="Active")
    await office.pool(C, up=False)
    assert await office.look(NOW + 2 * EVERY_S) == standing


async def test_a_partner_that_reaches_central_management_is_believed_before_an_old_replica(office: Office) -> None:
    inner = office.driver.invoke

    async def cut_off(pool: str, command: Cmdlet) -> tuple[Row, ...]:
        if pool == P and command.name == "Get-CsRegistrarConfiguration" and not command.get("LocalStore"):
            raise CmdletFailed("Central Management cannot be reached.", error_id="SqlConnectionError")
        return await inner(pool, command)

    office.driver.invoke = cut_off  # type: ignore[method-assign]
    await office.look()
    seen = await office.read()
    assert (seen.by, seen.state.known) == (B, "Active")


async def test_servers_that_never_answer_keep_nobody_from_the_others(office: Office) -> None:
    office.driver.hanging, office.deadline_s = {P: ""}, 0.4
    await office.pool(registrar="FailedOver")
    assert await office.look() == [OVER_BY_OTHERS.format(at="11:06")], "its partner is asked in time"
    assert (await office.read(B)).by == B
    office.driver.hanging = {P: "", B: ""}
    await office.look(NOW + EVERY_S)
    assert (await office.read()).at == NOW, "what was read last stays, with its age"
    assert (await office.read(C)).at == NOW + EVERY_S


async def test_what_was_read_in_time_is_kept(office: Office) -> None:
    office.driver.hanging, office.deadline_s = {P: "Get-CsPool", B: "Get-CsService"}, 2.0
    await office.look()
    seen, other = await office.read(), await office.read(B)
    assert seen.modules and seen.stopped is None
    assert other.state.known == "Active" and other.edges is None


@pytest.mark.parametrize(
    ("states", "words"),
    [
        (("NonSteadyState", "NormalState"), "Contents of conferences: it falls behind, and what waits is growing."),
        (("ErrorState", "NormalState"), "Contents of conferences: it fails."),
        (("NotInitialized", "NormalState"), "Contents of conferences: off."),
        (
            ("SteadyState", "ErrorState"),
            "Contents of conferences: it keeps up, and the backup pool cannot take it in.",
        ),
    ],
)
async def test_a_module_that_leaves_its_rest_is_told_in_plain_words_and_ends(
    office: Office, states: tuple[str, str], words: str
) -> None:
    await office.pool(modules=MappingProxyType({CONFERENCES: states}))
    assert await office.look() == [
        "The Backup Service of pool-p needs somebody: pool-b may lack what was changed last."
    ]
    assert (await office.notice(f"copies:{P}")).details[0] == words
    await office.pool(modules=MappingProxyType({}))
    assert await office.look(NOW + EVERY_S) == []
    assert (await office.notice(f"copies:{P}")).over == (
        "The Backup Service of pool-p is well again. "
        "It copies no Response Groups: however well it is, only backups protect those of pool-p."
    )


async def test_a_backup_service_that_does_not_run_on_one_front_end_is_told(office: Office) -> None:
    machine = (await office.pool()).machines[0]
    await office.pool(stopped=MappingProxyType({machine: (BACKUP,)}))
    assert len(await office.look()) == 1
    said = (await office.notice(f"copies:{P}")).details
    assert f"LYNCBACKUP does not run on {machine}. Start it there: `Start-CsWindowsService -Name LYNCBACKUP`." in said


@pytest.mark.parametrize("refused", ["Get-CsPool", "Get-CsWindowsService", "Get-CsBackupServiceStatus"])
async def test_what_cannot_be_read_of_the_backup_service_ends_no_notice(office: Office, refused: str) -> None:
    machines = ("fe1.contoso.com", "fe2.contoso.com")
    await office.pool(front_ends=machines, stopped=MappingProxyType({machines[0]: (BACKUP,)}))
    told = await office.look()
    office.driver.refused = {refused}
    assert await office.look(NOW + EVERY_S) == told


async def test_a_silent_pool_is_no_fault_of_the_backup_service_of_its_partner(office: Office) -> None:
    await office.pool(B, modules=MappingProxyType({CONFERENCES: ("ErrorState", "NormalState")}))
    await office.pool(up=False)
    assert await office.look() == []
    assert [one.partition(" since ")[0] for one in await office.look(NOW + EVERY_S)] == ["pool-p does not answer"]
    await office.pool(up=True)
    assert await office.look(NOW + 2 * EVERY_S) == [
        "The Backup Service of pool-b needs somebody: pool-p may lack what was changed last."
    ]


async def test_in_an_outage_nobody_is_told_that_nothing_is_copied(office: Office) -> None:
    await office.stands(PoolState.OUTAGE)
    await office.pool(up=False)
    assert await office.look() == []


async def test_what_is_kept_of_a_reading_and_cannot_be_read_any_more_is_read_again(
    office: Office, redis: Redis
) -> None:
    await redis.hset(keys.READINGS, P, b"{")
    assert await office.kept.readings.of([P]) == {}
    await office.look()
    assert (await office.read()).at == NOW
