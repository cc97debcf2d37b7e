"""A pool with a new name takes the place of one that is lost: the ABC procedure (facts: recovery §10)."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest
from redis.asyncio import Redis

from bot.domain.deployment.machines import SERVICES
from bot.domain.deployment.properties import NAMES
from bot.domain.deployment.world import Fault, FaultKind, LivePool, World
from bot.domain.errors import BadInput
from bot.domain.model import PoolState
from bot.domain.runs.run import Phase, Run
from tests.scenarios.recovery import begun, changed, failed_over, lines_of, told, with_pool, world_now
from tests.scenarios.stage import ANNA, BORIS, CLARA, EMIL, NEW, WITH_NEW, A, B, N, Stage

FRONT_ENDS = ("pool-n-fe1.contoso.com", "pool-n-fe2.contoso.com")
STOPPED = tuple(one for one in SERVICES if one != "REPLICA")
USERS = tuple(f"user{number}" for number in range(3))
NOUNS = {
    "CsUser": NAMES.users_pool,
    "CsConferenceDirectory": NAMES.directory_service,
    "CsApplicationEndpoint": NAMES.users_pool,
    "CsCallParkOrbit": NAMES.orbit_service,
    "CsUnassignedNumber": NAMES.range_service,
}


def settled(world: World) -> World:
    """Users and the rest live on A."""
    rows = {
        "CsUser": [{"Identity": one, "SipAddress": f"sip:{one}@contoso.com", NAMES.users_pool: A} for one in USERS],
        "CsConferenceDirectory": [{"Identity": "7", NAMES.directory_service: f"UserServer:{A}"}],
        "CsApplicationEndpoint": [{"Identity": "sip:caa@contoso.com", NAMES.users_pool: A}],
        "CsCallParkOrbit": [{"Identity": "Orbit 1", NAMES.orbit_service: f"ApplicationServer:{A}"}],
        "CsUnassignedNumber": [{"Identity": "Range 1", NAMES.range_service: f"ApplicationServer:{A}"}],
    }
    for noun, found in rows.items():
        world = told(world, noun, found)
    return world


def built(world: World) -> World:
    """N stands in the topology, and nothing but its copy of Central Management runs on it."""
    stopped = MappingProxyType({one: STOPPED for one in FRONT_ENDS})
    return world.with_pool(LivePool(N, site="Berlin", front_ends=FRONT_ENDS, stopped=stopped))


def started(world: World) -> World:
    return world.with_pool(replace(world.pools[N], stopped=MappingProxyType({})))


def to_new(noun: str) -> object:
    """What of this noun led to A leads to N."""

    def change(world: World) -> World:
        name = NOUNS[noun]
        return told(world, noun, ({**row, name: str(row[name]).replace(A, N)} for row in world.told[noun]))

    return change


def repaired(world: World) -> World:
    """B and N are a pair, and A is deleted."""
    pools = {fqdn: pool for fqdn, pool in world.pools.items() if fqdn != A}
    return replace(world, pairs=MappingProxyType({B: N, N: B}), pools=MappingProxyType(pools))


BY_HAND = {
    "built": built,
    "users": to_new("CsUser"),
    "directories": to_new("CsConferenceDirectory"),
    "endpoints": to_new("CsApplicationEndpoint"),
    "contents": None,
    "userdata": None,
    "park": to_new("CsCallParkOrbit"),
    "chat": None,
    "start": started,
    "announcements": to_new("CsUnassignedNumber"),
    "topology": repaired,
    "boot": None,
    "restart": None,
    "backupdata": None,
    "branches": None,
}
"""What people do at each row by hand; what of it no reading shows is None."""

REPLACE = {
    "settings": (("from-backup-pool", CLARA),),
    "plain": (("done", CLARA),),
    "import": (("approve", ANNA), ("approve", CLARA)),
    "routes": (("routed", EMIL),),
    "inside": (("worked", EMIL),),
    "outside": (("worked", EMIL),),
    "agents": (("go-on", EMIL),),
    "clean": (("approve", ANNA), ("approve", BORIS)),
    "companions": (("put-back", ANNA),),
    "sync-new": (("approve", ANNA),),
    "sync-backup": (("approve", ANNA),),
}


async def lost_pool(redis: Redis) -> Stage:
    stage = await failed_over(redis, settled)
    await stage.take_down(A)
    stage.rebuilt(WITH_NEW)
    return stage


async def walked(stage: Stage, run: Run, row: str = "") -> Run:
    """Does by hand what each row asks for, presses, and goes on until the run stands at this row, or has ended."""
    while run.is_open and run.step != row:
        if run.step in BY_HAND:
            if change := BY_HAND[run.step]:
                await changed(stage, change)
            run = await stage.press(run, "done", ANNA)
            continue
        presses = REPLACE.get(run.step)
        assert presses, f"{run.step} ({run.phase}): {run.sentence} {run.details} {stage.labels(run)}"
        for choice, who in presses:
            run = await stage.press(run, choice, who)
    return run


async def test_the_whole_procedure_ends_with_a_new_pair_and_the_old_pool_retired(redis: Redis) -> None:
    stage = await lost_pool(redis)
    before = (await world_now(stage)).pools[A]
    run = await walked(stage, await begun(stage, "replace", NEW))
    assert run.phase is Phase.DONE
    world = await world_now(stage)
    owned = [item for item in world.pools[N].objects.values() if item.owner == N]
    assert {item.key for item in owned} == {item.key for item in before.objects.values()}
    assert not [item for item in world.pools[B].objects.values() if item.owner == A]
    (line,) = lines_of(world, N, "Import-CsRgsConfiguration")
    assert f'-Destination "service:ApplicationServer:{N}"' in line and "-OverwriteOwner" in line
    (line,) = [one for one in lines_of(world, B, "Export-CsRgsConfiguration") if "-RemoveExported" in one]
    assert f'-Owner "service:ApplicationServer:{A}"' in line
    records = await stage.runs.records([A, B, N])
    assert [records[one].state for one in (A, B, N)] == [PoolState.RETIRED, PoolState.ACTIVE, PoolState.ACTIVE]
    done = run.record_of("done")
    assert done is not None
    assert done.details[0] == f'[[pools]] fqdn = "{N}": add backup_pool = "{B}"'
    with pytest.raises(BadInput, match="was replaced by another pool"):
        await stage.engine.start("backup", A, ANNA)


async def test_the_outage_of_users_is_said_when_it_begins_and_timed_when_it_ends(redis: Redis) -> None:
    stage = await lost_pool(redis)
    run = await walked(stage, await begun(stage, "replace", NEW), "users")
    assert "no service" in run.record_of("users-first").sentence
    told_so = [item.tell.sentence for item in await stage.runs.outbox(stage.clock() + 9, 200) if item.tell]
    assert any("They have no service until pool-n is started" in one for one in told_so)
    stage.clock.now += 3_600
    run = await walked(stage, run, "settings")
    assert "without service for 1 h" in run.record_of("start-seen").sentence
    told_so = [item.tell.sentence for item in await stage.runs.outbox(stage.clock() + 9, 200) if item.tell]
    assert any("its users have service again" in one for one in told_so)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("built", "Services run on pool-n: stop them first."),
        ("users", "On pool-a: 3 users. On pool-n: 0 of 3."),
        ("directories", "Still on pool-a: 1 conference directory."),
        ("endpoints", "Still on pool-a: 1 application endpoint."),
        ("park", "Still on pool-a: 1 Call Park orbit."),
        ("start", "Not everything runs on pool-n yet."),
        ("announcements", "Still on pool-a: 1 unassigned number range."),
        ("topology", "do not name each other"),
    ],
)
async def test_a_wrong_word_is_caught_by_the_reading(redis: Redis, row: str, said: str) -> None:
    stage = await lost_pool(redis)
    if row == "built":
        await changed(stage, lambda world: started(built(world)))
    run = await walked(stage, await begun(stage, "replace", NEW), row)
    run = await stage.press(run, "done", ANNA)
    assert (run.step, run.phase) == (f"{row}-seen", Phase.STOPPED) and said in run.sentence, run.sentence
    assert "word" not in stage.labels(run)
    run = await stage.press(run, "again", ANNA)
    assert (run.step, run.phase) == (row, Phase.ASKING)


async def test_lines_are_filled_in_with_what_is_read(redis: Redis) -> None:
    stage = await lost_pool(redis)
    run = await walked(stage, await begun(stage, "replace", NEW), "users")
    moving = f'Get-CsUser -Filter {{RegistrarPool -eq "{A}"}} | Move-CsUser -Target "{N}" -Force -Confirm:$False'
    assert run.details == (moving,)
    run = await walked(stage, run, "directories")
    assert run.details[1] == f'Move-CsConferenceDirectory -Identity "7" -TargetPool "{N}" -Force'
    run = await walked(stage, run, "park")
    where = f'"service:ApplicationServer:{N}"'
    assert run.details == (f'Set-CsCallParkOrbit -Identity "Orbit 1" -CallParkService {where}',)
    run = await walked(stage, run, "start")
    assert run.details == tuple(f'Start-CsWindowsService -ComputerName "{one}"' for one in FRONT_ENDS)


async def test_no_point_of_no_return_is_passed_while_something_is_missing(redis: Redis) -> None:
    stage = await lost_pool(redis)
    run = await walked(stage, await begun(stage, "replace", NEW), "users")
    run = await stage.press(run, "abandon", ANNA)
    await changed(stage, started)
    run = await begun(stage, "replace", NEW)
    run = await stage.press(run, "done", ANNA)
    assert (run.step, run.phase) == ("built-seen", Phase.STOPPED) and "stop them first" in run.sentence


async def test_the_lost_pool_is_not_deleted_while_anything_lives_on_it(redis: Redis) -> None:
    stage = await lost_pool(redis)
    run = await walked(stage, await begun(stage, "replace", NEW), "announcements")
    await changed(stage, to_new("CsUnassignedNumber"))
    late = {"Identity": "late", NAMES.users_pool: A}
    await changed(stage, lambda world: told(world, "CsUser", (*world.told["CsUser"], late)))
    run = await stage.press(run, "done", ANNA)
    assert (run.step, run.phase) == ("topology-first", Phase.STOPPED) and "Still on pool-a: 1 user." in run.sentence


async def test_a_reading_that_fails_leaves_a_word_and_says_so(redis: Redis) -> None:
    stage = await lost_pool(redis)
    run = await walked(stage, await begun(stage, "replace", NEW), "endpoints")
    await stage.strike(Fault(FaultKind.LOST_BEFORE, B, cmdlet="Get-CsApplicationEndpoint", times=0))
    run = await stage.press(run, "done", ANNA)
    assert (run.step, run.phase) == ("endpoints-seen", Phase.STOPPED)
    assert "nothing proves what was said" in run.sentence and "word" in stage.labels(run)
    run = await stage.press(run, "word", ANNA)
    assert run.step == "contents"


async def test_once_users_move_there_is_no_failback_and_only_the_same_pool_goes_on(redis: Redis) -> None:
    stage = await lost_pool(redis)
    run = await walked(stage, await begun(stage, "replace", NEW), "users")
    run = await stage.press(run, "abandon", ANNA)
    assert "/rgs start replace pool-a pool-n" in run.sentence
    with pytest.raises(BadInput, match="being replaced"):
        await stage.engine.start("failback", A, ANNA)
    other = replace(NEW, fqdn="pool-o.contoso.com")
    stage.rebuilt(replace(WITH_NEW, pools={**WITH_NEW.pools, other.fqdn: other}))
    run = await begun(stage, "replace", other)
    assert run.phase is Phase.STOPPED and f"have been moved to {N}" in run.sentence


@pytest.mark.parametrize("row", ["directories", "settings", "announcements", "sync-backup"])
async def test_what_was_abandoned_goes_on_to_its_end(redis: Redis, row: str) -> None:
    stage = await lost_pool(redis)
    run = await walked(stage, await begun(stage, "replace", NEW), row)
    run = await stage.press(run, "abandon", ANNA)
    run = await begun(stage, "replace", NEW)
    while run.phase is Phase.STOPPED:
        run = await stage.press(run, "seen", ANNA)
    run = await walked(stage, run)
    assert run.phase is Phase.DONE
    again = {one.step for one in run.records if one.mark == "skipped" and one.sentence.startswith("Done before")}
    assert ("userdata" in again) == (row != "directories"), "what needs stopped services is not done twice"
    assert ("export" in again) == (row in ("announcements", "sync-backup")), "nor is what moves the groups"
    assert (await stage.runs.records([A]))[A].state is PoolState.RETIRED


@pytest.mark.parametrize(
    "kind", [FaultKind.LOST_BEFORE, FaultKind.LOST_AFTER, FaultKind.HALF_LOST, FaultKind.HALF_FAILED]
)
async def test_an_import_that_is_lost_is_looked_at_with_the_owner_it_has_to_have(redis: Redis, kind: FaultKind) -> None:
    stage = await lost_pool(redis)
    run = await walked(stage, await begun(stage, "replace", NEW), "import")
    await stage.strike(Fault(kind, N, cmdlet="Import-CsRgsConfiguration"))
    for who in (ANNA, CLARA):
        run = await stage.press(run, "approve", who)
    if kind is FaultKind.LOST_AFTER:
        assert run.finding.found == "done"
        run = await stage.press(run, "accept", ANNA)
    else:
        run = await stage.press(run, "retry", ANNA)
        for who in (ANNA, CLARA):
            run = await stage.press(run, "approve", who)
    assert run.step == "routes", (run.step, run.sentence)


async def test_a_pool_that_is_home_cannot_be_replaced(redis: Redis) -> None:
    stage = await lost_pool(redis)
    await changed(stage, with_pool(A, lambda pool: replace(pool, registrar="FailedBack")))
    run = await begun(stage, "replace", NEW)
    assert run.phase is Phase.STOPPED and "it is not failed over, so it cannot be replaced" in run.sentence
