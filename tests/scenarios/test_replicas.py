"""Where servers replicate the groups by themselves, nothing is imported or removed beside that."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest
from redis.asyncio import Redis

from bot.domain.deployment.world import Fault, FaultKind, World
from bot.domain.groups.groups import Kind
from bot.domain.model import PoolState
from bot.domain.runs.opening import Estate
from bot.domain.runs.run import Phase, Run
from tests.scenarios.books import TWO, copies, prestaged, started
from tests.scenarios.ends import REPLICATING, away, failed_over, unreplicated
from tests.scenarios.recovery import begun, changed, emptied, lines_of, until, with_pool, without, world_now
from tests.scenarios.stage import ANNA, BORIS, CLARA, ESTATE, FAILBACK, NEW, POOLS, A, B, N, Stage, stage_of
from tests.scenarios.test_clean_up import CLEANUP
from tests.scenarios.test_rebuilding import REBUILD
from tests.scenarios.test_replacing import settled, walked
from tests.scenarios.test_ways_home import DISASTER

LATE = {fqdn: replace(pool, version="2019") for fqdn, pool in POOLS.items()}


async def late(redis: Redis, build: str, replicates: bool) -> Stage:
    """Both pools of the pair run 2019."""
    stage = await stage_of(redis)
    world, version = await stage.worlds.load()
    for fqdn in (A, B):
        world = world.with_pool(replace(world.pools[fqdn], version="2019", build=build))
    await stage.worlds.save(replace(world, replicates=replicates), version)
    stage.rebuilt(Estate(MappingProxyType(LATE), ESTATE.pairs, ESTATE.unpaired))
    return stage


@pytest.mark.parametrize("book", ["prestage", "clean-up"])
async def test_replicas_are_left_alone(redis: Redis, book: str) -> None:
    stage = await late(redis, "7.0.2046.123", replicates=True)
    run = await started(stage, book)
    assert (run.step, run.phase) == ("mode-refused", Phase.STOPPED)
    run = await stage.press(run, "retry", ANNA)
    assert (run.step, run.phase) == ("mode-refused", Phase.STOPPED)
    assert (await stage.press(run, "mode-again", ANNA)).step == "mode-refused"


@pytest.mark.parametrize("book", ["prestage", "clean-up"])
async def test_where_it_is_off_the_run_goes_on(redis: Redis, book: str) -> None:
    stage = await late(redis, "7.0.2046.123", replicates=False)
    run = await started(stage, book)
    assert run.record_of("mode-refused").mark == "skipped"


IMPORT, MODULES = "Import-CsRgsConfiguration", "Get-CsBackupServiceStatus"
RELEASE = REPLICATING["2019 CU1, replicating"]


async def replicating(redis: Redis) -> Stage:
    """Every pool has the update, and replication is on."""
    stage = await stage_of(redis)
    stage.rebuilt(RELEASE.estate)
    await changed(stage, RELEASE.servers)
    return stage


async def replacing(redis: Redis) -> tuple[Stage, Run]:
    """A replacement that stands where the groups leave B."""
    stage = await replicating(redis)
    await changed(stage, settled)
    await failed_over(stage)
    run = await begun(stage, "replace", replace(NEW, version="2019"))
    return stage, await walked(stage, run, "clean")


def switched_on(world: World) -> World:
    return replace(world, replicates=True)


async def no_server_tells(stage: Stage) -> None:
    for cmdlet in (MODULES, "Get-CsBackupServiceConfiguration"):
        await stage.strike(Fault(FaultKind.LOST_BEFORE, B, cmdlet=cmdlet, times=0))


async def test_a_rebuilt_pool_gets_its_groups_from_the_servers_and_its_settings_by_hand(redis: Redis) -> None:
    stage = await replicating(redis)
    await away(stage)
    had = (await world_now(stage)).pools[A].settings
    await changed(stage, with_pool(A, emptied))
    run = await until(stage, await begun(stage, "rebuild"), "settings", REBUILD)
    assert stage.labels(run) == ["from-record", "defaults", "abandon"], "no import brings those of the backup pool"
    run = await stage.press(run, "from-record", CLARA)
    assert run.step == "recorded"
    await changed(stage, with_pool(A, lambda pool: pool.holding(pool.objects.values(), had, pool.audio)))
    run = await stage.press(run, "done", CLARA)
    run = await stage.play(run, REBUILD)
    assert run.phase is Phase.DONE
    assert not lines_of(await world_now(stage), A, IMPORT)
    told = {one.step: one.sentence for one in run.records}
    assert "to compare with" in told["export"] and "all 73 objects are there and equal" in told["verify"]
    assert all("replicate the groups themselves" in told[row] for row in ("spare", "import", "cleanup", "clean"))
    carried = (await stage.runs.records([A]))[A].carry
    assert carried["imported"] is True and carried["prestaged"] == {}, "servers refresh what lies there"


async def test_what_differs_from_the_replicas_stops_a_rebuild_and_nothing_is_imported(redis: Redis) -> None:
    stage = await replicating(redis)
    await away(stage)
    await changed(stage, with_pool(A, emptied))
    run = await until(stage, await begun(stage, "rebuild"), "settings", REBUILD)
    queue = (await world_now(stage)).pools[A].of(Kind.QUEUE)[0]
    await changed(stage, with_pool(A, without(Kind.QUEUE, queue.name)))
    run = await stage.press(run, "defaults", CLARA)
    assert (run.step, run.phase) == ("verify", Phase.STOPPED) and "1 missing" in run.sentence
    assert "import-again" not in stage.labels(run)


async def test_with_the_backup_pool_dead_replication_is_switched_off_before_the_backup_is_imported(
    redis: Redis,
) -> None:
    stage = await replicating(redis)
    await away(stage)
    queue = (await world_now(stage)).pools[A].of(Kind.QUEUE)[0]
    await changed(stage, with_pool(A, without(Kind.QUEUE, queue.name)))
    await stage.take_down(B)
    script = {**DISASTER, "back": (("same", ANNA),)}
    run = await until(stage, await begun(stage, "failback"), "last", script)
    assert stage.labels(run) == ["leave", "mode-again", "abandon"]
    await changed(stage, unreplicated)
    run = await stage.press(run, "mode-again", ANNA)
    assert run.step == "last" and stage.labels(run) == ["bring", "leave", "abandon"]
    run = await stage.play(run, {**script, "last": (("bring", ANNA),)})
    assert run.phase is Phase.DONE
    assert queue.key in {item.key for item in (await world_now(stage)).pools[A].objects.values()}


async def test_a_new_pool_gets_its_groups_by_an_import_since_servers_copy_within_a_pair(redis: Redis) -> None:
    stage, run = await replacing(redis)
    mode = run.record_of("mode")
    assert mode.mark == "warn" and "pool-n is in no pair yet, so its groups are imported." in mode.sentence
    assert "The import into pool-n would work." in run.record_of("export").sentence
    assert len(lines_of(await world_now(stage), N, IMPORT)) == 1
    assert "all 73 objects are there and equal" in run.record_of("verify").sentence


async def test_replicas_leave_the_backup_pool_only_once_replication_is_off(redis: Redis) -> None:
    """They have to go before the lost pool leaves the topology, and until then servers may copy them anew."""
    stage, run = await replacing(redis)
    before = await copies(stage)
    assert run.phase is Phase.STOPPED and "`Set-CsBackupServiceConfiguration -EnableRgsBackupService $false`" in (
        run.sentence
    )
    for choice in ("retry", "replicas-off"):
        run = await stage.press(run, choice, ANNA)
        assert (run.step, run.phase) == ("clean", Phase.STOPPED), "nobody's word replaces a reading"
    assert await copies(stage) == before
    await changed(stage, unreplicated)
    run = await stage.press(run, "retry", ANNA)
    for choice, who in TWO:
        run = await stage.press(run, choice, who)
    assert not (await copies(stage)).objects
    run = await walked(stage, run)
    assert run.phase is Phase.DONE
    assert any("-EnableRgsBackupService $true" in line for line in run.records[-1].details)
    assert (await stage.runs.records([A]))[A].state is PoolState.RETIRED


async def test_where_no_server_tells_a_person_decides_about_a_replacement_too(redis: Redis) -> None:
    stage = await replicating(redis)
    await changed(stage, settled)
    await failed_over(stage)
    await no_server_tells(stage)
    run = await walked(stage, await begun(stage, "replace", replace(NEW, version="2019")), "mode-doubt")
    assert stage.labels(run) == ["replicated", "imported", "abandon"]
    run = await walked(stage, await stage.press(run, "replicated", ANNA), "clean")
    assert run.phase is Phase.STOPPED
    assert len(lines_of(await world_now(stage), N, IMPORT)) == 1
    run = await stage.press(run, "replicas-off", ANNA)
    assert run.phase is Phase.WAITING


@pytest.mark.parametrize("book", ["rebuild", "failback"])
async def test_where_no_server_tells_a_person_decides_on_the_way_home(redis: Redis, book: str) -> None:
    stage = await replicating(redis)
    await away(stage)
    await changed(stage, with_pool(A, emptied))
    await no_server_tells(stage)
    run = await until(stage, await begun(stage, book), "mode-doubt", REBUILD)
    run = await stage.press(run, "replicated", ANNA)
    assert "to compare with" in run.record_of("export").sentence


@pytest.mark.parametrize("book", ["clean-up", "failback"])
async def test_what_was_switched_on_meanwhile_is_seen_before_anything_is_removed(redis: Redis, book: str) -> None:
    stage = await replicating(redis)
    await changed(stage, unreplicated)
    if book == "clean-up":
        await prestaged(stage)
        script = CLEANUP
    else:
        await away(stage)
        script = FAILBACK
    run = await until(stage, await begun(stage, book), "clean", script)
    assert run.phase is Phase.WAITING
    before = await copies(stage)
    await changed(stage, switched_on)
    for who in (ANNA, BORIS):
        run = await stage.press(run, "approve", who)
    assert (run.step, run.phase) == ("clean", Phase.STOPPED) and "so nothing is removed there" in run.sentence
    assert before.objects and await copies(stage) == before
