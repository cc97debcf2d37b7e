"""Whatever moves pools never guesses which: the pools stand there as buttons that keep what else was typed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.domain.errors import BadInput
from bot.domain.model import Pool, PoolState, Who
from bot.domain.runs.opening import Estate
from bot.domain.runs.run import Change, Phase, Run
from handlers.asked import CHOICES
from tests.handlers.test_commands import Office, offered
from tests.sandbox.parts import ANNA, alone
from tests.scenarios.front import desk_of
from tests.scenarios.stage import POOLS, A, B, stage_of


@pytest.fixture
async def office(redis: Redis) -> AsyncIterator[Office]:
    async with alone() as (slack, client):
        stage = await stage_of(redis)
        yield Office(desk_of(stage, client), stage, slack)


async def stands(office: Office, fqdn: str, state: PoolState, phase: Phase = Phase.DONE) -> Run:
    """A run left the pool there, or is still at it."""
    now, other = office.stage.clock.now, B if fqdn == A else A
    run = Run(f"r-{fqdn}", "failover", POOLS[fqdn], POOLS[other], Who("T1:U1", "Anna"), now, "declare", phase=phase)
    return await office.desk.runs.commit(Change(replace(run, pool_state=state, since=now)), now)


async def test_a_failover_without_a_pool_offers_those_that_can_be_failed_over_now(office: Office) -> None:
    reply = await office.type("failover")

    assert reply.message["text"] == "Nothing was started. Failover: which pool?"
    assert offered(reply) == {"pool-a": f"failover {A}", "pool-b": f"failover {B}"} and not reply.public
    assert not await office.desk.runs.page()


async def test_only_a_pool_that_is_away_is_offered_for_failback_and_the_other_not_for_failover(office: Office) -> None:
    await stands(office, A, PoolState.FAILED_OVER)

    assert offered(await office.type("failback")) == {"pool-a": f"failback {A}"}
    said = await office.type("failover")
    assert offered(said) == {}
    assert said.message["text"].split("\n")[:3] == [
        "Failover cannot start for any pool now. Nothing was started.",
        "•  pool-a is already failed over. Next: `/rgs failback pool-a`.",
        "•  pool-a is itself failed over, onto pool-b, so pool-b cannot fail over to it. Finish that first: "
        "`/rgs failback pool-a`. Then start this again.",
    ]


async def test_while_a_run_is_at_work_on_a_pair_it_is_named_with_what_to_do(office: Office) -> None:
    run = await stands(office, A, PoolState.OUTAGE, Phase.ASKING)

    said = await office.says("failover")

    assert f"pool-a: the run `{run.id}` is at work on this pair. Next: finish it on its card." in said
    assert f"pool-b: the run `{run.id}` is at work on this pair." in said


@pytest.mark.parametrize("slip", ["pool-aa", "pol-a", "pool-a.contoso.org", "xyzzy"])
@pytest.mark.parametrize("command", ["failover", "start failover"])
async def test_a_slip_in_a_pool_guesses_none_however_near_it_is(office: Office, command: str, slip: str) -> None:
    reply = await office.type(f"{command} {slip}")

    assert reply.message["text"] == f"There is no pool “{slip}”. Nothing was started. Failover: which pool?"
    assert offered(reply) == {"pool-a": f"{command} {A}", "pool-b": f"{command} {B}"}
    assert not await office.desk.runs.page()


async def test_a_slip_keeps_the_pool_that_takes_its_place(office: Office) -> None:
    await stands(office, A, PoolState.FAILED_OVER)

    assert offered(await office.type("start replace pol-a pool-c")) == {"pool-a": f"start replace {A} pool-c"}


async def test_of_two_pools_of_one_short_name_each_is_offered_in_full(office: Office) -> None:
    pools = {fqdn: Pool(fqdn) for fqdn in ("pool1.a.example", "pool1.b.example", "pool2.a.example", "pool2.b.example")}
    one, two, three, four = pools
    office.desk = replace(office.desk, estate=Estate(pools, {one: three, three: one, two: four, four: two}, {}))

    reply = await office.type("failover pool1")

    assert "Several pools are called “pool1”: pool1.a.example, pool1.b.example." in reply.message["text"]
    assert offered(reply) == {one: f"failover {one}", two: f"failover {two}"}


async def test_of_many_pools_as_many_are_offered_as_have_room_and_how_to_type_the_others(office: Office) -> None:
    pools = {f"pool-{number}.example": Pool(f"pool-{number}.example") for number in range(40)}
    names = list(pools)
    pairs = {name: names[number ^ 1] for number, name in enumerate(names)}
    office.desk = replace(office.desk, estate=Estate(pools, pairs, {}))

    reply = await office.type("failover")

    assert len(offered(reply)) == CHOICES
    assert reply.message["text"].endswith("Or type it, as in `/rgs failover pool-0.example`.")


@pytest.mark.parametrize(
    ("state", "typed", "said"),
    [
        (PoolState.FAILED_OVER, "failover", "pool-a is already failed over. Next: `/rgs failback pool-a`."),
        (PoolState.ACTIVE, "failback", "pool-a is not failed over. Next: `/rgs runbooks` shows what can start now."),
        (PoolState.OUTAGE, "failback", "pool-a is in outage, and not failed over yet. Next: `/rgs failover pool-a`."),
        (PoolState.FAILING_OVER, "failback", "pool-a is being failed over. Next: `/rgs failover pool-a`."),
        (PoolState.FAILING_BACK, "start prestage", "pool-a is being failed back. Next: `/rgs failback pool-a`."),
        (PoolState.REPLACING, "failback", "pool-a is being replaced. Next: `/rgs start replace pool-a <new pool>`."),
    ],
)
async def test_what_cannot_start_says_where_the_pool_stands_and_what_comes_next(
    office: Office, state: PoolState, typed: str, said: str
) -> None:
    await stands(office, A, state)
    before = await office.desk.runs.page()

    assert await refused(office, f"{typed} pool-a") == f"{said} Nothing was started."
    assert await office.desk.runs.page() == before


async def test_what_cannot_start_while_a_run_is_at_it_leads_to_its_card(office: Office) -> None:
    run = await stands(office, A, PoolState.FAILED_OVER, Phase.ASKING)

    assert await refused(office, "failover pool-a") == (
        f"pool-a is already failed over. Next: finish the run `{run.id}` on its card. Nothing was started."
    )


async def test_a_pool_that_is_not_well_takes_no_place_and_that_is_said_at_once(office: Office) -> None:
    pool_c = replace(POOLS[A], fqdn="pool-c.contoso.com", backup_pool=None)
    now = office.stage.clock.now
    run = Run("r-c", "failover", pool_c, None, Who("T1:U1", "Anna"), now, "declare", phase=Phase.DONE)
    await office.desk.runs.commit(Change(replace(run, pool_state=PoolState.OUTAGE, since=now)), now)
    await stands(office, A, PoolState.FAILED_OVER)

    assert await refused(office, "start replace pool-a pool-c") == (
        "pool-c is outage, so it cannot take the place of pool-a. Nothing was started."
    )


async def refused(office: Office, text: str) -> str:
    with pytest.raises(BadInput) as refusal:
        await office.type(text, ANNA)
    return refusal.value.sentence
