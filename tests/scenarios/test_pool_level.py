"""Mirrored databases, contents of conferences and the Backup Service, each a run of its own (R1, R4, R9)."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from redis.asyncio import Redis

from bot.domain.deployment.world import CONFERENCES
from bot.domain.errors import BadInput, Held
from bot.domain.model import PoolState
from bot.domain.runs.run import Found, Phase
from tests.scenarios.pool_level import ENDINGS, TYPES, all_ended, begun, built, estate, losing, pool_becomes, seen, sent
from tests.scenarios.stage import ANNA, BORIS, FAILOVER, A, B, Stage

LINE = (
    'Invoke-CsDatabaseFailover -PoolFqdn "pool-a.contoso.com" -DatabaseType "{}" -NewPrincipal "Mirror" -Confirm:$false'
)
MIRRORED = MappingProxyType(dict.fromkeys(TYPES, "Primary"))


LATE = MappingProxyType({CONFERENCES: ("NonSteadyState", "NormalState")})


async def mirrored(redis: Redis, version: str = "2015") -> Stage:
    stage = await built(redis, version)
    await pool_becomes(stage, A, principals=MIRRORED)
    return stage


@pytest.mark.parametrize("version", ["2013", "2015"])
async def test_each_type_of_database_moves_by_itself(redis: Redis, version: str) -> None:
    stage = await mirrored(redis, version)
    run = await begun(stage, "mirror")
    for type in TYPES:
        assert (run.step, run.phase) == (f"{type.lower()}-choose", Phase.ASKING)
        assert "Primary is principal" in run.sentence
        run = await stage.press(run, "mirror", ANNA)
        assert run.proposal is not None and run.proposal.commands == (LINE.format(type),)
        run = await stage.press(run, "approve", ANNA)
    assert run.phase is Phase.DONE and (await seen(stage)).pools[A].principals == dict.fromkeys(TYPES, "Mirror")
    record = (await stage.runs.records([A]))[A]
    assert record.state is PoolState.ACTIVE, "a back end that failed over is no outage of the pool"


async def test_what_is_left_is_left(redis: Redis) -> None:
    stage = await mirrored(redis)
    run = await begun(stage, "mirror")
    for _ in TYPES:
        run = await stage.press(run, "leave", ANNA)
    assert run.phase is Phase.DONE and not await sent(stage)


async def test_a_back_end_that_is_down_is_moved_by_force(redis: Redis) -> None:
    stage = await mirrored(redis)
    await pool_becomes(stage, A, back_end=False)
    run = await begun(stage, "mirror")
    assert "no server says which one is principal" in run.sentence
    assert stage.labels(run) == ["mirror-force", "primary-force", "leave", "abandon"]
    run = await stage.press(await stage.press(run, "leave", ANNA), "leave", ANNA)
    run = await stage.press(run, "mirror-force", ANNA)
    assert run.proposal is not None and "-Force" in run.proposal.commands[0]
    done = await stage.press(run, "approve", ANNA)
    assert done.phase is Phase.DONE and "Mirror is principal" in done.record_of("application-after").sentence


@pytest.mark.parametrize("after", [False, True])
async def test_a_lost_failover_of_databases_is_read(redis: Redis, after: bool) -> None:
    stage = await mirrored(redis)
    run = await stage.press(await begun(stage, "mirror"), "mirror", ANNA)
    await losing(stage, A, "Invoke-CsDatabaseFailover", after=after)
    lost = await stage.press(run, "approve", ANNA)
    assert lost.finding is not None and lost.finding.found is (Found.DONE if after else Found.NOT_DONE)


async def test_databases_without_a_mirror_stay_refused_and_can_be_left(redis: Redis) -> None:
    stage = await built(redis)
    run = await stage.press(await begun(stage, "mirror"), "mirror-force", ANNA)
    refused = await stage.press(run, "approve", ANNA)
    assert (refused.step, refused.phase) == ("user", Phase.STOPPED) and "refused" in refused.sentence
    again = await stage.press(refused, "choose-again", ANNA)
    assert (await stage.press(again, "leave", ANNA)).step == "centralmgmt-choose"


async def test_response_groups_that_do_not_answer_after_it_are_told(redis: Redis) -> None:
    stage = await mirrored(redis)
    run = await begun(stage, "mirror")
    run = await stage.press(await stage.press(run, "leave", ANNA), "leave", ANNA)
    run = await stage.press(run, "mirror", ANNA)
    await losing(stage, A, "Get-CsRgsConfiguration", after=False)
    told = await stage.press(run, "approve", ANNA)
    assert (told.step, told.phase) == ("application-after", Phase.STOPPED)
    assert "Response Groups do not answer" in told.sentence
    assert (await stage.press(told, "retry", ANNA)).phase is Phase.DONE


async def test_contents_of_conferences_are_brought_over_and_a_lost_one_is_sent_again(redis: Redis) -> None:
    stage = await built(redis)
    await pool_becomes(stage, B, modules=LATE)
    run = await begun(stage, "conferences")
    line = f'Invoke-CsBackupServiceSync -PoolFqdn "{B}" -BackupModule "{CONFERENCES}"'
    assert run.proposal is not None and run.proposal.commands == (line,)
    await losing(stage, B, "Invoke-CsBackupServiceSync", after=False)
    done = await stage.press(run, "approve", BORIS)
    assert done.phase is Phase.DONE and not (await seen(stage)).pools[B].modules


async def test_while_nobody_can_tell_whether_they_arrived_it_waits_for_people(redis: Redis) -> None:
    stage = await built(redis)
    run = await begun(stage, "conferences")
    await losing(stage, B, "Get-CsBackupServiceStatus", after=False)
    unread = await stage.press(run, "approve", BORIS)
    assert (unread.step, unread.phase) == ("conferences-arrived", Phase.STOPPED)
    assert (await stage.press(unread, "retry", BORIS)).phase is Phase.DONE


async def test_modules_are_told_in_words(redis: Redis) -> None:
    stage = await built(redis)
    await pool_becomes(stage, B, modules=LATE)
    run = await begun(stage, "backup-service")
    record = run.record_of("modules")
    details = record.details
    assert (record.mark, record.sentence.partition(" not ")[0]) == ("warn", "1 thing"), (
        "off is no trouble where it is usual"
    )
    assert "From pool-b: Contents of conferences: it falls behind, and what waits is growing." in details
    assert "From pool-a: Users and their meetings: it keeps up." in details


async def test_the_backup_service_is_started_where_it_does_not_run(redis: Redis) -> None:
    stage = await built(redis)
    machine = (await seen(stage)).pools[A].machines[0]
    await pool_becomes(stage, A, stopped=MappingProxyType({machine: ("LYNCBACKUP",)}))
    run = await begun(stage, "backup-service")
    assert (run.step, run.phase) == ("start", Phase.WAITING)
    line = f'Start-CsWindowsService -Name "LYNCBACKUP" -ComputerName "{machine}" -Confirm:$false'
    assert run.proposal is not None and run.proposal.commands == (line,)
    run = await stage.press(run, "approve", ANNA)
    assert run.step == "change" and "runs there now" in run.record_of("started").sentence


async def test_a_start_that_cannot_be_read_is_no_success(redis: Redis) -> None:
    stage = await built(redis)
    machine = (await seen(stage)).pools[B].machines[0]
    await pool_becomes(stage, B, stopped=MappingProxyType({machine: ("LYNCBACKUP",)}))
    run = await begun(stage, "backup-service")
    await losing(stage, B, "Get-CsWindowsService", after=False)
    unread = await stage.press(run, "approve", ANNA)
    assert (unread.step, unread.phase) == ("started", Phase.STOPPED) and machine in unread.sentence
    assert (await stage.press(unread, "retry", ANNA)).step == "change"


async def test_its_interval_is_changed_and_the_old_one_is_shown(redis: Redis) -> None:
    stage = await built(redis)
    run = await stage.press(await begun(stage, "backup-service"), "interval", ANNA, interval="00:03:00")
    assert run.proposal is not None
    assert run.proposal.commands == ('Set-CsBackupServiceConfiguration -SyncInterval "00:03:00" -Confirm:$false',)
    assert any("-SyncInterval 00:02:00" in one for one in run.proposal.effect)
    done = await stage.press(run, "approve", BORIS)
    assert done.phase is Phase.DONE and "-SyncInterval 00:02:00" in done.record_of("interval-after").sentence


@pytest.mark.parametrize("typed", ["00:00:04", "03:00:01", "3 minutes", "00:03:00; Remove-Item", "٠٠:٠٣:٠٠"])
async def test_an_interval_that_it_cannot_have_is_not_taken(redis: Redis, typed: str) -> None:
    stage = await built(redis)
    run = await begun(stage, "backup-service")
    with pytest.raises(BadInput, match=r"00:00:05 to 03:00:00|longer than"):
        await stage.press(run, "interval", ANNA, interval=typed)


@pytest.mark.parametrize("after", [False, True])
async def test_a_lost_change_of_the_interval_is_read(redis: Redis, after: bool) -> None:
    stage = await built(redis)
    run = await stage.press(await begun(stage, "backup-service"), "interval", ANNA, interval="00:03:00")
    await losing(stage, A, "Set-CsBackupServiceConfiguration", after=after)
    lost = await stage.press(run, "approve", ANNA)
    assert lost.finding is not None and lost.finding.found is (Found.DONE if after else Found.NOT_DONE)


@pytest.mark.parametrize("version", ["2013", "2015", "2019"])
async def test_both_pools_copy_at_once_and_it_is_read(redis: Redis, version: str) -> None:
    stage = await built(redis, version)
    run = await stage.press(await begun(stage, "backup-service"), "sync", ANNA)
    run = await stage.press(run, "approve", ANNA)
    assert (run.step, run.phase) == ("sync-back", Phase.WAITING)
    assert (await stage.press(run, "approve", ANNA)).phase is Phase.DONE


async def test_they_hold_nothing_and_are_refused_beside_one_of_their_own_kind_only(redis: Redis) -> None:
    stage = await mirrored(redis)
    await stage.settle((await stage.engine.start("backup", A, ANNA)).id)
    mirror = await begun(stage, "mirror")
    service = await begun(stage, "backup-service")
    with pytest.raises(Held):
        await stage.engine.start("mirror", B, BORIS)
    await stage.take_down(A)
    hops = {"hop-way": (("hop-command", ANNA),), "hop": (("approve", ANNA),)}
    moved = await stage.play(await begun(stage, "failover"), {**FAILOVER, **hops})
    assert moved.phase is Phase.DONE, "a failover is held up by none of them"
    await stage.press(mirror, "abandon", ANNA)
    assert (await stage.runs.load(service.id)).is_open
    await stage.engine.start("mirror", B, BORIS)


@pytest.mark.parametrize("version", ["2013", "2015"])
async def test_each_is_walked_to_its_end_though_the_engine_is_made_anew_after_every_press(
    redis: Redis, version: str
) -> None:
    stage = await built(redis, version)
    runs = await all_ended(stage, anew=lambda: stage.rebuilt(estate(version=version)))
    assert {run.runbook for run in runs} == ENDINGS.keys() and all(run.phase is Phase.DONE for run in runs)
