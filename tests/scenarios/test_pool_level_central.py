"""Central Management goes to the backup pool: by its own word, planned or by force, once, with its replicas (R2)."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from types import MappingProxyType

import pytest
from redis.asyncio import Redis

from bot.domain.errors import BadInput, NotAllowed
from bot.domain.runs.run import Found, Phase
from tests.scenarios.pool_level import SQL, begun, built, estate, losing, pool_becomes, put, seen, sent, through
from tests.scenarios.stage import ANNA, BORIS, CLARA, A, B

PLANNED = "Invoke-CsManagementServerFailover -Confirm:$false"
FORCED = (
    'Invoke-CsManagementServerFailover -BackupSqlServerFqdn "sql-b.contoso.com" -BackupSqlInstanceName "RTC" -Force '
    "-Confirm:$false"
)
VERSIONS = ("2013", "2015", "2019")


@pytest.mark.parametrize("version", VERSIONS)
async def test_while_it_answers_it_is_moved_as_planned_and_is_active_once(redis: Redis, version: str) -> None:
    stage = await built(redis, version, store=A)
    run = await begun(stage, "cms")
    assert (run.step, run.phase) == ("cms", Phase.WAITING)
    assert run.proposal is not None and run.proposal.commands == (PLANNED,)
    done = await through(stage, run, "approve", BORIS)
    assert (done.phase, (await seen(stage)).store) == (Phase.DONE, B)
    assert "active on pool-b, and nowhere else" in done.record_of("cms-after").sentence
    back = await through(stage, await begun(stage, "cms", B), "approve", ANNA)
    assert (back.phase, (await seen(stage)).store) == (Phase.DONE, A)


@pytest.mark.parametrize("version", VERSIONS)
async def test_while_it_is_silent_the_sql_server_is_asked_for_and_force_is_used(redis: Redis, version: str) -> None:
    stage = await built(redis, version, store=A)
    await pool_becomes(stage, B, sql="sql-b.contoso.com")
    await stage.take_down(A)
    run = await begun(stage, "cms")
    assert (run.step, run.phase) == ("cms-names", Phase.ASKING)
    run = await stage.press(run, "cms-named", ANNA, **SQL)
    assert run.proposal is not None and run.proposal.commands == (FORCED,)
    done = await through(stage, run, "approve", BORIS)
    assert (done.phase, (await seen(stage)).store) == (Phase.DONE, B)
    assert "Those of pool-a are not waited for" in done.record_of("cms-replicas").sentence


async def test_a_configured_sql_server_is_not_asked_for(redis: Redis) -> None:
    stage = await built(redis, store=A)
    stage.rebuilt(estate(sql_server="sql-b.contoso.com", sql_instance="RTC"))
    await stage.take_down(A)
    await pool_becomes(stage, A, sql="sql-b.contoso.com")
    run = await begun(stage, "cms")
    assert run.proposal is not None and run.proposal.commands == (FORCED,)


@pytest.mark.parametrize(
    ("field", "typed"),
    [("sql_server", "sql'; Remove-Item"), ("sql_server", "sqlserver"), ("sql_instance", "RTC; x"), ("sql_server", "")],
)
async def test_what_is_no_name_of_a_sql_server_never_gets_into_a_command(redis: Redis, field: str, typed: str) -> None:
    stage = await built(redis, store=A)
    await stage.take_down(A)
    run = await begun(stage, "cms")
    with pytest.raises(BadInput):
        await stage.press(run, "cms-named", ANNA, **{**SQL, field: typed})
    assert (await stage.runs.load(run.id)).step == "cms-names"


async def test_of_a_mirrored_pair_the_principal_takes_it(redis: Redis) -> None:
    stage = await built(redis, "2013", store=A)
    await pool_becomes(stage, B, principals=MappingProxyType({"CentralMgmt": "Mirror"}))
    await stage.take_down(A)
    mirror = {"sql_mirror_server": "sql-m.contoso.com", "sql_mirror_instance": "RTC"}
    run = await stage.press(await begun(stage, "cms"), "cms-named", ANNA, **SQL | mirror)
    assert run.proposal is not None
    assert '-BackupSqlServerFqdn "sql-m.contoso.com"' in run.proposal.commands[0]
    assert '-BackupMirrorSqlServerFqdn "sql-b.contoso.com"' in run.proposal.commands[0]


@pytest.mark.parametrize(("after", "down"), list(product((False, True), (False, True))))
async def test_a_lost_move_is_looked_at_by_where_it_is_active(redis: Redis, after: bool, down: bool) -> None:
    stage = await built(redis, store=A)
    if down:
        await stage.take_down(A)
    run = await begun(stage, "cms")
    run = await stage.press(run, "cms-named", ANNA, **SQL) if down else run
    await losing(stage, B, "Invoke-CsManagementServerFailover", after=after)
    lost = await through(stage, run, "approve", BORIS)
    assert lost.phase is Phase.LOST and lost.finding is not None
    assert lost.finding.found is (Found.DONE if after else Found.NOT_DONE)
    choice = "accept" if after else "retry"
    again = await through(stage, lost, choice, BORIS)
    done = again if after else await through(stage, again, "approve", BORIS)
    assert (done.phase, (await seen(stage)).store) == (Phase.DONE, B)


async def test_a_refused_move_is_looked_at_and_offers_the_other_way(redis: Redis) -> None:
    stage = await built(redis, store=A)
    await stage.take_down(A)
    await pool_becomes(stage, B, sql="other.contoso.com")
    run = await stage.press(await begun(stage, "cms"), "cms-named", ANNA, **SQL)
    refused = await through(stage, run, "approve", BORIS)
    assert (refused.phase, refused.step, refused.finding.found) == (Phase.LOST, "cms", Found.NOT_DONE)
    assert {"cms-look", "cms-planned", "cms-named", "cms-moved", "retry"} <= set(stage.labels(refused))
    right = await stage.press(refused, "cms-named", ANNA, **SQL | {"sql_server": "other.contoso.com"})
    done = await through(stage, right, "approve", BORIS)
    assert (done.phase, (await seen(stage)).store) == (Phase.DONE, B)


async def test_on_two_pools_at_once_it_is_left_alone_and_told_what_to_do(redis: Redis) -> None:
    stage = await built(redis, store=A, also_active=B)
    run = await begun(stage, "cms")
    assert (run.step, run.phase) == ("cms-where", Phase.STOPPED)
    assert f"{A} and {B}" in run.sentence and "Invoke-CsManagementServerFailover -Restore" in run.sentence
    assert not await sent(stage)
    await put(stage, replace(await seen(stage), also_active=""))
    assert (await stage.press(run, "retry", ANNA)).step == "cms"


async def test_a_move_that_leaves_it_active_twice_is_no_success(redis: Redis) -> None:
    stage = await built(redis, store=A)
    run = await begun(stage, "cms")
    await put(stage, replace(await seen(stage), store=B, also_active=A))
    moved = await through(stage, run, "cms-moved", BORIS)
    assert (moved.step, moved.phase) == ("cms-after", Phase.STOPPED)
    assert "-Restore" in moved.sentence


async def test_a_wrong_word_is_caught_by_a_reading(redis: Redis) -> None:
    stage = await built(redis, store=A)
    said = await through(stage, await begun(stage, "cms"), "cms-moved", BORIS)
    assert (said.step, said.phase) == ("cms-after", Phase.STOPPED)
    assert "It is active on pool-a.contoso.com" in said.sentence
    assert "cms-seen" not in stage.labels(said), "nobody's word replaces a reading"
    again = await stage.press(said, "cms-look", BORIS)
    assert (again.step, again.phase) == ("cms", Phase.WAITING)


async def test_elsewhere_it_stays_and_nothing_is_sent(redis: Redis) -> None:
    stage = await built(redis)
    done = await begun(stage, "cms")
    assert done.phase is Phase.DONE and done.record_of("cms").mark == "skipped"
    assert "works on cms.contoso.com" in done.record_of("cms-where").sentence


async def test_whose_it_was_is_asked_where_no_server_tells(redis: Redis) -> None:
    stage = await built(redis, store=A)
    await stage.take_down(A)
    await pool_becomes(stage, A, sql="sql-of-nobody.contoso.com")
    run = await begun(stage, "cms")
    assert (run.step, run.phase) == ("cms-doubt", Phase.ASKING)
    assert (await stage.press(run, "cms-here", ANNA)).step == "cms-names"


async def test_without_a_front_end_people_run_it_and_it_is_read(redis: Redis) -> None:
    stage = await built(redis, store=A)
    stage.rebuilt(estate(front_end=False))
    run = await begun(stage, "cms")
    assert (run.step, run.phase) == ("cms-hand", Phase.ASKING)
    assert PLANNED in run.sentence
    await put(stage, replace(await seen(stage), store=B))
    done = await through(stage, run, "cms-moved", ANNA)
    assert done.phase is Phase.DONE and not await sent(stage)


async def test_a_replica_that_is_behind_is_sent_it_once_more_or_left(redis: Redis) -> None:
    stage = await built(redis, store=A)
    run = await begun(stage, "cms")
    await pool_becomes(stage, B, replica_behind=True)
    behind = await through(stage, run, "approve", BORIS)
    assert (behind.step, behind.phase) == ("cms-replicas", Phase.STOPPED)
    push = await stage.press(behind, "cms-push-now", ANNA)
    assert push.proposal is not None and all("-ReplicaFqdn" in line for line in push.proposal.commands)
    assert (await through(stage, push, "approve", ANNA)).phase is Phase.DONE


async def test_a_replica_that_never_gets_there_has_its_way_on(redis: Redis) -> None:
    stage = await built(redis, store=A)
    run = await begun(stage, "cms")
    world = await seen(stage)
    stopped = MappingProxyType({machine: ("REPLICA",) for machine in world.pools[B].machines})
    await pool_becomes(stage, B, replica_behind=True, stopped=stopped)
    behind = await through(stage, run, "approve", BORIS)
    pushed = await through(stage, await stage.press(behind, "cms-push-now", ANNA), "approve", ANNA)
    assert (pushed.step, pushed.phase) == ("cms-replicas", Phase.STOPPED)
    assert "cms-push-now" in stage.labels(pushed)
    assert (await through(stage, pushed, "cms-behind", ANNA)).phase is Phase.DONE


async def test_abandoned_in_the_middle_it_says_what_stays(redis: Redis) -> None:
    stage = await built(redis, store=A)
    run = await begun(stage, "cms")
    left = await stage.press(run, "abandon", ANNA)
    assert left.phase is Phase.ABANDONED and "Switchback sent no command" in left.sentence
    run = await begun(stage, "cms")
    await pool_becomes(stage, B, replica_behind=True)
    left = await stage.press(await through(stage, run, "approve", BORIS), "abandon", ANNA)
    assert "What its commands changed stays" in left.sentence
    assert (await begun(stage, "cms")).phase is Phase.DONE, "started again, it reads that it has moved"


async def test_only_a_server_admin_moves_it(redis: Redis) -> None:
    stage = await built(redis, store=A)
    run = await begun(stage, "cms")
    with pytest.raises(NotAllowed, match="RTCUniversalServerAdmins"):
        await stage.press(run, "approve", CLARA)
