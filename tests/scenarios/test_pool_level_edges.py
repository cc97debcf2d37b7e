"""Edge pools: federation, XMPP, the Edge pool of a pool, and the next hop that a failover leads elsewhere."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.domain.deployment.world import World
from bot.domain.errors import BadInput
from bot.domain.runs.run import Found, Phase, Run
from tests.scenarios.pool_level import E1, E2, begun, built, losing, pool_becomes, put, seen, sent
from tests.scenarios.stage import ANNA, BORIS, EMIL, FAILOVER, A, B, Stage

CHOSEN = {"edge_from": E1, "edge_to": E2}
XMPP = {"edge_to": E2, "site": "Munich"}


def routed(world: World, **routes: str) -> World:
    """Berlin and Munich, where Berlin has these routes."""
    berlin = {"Identity": "Site:Berlin", "DisplayName": "Berlin", "FederationRoute": "", "XmppFederationRoute": ""}
    return world.with_told("CsSite", (MappingProxyType({**berlin, **routes}),))


async def led(stage: Stage, **routes: str) -> None:
    await put(stage, routed(await seen(stage), **routes))


def routes_of(world: World) -> dict[str, tuple[str, str]]:
    return {
        str(row["Identity"]): (str(row["FederationRoute"]), str(row["XmppFederationRoute"]))
        for row in world.told["CsSite"]
    }


async def chosen(stage: Stage, runbook: str, choice: str = "over", **form: str) -> Run:
    return await stage.press(await begun(stage, runbook), choice, ANNA, **form)


async def test_federation_goes_over_when_topology_builder_was_published(redis: Redis) -> None:
    stage = await built(redis)
    await led(stage, FederationRoute=f"EdgeServer:{E1}")
    run = await chosen(stage, "edge", **CHOSEN)
    assert (run.step, run.phase) == ("builder", Phase.ASKING)
    await led(stage, FederationRoute=f"EdgeServer:{E2}")
    run = await stage.press(run, "done", ANNA)
    assert (run.step, run.phase) == ("wizard", Phase.ASKING), "no command was needed"
    run = await stage.press(run, "done", ANNA)
    done = await stage.press(run, "worked", EMIL, tried="a message to contoso.net arrived")
    assert done.phase is Phase.DONE and not await sent(stage)


async def test_a_word_about_topology_builder_that_is_wrong_is_caught_and_the_route_can_be_set(redis: Redis) -> None:
    stage = await built(redis)
    await led(stage, FederationRoute=f"EdgeServer:{E1}")
    run = await stage.press(await chosen(stage, "edge", **CHOSEN), "done", ANNA)
    assert (run.step, run.phase) == ("builder-seen", Phase.STOPPED)
    assert f"the route still goes to {E1}" in run.sentence and "word" not in stage.labels(run)
    assert (await stage.press(run, "again", ANNA)).step == "builder"
    run = await stage.press(await stage.runs.load(run.id), "done", ANNA)
    run = await stage.press(run, "by-command", ANNA)
    line = f'Set-CsSite -Identity "Berlin" -FederationRoute "EdgeServer:{E2}" -Confirm:$false'
    assert run.proposal is not None and run.proposal.commands == (line,)
    run = await stage.press(run, "approve", ANNA)
    assert run.step == "wizard" and routes_of(await seen(stage))["Site:Berlin"][0] == f"EdgeServer:{E2}"


async def test_federation_comes_back_to_the_restored_edge_pool_whose_services_start_first(redis: Redis) -> None:
    stage = await built(redis)
    await led(stage, FederationRoute=f"EdgeServer:{E2}")
    run = await chosen(stage, "edge", "back", edge_from=E2, edge_to=E1)
    assert (run.step, run.phase) == ("started", Phase.ASKING)
    run = await stage.press(run, "done", ANNA)
    await led(stage, FederationRoute=f"EdgeServer:{E1}")
    assert (await stage.press(run, "done", ANNA)).step == "wizard"


async def test_where_no_site_has_a_route_a_word_stands_as_a_word(redis: Redis) -> None:
    stage = await built(redis)
    run = await stage.press(await chosen(stage, "edge", **CHOSEN), "done", ANNA)
    assert (run.step, run.phase) == ("builder-seen", Phase.STOPPED)
    assert "no server shows it" in run.sentence
    assert (await stage.press(run, "word", ANNA)).step == "wizard"


@pytest.mark.parametrize(
    ("edges", "sentence"),
    [({}, "The servers list no Edge pool."), ({E1: A}, f"The servers list one Edge pool only, {E1}")],
)
async def test_without_a_second_edge_pool_there_is_one_clear_sentence(
    redis: Redis, edges: dict[str, str], sentence: str
) -> None:
    stage = await built(redis)
    await put(stage, replace(await seen(stage), edges=MappingProxyType(edges)))
    run = await begun(stage, "edge")
    assert (run.step, run.phase) == ("choose", Phase.STOPPED) and sentence in run.sentence
    assert stage.labels(run) == ["retry", "abandon"]


@pytest.mark.parametrize("edge", ["edge9.contoso.com", "edge1.contoso.com'; Remove-Item", ""])
async def test_an_edge_pool_that_servers_do_not_list_cannot_be_chosen(redis: Redis, edge: str) -> None:
    stage = await built(redis)
    run = await begun(stage, "edge")
    with pytest.raises(BadInput):
        await stage.press(run, "over", ANNA, edge_from=E1, edge_to=edge)


async def test_an_edge_pool_is_not_led_to_itself(redis: Redis) -> None:
    stage = await built(redis)
    run = await chosen(stage, "edge", edge_from=E1, edge_to=E1)
    assert (run.step, run.phase) == ("before", Phase.STOPPED) and "chosen twice" in run.sentence
    assert (await stage.press(run, "choose-again", ANNA)).step == "choose"


async def test_while_central_management_is_silent_it_is_named_first(redis: Redis) -> None:
    stage = await built(redis, store=B)
    await stage.take_down(B)
    run = await begun(stage, "edge")
    assert run.phase is Phase.STOPPED and "`/rgs start cms`" in run.sentence


async def test_xmpp_is_set_by_the_name_of_the_edge_pool(redis: Redis) -> None:
    stage = await built(redis, "2013")
    run = await chosen(stage, "xmpp", **XMPP)
    assert (run.step, run.phase) == ("stopped", Phase.ASKING)
    run = await stage.press(run, "done", ANNA)
    line = f'Set-CsSite -Identity "Munich" -XmppFederationRoute "EdgeServer:{E2}" -Confirm:$false'
    assert run.proposal is not None and run.proposal.commands == (line,)
    run = await stage.press(run, "approve", BORIS)
    for step in ("dns", "firewall", "started"):
        assert (run.step, run.phase) == (step, Phase.ASKING)
        run = await stage.press(run, "done", ANNA)
    done = await stage.press(run, "worked", EMIL, tried="a message arrived")
    assert done.phase is Phase.DONE and routes_of(await seen(stage))["Site:Munich"][1] == f"EdgeServer:{E2}"


async def test_xmpp_comes_back_without_stopping_services(redis: Redis) -> None:
    stage = await built(redis, "2015")
    assert (await chosen(stage, "xmpp", "back", edge_to=E1, site="Berlin")).step == "route"


@pytest.mark.parametrize("after", [False, True])
async def test_a_lost_route_is_looked_at_by_the_route_itself(redis: Redis, after: bool) -> None:
    stage = await built(redis)
    run = await stage.press(await chosen(stage, "xmpp", **XMPP), "done", ANNA)
    await losing(stage, A, "Set-CsSite", after=after)
    lost = await stage.press(run, "approve", ANNA)
    assert lost.finding is not None and lost.finding.found is (Found.DONE if after else Found.NOT_DONE)


async def test_a_refused_route_stays_refused(redis: Redis) -> None:
    stage = await built(redis)
    run = await stage.press(await chosen(stage, "xmpp", **XMPP), "done", ANNA)
    await put(stage, replace(await seen(stage), edges=MappingProxyType({E1: A})))
    refused = await stage.press(run, "approve", ANNA)
    assert (refused.step, refused.phase) == ("route", Phase.STOPPED) and "refused" in refused.sentence


@pytest.mark.parametrize("runbook", ["xmpp", "mirror"])
async def test_what_2019_has_not_is_not_started_there(redis: Redis, runbook: str) -> None:
    stage = await built(redis, "2019")
    with pytest.raises(BadInput, match="gone in 2019"):
        await stage.engine.start(runbook, A, ANNA)


async def test_a_pool_gets_another_edge_pool_proven_by_replication_and_a_call(redis: Redis) -> None:
    stage = await built(redis)
    run = await stage.press(await begun(stage, "edge-of-pool"), "chosen", ANNA, edge_to=E2)
    await pool_becomes(stage, B, replica_behind=True)
    behind = await stage.press(run, "done", ANNA)
    assert (behind.step, behind.phase) == ("builder-seen", Phase.STOPPED) and "not up to date" in behind.sentence
    await pool_becomes(stage, B, replica_behind=False)
    run = await stage.press(behind, "retry", ANNA)
    failed = await stage.press(run, "failed", EMIL, tried="no sound")
    assert failed.step == "builder"
    run = await stage.press(failed, "done", ANNA)
    assert (await stage.press(run, "worked", EMIL, tried="heard each other")).phase is Phase.DONE


async def hopping(stage: Stage, **world: Any) -> Run:
    """A failover of A in a disaster, up to the rows of its Edge pools."""
    await put(stage, replace(await seen(stage), **world))
    await stage.take_down(A)
    return await stage.press(await begun(stage, "failover"), "declare", ANNA)


async def test_a_failover_leads_the_edge_pools_of_the_lost_pool_first(redis: Redis) -> None:
    stage = await built(redis)
    run = await hopping(stage)
    assert (run.step, run.phase) == ("hop-way", Phase.ASKING) and E1 in run.record_of("hop-read").sentence
    run = await stage.press(run, "hop-command", ANNA)
    line = f'Set-CsEdgeServer -Identity "EdgeServer:{E1}" -Registrar "Registrar:{B}" -Confirm:$false'
    assert run.proposal is not None and run.proposal.commands == (line,)
    run = await stage.press(run, "approve", ANNA)
    assert (await seen(stage)).edges[E1] == B and run.step == "failover"
    assert any("Branch appliances" in one for one in run.record_of("hop-read").details)


async def test_one_approval_leads_all_of_them(redis: Redis) -> None:
    stage = await built(redis)
    run = await hopping(stage, edges=MappingProxyType({E1: A, E2: A}))
    run = await stage.press(run, "hop-command", ANNA)
    assert run.proposal is not None and len(run.proposal.commands) == 2
    await stage.press(run, "approve", ANNA)
    assert set((await seen(stage)).edges.values()) == {B}


async def test_a_wrong_word_about_the_next_hop_is_caught(redis: Redis) -> None:
    stage = await built(redis)
    run = await stage.press(await hopping(stage), "hop-hand", ANNA)
    assert (run.step, run.phase) == ("hop-after", Phase.STOPPED) and "still pool-a" in run.sentence
    assert "hop-seen" not in stage.labels(run)
    assert (await stage.press(run, "hop-left", ANNA)).step == "failover"


@pytest.mark.parametrize("after", [False, True])
async def test_a_lost_change_of_the_next_hop_is_read(redis: Redis, after: bool) -> None:
    stage = await built(redis)
    run = await stage.press(await hopping(stage), "hop-command", ANNA)
    await losing(stage, B, "Set-CsEdgeServer", after=after)
    lost = await stage.press(run, "approve", ANNA)
    assert lost.finding is not None and lost.finding.found is (Found.DONE if after else Found.NOT_DONE)


async def test_without_such_edge_pools_the_rows_fall_away(redis: Redis) -> None:
    stage = await built(redis)
    run = await hopping(stage, edges=MappingProxyType({E2: B}))
    assert run.step == "failover" and run.record_of("hop").mark == "skipped"


async def test_a_failover_of_the_pool_with_central_management_moves_that_first(redis: Redis) -> None:
    stage = await built(redis, store=A)
    await stage.settle((await stage.engine.start("backup", A, ANNA)).id)
    run = await hopping(stage)
    assert (run.step, run.phase) == ("cms-names", Phase.ASKING)
    named = (("cms-named", ANNA),)
    steps = {
        "cms-names": named,
        "cms": (("approve", BORIS),),
        "lis": (("lis-without", ANNA),),
        "hop-way": (("hop-command", ANNA),),
    }
    sql = {"sql_server": "sql-b.contoso.com", "sql_instance": "", "sql_mirror_server": "", "sql_mirror_instance": ""}
    run = await stage.press(run, "cms-named", ANNA, **sql)
    done = await stage.play(run, {**FAILOVER, **steps, "hop": (("approve", ANNA),)})
    world = await seen(stage)
    assert (done.phase, world.store, world.edges[E1]) == (Phase.DONE, B, B)
    order = [line.split()[0] for line in await sent(stage)]
    moved = ["Invoke-CsManagementServerFailover", "Set-CsEdgeServer", "Invoke-CsPoolFailOver"]
    assert [name for name in order if name in moved] == moved
