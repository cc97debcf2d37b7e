"""`/rgs pools <pool>`: what servers say of a pool beside what is remembered of it, and how long ago they said it."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.chores.seeing import Seeing
from bot.domain.deployment.pool_reading import PoolReading
from bot.domain.deployment.readings import Module, Store
from bot.domain.deployment.server_state import ServerState
from bot.domain.model import PoolState, Who
from bot.domain.runs.run import Change, Phase, Run
from bot.runbooks.rows.facts import PRESTAGED
from tests.handlers.test_commands import Office
from tests.sandbox.parts import ANNA, EMIL, alone
from tests.scenarios.front import desk_of
from tests.scenarios.stage import ESTATE, POOLS, A, B, C, stage_of

WELL = (Module("UserServices.PresenceFocus", "SteadyState", "NormalState"),)
RGS = tuple(Module(f"ApplicationServer.RGS{part}", "SteadyState", "NormalState") for part in ("DataStore", "FileStore"))


@pytest.fixture
async def office(redis: Redis) -> AsyncIterator[Office]:
    async with alone() as (slack, client):
        stage = await stage_of(redis)
        yield Office(desk_of(stage, client), stage, slack)


async def says(office: Office, **reading: object) -> str:
    """What is shown of pool-a, of which this was read 40 s ago."""
    now = office.stage.clock.now
    seen = PoolReading(now - 40, A, ServerState("Active"), now - 40)
    await office.desk.readings.note(A, replace(seen, **reading))
    return html.unescape(await office.says("pools pool-a", EMIL))


async def stands(office: Office, state: PoolState, phase: Phase = Phase.DONE, **carry: object) -> None:
    """A run left pool-a there, or is still at it."""
    now = office.stage.clock.now
    run = Run("r-1", "failover", POOLS[A], POOLS[B], Who("T1:U1", "Anna"), now, "declare", phase=phase)
    run = replace(run, pool_state=state, since=now, carry=carry)
    await office.desk.runs.commit(Change(run), now)


async def test_before_anything_was_read_that_is_said(office: Office) -> None:
    shown = await office.says("pools pool-a")
    assert "where they say that it stands is not known" in shown and "not asked yet" in shown
    assert "🟢" not in shown and "active" not in shown


async def test_what_the_chore_read_is_what_is_shown(office: Office) -> None:
    kept = office.stage.kept
    chore = Seeing(office.stage.driver, kept.readings, kept.answers, kept.runs, kept.notices, ESTATE)
    await chore.work(office.stage.clock.now)
    office.stage.clock.now += 75
    shown = html.unescape(await office.says("pools pool-a"))
    assert "pool-a: Central Management says “Active”, read 1 min ago." in shown
    assert "Users and their meetings: it keeps up" in shown
    assert "No Edge pool has pool-a as its next hop." in shown
    assert "Central Management is active on cms, and works." in shown


async def test_the_state_has_its_age_and_who_told_it(office: Office) -> None:
    shown = await says(office, state=ServerState("FailedOver"))
    assert "pool-a: Central Management says “FailedOver”, read 40 s ago." in shown
    assert "by a server of pool-b" in await says(office, by=B)


async def test_a_difference_stands_beside_what_is_remembered_with_the_way_on(office: Office) -> None:
    assert "Remembered here" not in await says(office)
    assert (
        "Remembered here: active. pool-a was failed over by somebody else. Take it over: `/rgs start adopt pool-a`."
    ) in await says(office, state=ServerState("FailedOver"))
    assert "Remembered here" not in await says(office, state=ServerState("FailedOver", old=True))


async def test_who_holds_it_is_named_and_a_run_that_moves_it_is_no_difference(office: Office) -> None:
    await stands(office, PoolState.OUTAGE, Phase.ASKING)
    shown = await says(office, state=ServerState("FailedOver"))
    assert "held by run `r-1`" in shown and "Remembered here" not in shown


async def test_a_green_backup_service_is_never_called_protection_of_response_groups(office: Office) -> None:
    none = "It copies no Response Groups: however well it is, only backups protect those of pool-a."
    assert none in await says(office, modules=WELL)
    off = tuple(replace(one, export="NotInitialized") for one in RGS)
    assert none in await says(office, modules=(*WELL, *off))
    assert "copies the Response Groups of pool-a to pool-b as well, and keeps up." in await says(
        office, modules=(*WELL, *RGS)
    )
    for behind in (
        (RGS[0], replace(RGS[1], export="NonSteadyState")),
        (RGS[0], replace(RGS[1], imports="ErrorState")),
        (RGS[0], off[1]),
        RGS[:1],
    ):
        assert "but is behind: do not count on it." in await says(office, modules=(*WELL, *behind))


async def test_a_module_in_trouble_and_a_service_that_does_not_run_stand_out(office: Office) -> None:
    shown = await says(office, modules=(replace(WELL[0], export="ErrorState"),), stopped=("fe1.contoso.com",))
    assert "⚠️ Users and their meetings: it fails" in shown
    assert "⚠️ LYNCBACKUP does not run on fe1.contoso.com." in shown
    odd = (Module("NewStuff.Thing", "HalfState", "NormalState"),)
    assert "⚠️ NewStuff.Thing: “HalfState”" in await says(office, modules=odd)


@pytest.mark.parametrize(
    ("store", "words"),
    [
        (None, "Central Management: not known."),
        (Store("", ""), "Central Management is active nowhere. Without it, no pool can be failed over."),
        (Store(A, A), "Central Management is active on pool-a, and works."),
        (Store(A, ""), "Central Management is active on pool-a, but nothing is sent to the other servers"),
    ],
)
async def test_where_central_management_is_and_whether_it_works(
    office: Office, store: Store | None, words: str
) -> None:
    assert words in await says(office, store=store)


async def test_edge_pools_with_it_as_their_next_hop_are_named(office: Office) -> None:
    edges = ("edge1.contoso.com", "edge2.contoso.com")
    assert "Edge pools with pool-a as their next hop: edge1.contoso.com, edge2.contoso.com." in await says(
        office, edges=edges
    )
    assert "Edge pools: not known." in await says(office)


async def test_what_is_pre_staged_is_told_with_its_age_until_the_pool_moves(office: Office) -> None:
    stage = PRESTAGED.to({"id": "b-1", "at": office.stage.clock.now - 86_400, "contents": "c"})
    await stands(office, PoolState.ACTIVE, **stage)
    assert "Copies are ready on pool-b, as of 17 Nov 2026" in await says(office)
    await stands_again(office, PoolState.FAILED_OVER, **stage)
    assert "Pre-staged" not in await says(office)


async def stands_again(office: Office, state: PoolState, **carry: object) -> None:
    run = await office.desk.runs.load("r-1")
    await office.desk.runs.commit(Change(replace(run, pool_state=state, carry=carry)), office.stage.clock.now)


async def test_a_pool_without_a_pair_copies_nothing(office: Office) -> None:
    await office.desk.readings.note(C, PoolReading(office.stage.clock.now, C, ServerState("Active"), edges=()))
    shown = await office.says("pools pool-c")
    assert "Backup Service" not in shown and "gets backups only" in shown


async def test_it_fits_a_message_however_much_there_is_to_tell(office: Office) -> None:
    await says(
        office,
        state=ServerState("F" * 200),
        modules=tuple(Module(f"Some.Module{number}", "ErrorState", "ErrorState") for number in range(60)),
        stopped=tuple(f"fe{number}.contoso.com" for number in range(12)),
        edges=tuple(f"edge{number}.contoso.com" for number in range(50)),
    )


async def test_a_slip_in_its_name_gets_the_nearest_one(office: Office) -> None:
    assert "Did you mean `/rgs pools pool-a`?" in await office.refuses("pools pool-aa")


async def test_whoever_may_read_may_read_it(office: Office) -> None:
    assert await office.says("pools pool-a", ANNA) == await office.says("pools pool-a", EMIL)
