"""Companions over weeks: taken by themselves, fetched only when they changed, told when they do not come."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis

from bot.chores.accompanying import Accompanying
from bot.chores.dating import Dating
from bot.clock.wall_clock import latest_due
from bot.domain.backups.schedule import Schedule, Slot
from bot.domain.companions import places
from bot.domain.companions.coverage import DAY_S, Rule, Rules, State, coverage, slots
from bot.domain.companions.kinds import COMPANIONS, ORGANISATION, CompanionCopy, How
from bot.domain.deployment.locations import Locations, packed
from bot.domain.deployment.world import Fault, FaultKind, ServerFile
from bot.domain.model import PoolState
from bot.domain.runs.acts import Take
from bot.domain.runs.run import Phase, Run
from bot.drivers.simulated import SimulatedDriver, change
from bot.hands.companions import Gathering
from bot.runbooks.companion import COMPANION
from bot.sandbox.pools.file_store import LOCATIONS, store_of
from storage.companions import Companions
from storage.notices import Notices
from tests.scenarios.stage import ANNA, FAILOVER, POOLS, A, B, C, Stage, stage_of

MUSIC = "Waiting Room.wma"


class Watched(SimulatedDriver):
    """The simulated driver, which notes what it was asked to bring, and can bring it damaged."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage.worlds, clock=stage.clock)
        self.fetched: list[str] = []
        self.damaging = False

    async def fetch(self, pool: str, file: str) -> bytes:
        data = await super().fetch(pool, file)
        self.fetched.append(file.rpartition("\\")[2])
        return data[:-1] + b"x" if self.damaging else data

    async def digest(self, pool: str, file: str) -> tuple[str, int]:
        data = await SimulatedDriver.fetch(self, pool, file)
        return hashlib.sha256(data).hexdigest(), len(data)


@pytest.fixture
async def stage(redis: Redis) -> Stage:
    stage = await stage_of(redis)
    stage.driver = Watched(stage)
    stage.rebuilt()
    return stage


async def slot(stage: Stage, pool: str, kind: str, local: str) -> Run:
    run = await stage.engine.start_slot(Slot(pool, local, "companion", kind))
    return await stage.settle(run.id)


async def store_file(stage: Stage, name: str, data: bytes | None) -> None:
    """Somebody changes a file of pool A's file store, or takes it away."""
    sha256 = await stage.worlds.keep(data or b"")
    file = None if data is None else ServerFile(None, raw=sha256, size=len(data))
    path = f"{store_of(A)}\\{name}"
    await change(stage.worlds, lambda world: world.with_pool(world.pools[A].with_file(path, file)))


async def newest(stage: Stage, kind: str, pool: str = A) -> CompanionCopy | None:
    return (await stage.companions.newest([pool], stage.clock.now))[pool][kind]


def watching(stage: Stage, rules: Rules) -> Accompanying:
    """Redis' clock and ours agree."""

    async def apart() -> float:
        return 0.0

    async def objectives() -> dict[str, float]:
        return {}

    kept = stage.kept
    dating = Dating(apart, kept.backups, kept.keepings, kept.companions, kept.notices, kept.dates, objectives)
    return Accompanying(stage.companions, stage.runs, Notices(stage.redis), POOLS.values(), rules, dating)


def rules_without_people() -> dict[tuple[str, str], Rule]:
    """Only what comes by itself is used, and nothing on pool C."""
    people = [one.key for one in COMPANIONS.values() if one.how in (How.UPLOAD, How.ATTEST)]
    return {(fqdn, kind): Rule(used=False) for fqdn in POOLS for kind in (COMPANIONS if fqdn not in (A, B) else people)}


async def test_weeks_of_slots_keep_one_copy_each_and_nothing_is_ever_stale(stage: Stage) -> None:
    rules, seen = rules_without_people(), set()
    start = datetime.fromtimestamp(stage.clock.now, UTC)
    planned = [
        (pool, one, Schedule(pool.fqdn, pool.time_zone, at, "companion", one.key))
        for pool, one, at in slots(POOLS.values(), rules)
    ]
    for hours in range(0, 24 * 21, 6):
        stage.clock.now = (start + timedelta(hours=hours)).timestamp()
        for pool, one, schedule in planned:
            due = latest_due(schedule, datetime.fromtimestamp(stage.clock.now, UTC))
            run = await slot(stage, pool.fqdn, one.key, due.local)
            assert run.phase is Phase.DONE and "failed" not in run.facts, run.sentence
            seen.add((pool.fqdn, one.key, due.local))
        for pool in POOLS.values():
            found = coverage(
                pool, (await stage.companions.newest([pool.fqdn], stage.clock.now))[pool.fqdn], rules, stage.clock.now
            )
            assert not found.of(State.STALE, State.UNPROTECTED)
    scopes = ((scope, kind) for scope in (A, B, ORGANISATION) for kind in COMPANIONS)
    kept = [one for scope in scopes for one in await stage.companions.page(*scope, 99)]
    assert len(kept) == len(seen) == len(planned) * 4
    assert {datetime.fromisoformat(local).strftime("%a %H:%M") for _, _, local in seen} == {"Sun 03:30"}


async def test_a_slot_is_one_run_whose_id_says_what_it_takes(stage: Stage) -> None:
    for _ in range(2):
        run = await slot(stage, A, "lis", "2026-11-22T03:30")
        assert run.id == f"companion-lis-{A}-2026-11-22T0330"
    assert len(await stage.runs.page()) == 1
    assert await stage.companions.load(run.id, "lis.zip") == LOCATIONS


async def test_a_copy_of_a_folder_is_the_folder_byte_for_byte(stage: Stage) -> None:
    run = await slot(stage, A, "announcements", "2026-11-22T03:30")
    kept = await newest(stage, "announcements")
    assert [file.name for file in kept.files] == ["Former Staff.wav", "Number Not In Use.wav"]
    for file in kept.files:
        path = f"{store_of(A)}\\RGS\\AS\\{file.name}"
        assert await stage.companions.load(run.id, file.name) == await SimulatedDriver.fetch(stage.driver, A, path)
    assert run.record_of("take").sentence == "Announcements of pool-a: 2 files, 8.3 kB, kept."


async def test_what_did_not_change_is_not_fetched_again(stage: Stage) -> None:
    await slot(stage, A, "announcements", "2026-11-22T03:30")
    assert sorted(stage.driver.fetched) == ["Former Staff.wav", "Number Not In Use.wav"]
    stage.driver.fetched.clear()

    stage.clock.now += 7 * DAY_S
    await slot(stage, A, "announcements", "2026-11-29T03:30")
    assert stage.driver.fetched == []
    first, second = reversed(await stage.companions.page(A, "announcements"))
    assert first.contents == second.contents and second.taken_at - first.taken_at >= 7 * DAY_S

    await store_file(stage, "RGS\\AS\\Former Staff.wav", b"RIFF....WAVE, spoken anew")
    await store_file(stage, "RGS\\AS\\Number Not In Use.wav", None)
    stage.clock.now += 7 * DAY_S
    await slot(stage, A, "announcements", "2026-12-06T03:30")
    assert stage.driver.fetched == ["Former Staff.wav"]
    kept = await newest(stage, "announcements")
    assert [file.name for file in kept.files] == ["Former Staff.wav"] and kept.contents != second.contents


async def test_call_park_settings_are_a_record_of_every_site(stage: Stage) -> None:
    await slot(stage, B, "call-park-settings", "2026-11-22T03:30")
    kept = await newest(stage, "call-park-settings", B)
    assert [row["Identity"] for row in kept.rows] == ["Global", "Site:Berlin", "Site:Munich"]
    assert kept.rows[1]["CallPickupTimeoutThreshold"] == "00:02:00" and not kept.files


async def test_what_is_damaged_on_its_way_is_not_kept_and_the_older_copy_stays(stage: Stage) -> None:
    await slot(stage, A, "call-park-music", "2026-11-22T03:30")
    before = await newest(stage, "call-park-music")
    await store_file(stage, f"CPS\\{MUSIC}", b"other music")
    stage.driver.damaging = True

    run = await slot(stage, A, "call-park-music", "2026-11-29T03:30")

    assert run.phase is Phase.DONE and "damaged on its way" in run.fact("failed")
    assert await newest(stage, "call-park-music") == before


async def test_damaged_pieces_of_the_last_copy_are_no_reason_to_keep_none(stage: Stage) -> None:
    run = await slot(stage, A, "call-park-music", "2026-11-22T03:30")
    for name in await stage.companions.parts(run.id):
        await stage.redis.delete(f"piece:{name}")

    again = await slot(stage, A, "call-park-music", "2026-11-29T03:30")

    assert "failed" not in again.facts
    assert len(await stage.companions.load(again.id, MUSIC)) > 8000


async def test_a_pool_that_does_not_answer_is_asked_again_then_told_by_one_notice(stage: Stage) -> None:
    rules, notices = rules_without_people(), Notices(stage.redis)
    care = watching(stage, rules)
    for kind in ("call-park-settings", "call-park-music", "announcements", "lis"):
        for pool in (A, B):
            await slot(stage, pool, kind, "2026-11-22T03:30")
    await care.watch(stage.clock.now)
    assert await notices.standing() == ()

    await stage.take_down(A)
    stage.clock.now += 7 * DAY_S
    for kind in ("call-park-settings", "call-park-music"):
        run = await slot(stage, A, kind, "2026-11-29T03:30")
        assert run.phase is Phase.DONE and "does not answer" in run.fact("failed")
    await care.watch(stage.clock.now)
    await care.watch(stage.clock.now + 900)
    (notice,) = await notices.standing()
    assert notice.key == f"companion:{A}" and notice.sentence.startswith(
        "Somebody has to see to 2 kinds of other data of pool-a:"
    )
    assert [line.partition(":")[0] for line in notice.details] == ["Call Park settings", "Call Park music"]
    assert all("Switchback could not take it: pool-a.contoso.com does not answer" in line for line in notice.details)
    assert not [item for item in await stage.runs.outbox(stage.clock.now + 1, 999) if item.kind == "tell"]

    await stage.bring_up(A)
    for kind in ("call-park-settings", "call-park-music"):
        await slot(stage, A, kind, "2026-12-06T03:30")
    await care.watch(stage.clock.now)
    assert await notices.standing() == ()


async def test_a_connection_that_is_lost_once_costs_nothing(stage: Stage) -> None:
    await stage.strike(Fault(FaultKind.LOST_AFTER, A, "Export-CsLisConfiguration"))
    run = await slot(stage, A, "lis", "2026-11-22T03:30")
    assert run.phase is Phase.DONE and "failed" not in run.facts


async def test_a_folder_that_is_not_there_is_told_with_the_way_out(stage: Stage) -> None:
    await store_file(stage, f"CPS\\{MUSIC}", None)
    run = await slot(stage, A, "call-park-music", "2026-11-22T03:30")
    assert "cannot read" in run.fact("failed") and "`used = false` for call-park-music" in run.fact("failed")


async def test_an_outage_is_no_time_to_ask_a_lost_pool_for_its_music(stage: Stage) -> None:
    backup = await stage.engine.start("backup", A, ANNA)
    assert (await stage.settle(backup.id)).phase is Phase.DONE
    failover = await stage.settle((await stage.engine.start("failover", A, ANNA)).id)
    await stage.press(failover, *FAILOVER["declare"][0])
    assert (await stage.runs.records([A]))[A].state is not PoolState.ACTIVE

    run = await slot(stage, A, "call-park-music", "2026-11-22T03:30")

    assert run.phase is Phase.DONE and run.record_of("take").mark == "skipped"
    assert stage.driver.fetched.count(MUSIC) == 0
    await watching(stage, {}).watch(stage.clock.now)
    standing = {notice.key for notice in await Notices(stage.redis).standing()}
    assert standing == {f"companion:{fqdn}" for fqdn in POOLS if fqdn != A}


async def test_what_people_have_to_bring_is_asked_for_once_and_ends_when_they_have(stage: Stage) -> None:
    people = (A, "rgs-audio"), (A, "monitoring")
    unused = {(fqdn, kind): Rule(used=False) for fqdn in POOLS for kind in COMPANIONS}
    notices, rules = Notices(stage.redis), {key: rule for key, rule in unused.items() if key not in people}
    care = watching(stage, rules)
    await care.watch(stage.clock.now)
    (notice,) = await notices.standing()
    assert notice.details == (
        "Response Group audio: not protected. Somebody has to send the files.",
        "Monitoring: not protected. Somebody has to say when it was backed up last.",
    )
    word = {"at": stage.clock.now - DAY_S, "about": "tape", "note": ""}
    for kind in ("monitoring", "rgs-audio"):
        run = await stage.engine.start("companion", A, ANNA, facts={"kind": kind, "word": word})
        await stage.settle(run.id)
    await care.watch(stage.clock.now)
    (notice,) = await notices.standing()
    assert notice.sentence.startswith("Somebody has to see to 1 kind of other data of pool-a:")


async def test_without_room_a_run_stops_loudly_and_the_next_one_takes_its_place(stage: Stage) -> None:
    roomless = Companions(stage.redis, stage.backups.pieces, lambda: 0)
    whole, stage.kept = stage.kept, replace(stage.kept, companions=roomless)
    stage.rebuilt()
    stopped = await slot(stage, A, "call-park-music", "2026-11-22T03:30")
    other = await slot(stage, A, "announcements", "2026-11-22T03:30")
    assert stopped.phase is Phase.STOPPED and "The disk of Redis is full" in stopped.sentence

    stage.kept = whole
    stage.rebuilt()
    done = await slot(stage, A, "call-park-music", "2026-11-29T03:30")

    assert done.phase is Phase.DONE and await newest(stage, "call-park-music")
    assert (await stage.runs.load(stopped.id)).phase is Phase.SUPERSEDED
    assert (await stage.runs.load(other.id)).phase is Phase.STOPPED


async def test_old_copies_go_when_their_time_is_over(stage: Stage) -> None:
    for week in range(12):
        run = await slot(stage, A, "lis", f"2026-11-{week + 1:02d}T03:30")
        assert run.phase is Phase.DONE
    stage.clock.now += 100 * DAY_S
    await watching(stage, {}).prune(stage.clock.now)
    assert len(await stage.companions.page("organisation", "lis", 99)) == 10


async def test_a_process_that_dies_between_keeping_and_saying_so_keeps_one_copy(stage: Stage) -> None:
    run = await slot(stage, A, "call-park-music", "2026-11-22T03:30")
    stage.driver.fetched.clear()
    gathering = Gathering(stage.driver, stage.companions, stage.uploads, stage.clock)
    take = COMPANION.step("take").does(run, {})["kept"]

    assert await gathering.performers[Take](take) == await newest(stage, "call-park-music")
    assert stage.driver.fetched == [] and len(await stage.companions.page(A, "call-park-music")) == 1


async def test_emergency_locations_come_from_whichever_pool_answers_and_the_copy_says_from_which(stage: Stage) -> None:
    """The schedule of pool A fires while A is down, and once more while its backup pool is down as well."""
    await stage.take_down(A)
    run = await slot(stage, A, "lis", "2026-11-22T03:30")
    assert run.record_of("take").sentence == "LIS of pool-a: 1 file, 226 bytes, kept. It came from pool-b."
    assert (await newest(stage, "lis")).source == B

    await stage.take_down(B)
    run = await slot(stage, A, "lis", "2026-11-29T03:30")
    assert (await newest(stage, "lis")).source == C and run.record_of("take").mark == "pass"
    assert await stage.companions.load(run.id, "lis.zip") == LOCATIONS

    await stage.take_down(C)
    run = await slot(stage, A, "lis", "2026-12-06T03:30")
    assert run.fact("failed").startswith("pool-a.contoso.com does not answer")
    failures = await stage.companions.failures()
    assert list(failures) == [(A, "lis")]


async def declared(stage: Stage) -> None:
    """Pool A is in an outage, and has a run that holds it."""
    failover = await stage.settle((await stage.engine.start("failover", A, ANNA)).id)
    await stage.press(failover, *FAILOVER["declare"][0])
    assert (await stage.runs.records([A]))[A].state is PoolState.OUTAGE


async def test_call_park_settings_are_saved_from_the_pool_that_serves_them(stage: Stage) -> None:
    await declared(stage)
    await stage.take_down(A)
    run = await slot(stage, A, "call-park-settings", "2026-11-22T03:30")
    kept = await newest(stage, "call-park-settings")
    assert (kept.pool, kept.source) == (A, B)
    assert run.record_of("take").sentence == (
        "Call Park settings of pool-a: 3 sets of settings kept. It came from pool-b."
    )


async def test_a_copy_of_locations_holds_what_it_can_be_compared_with_later(stage: Stage) -> None:
    await slot(stage, A, "lis", "2026-11-22T03:30")
    found = places.kept((await newest(stage, "lis")).rows)
    assert found and found.in_words == "2 locations and 2 subnets"
    assert found.subnets["10.1.0.0"] == "Contoso, Berlin, Clinic Street, 1, DE"


async def test_a_copy_that_cannot_be_compared_later_is_kept_all_the_same(stage: Stage) -> None:
    await stage.strike(Fault(FaultKind.LOST_BEFORE, A, "Get-CsLisSubnet"))
    run = await slot(stage, A, "lis", "2026-11-22T03:30")
    kept = await newest(stage, "lis")
    assert run.record_of("take").mark == "warn" and kept.rows == ()
    assert kept.warnings == (
        "pool-a gave nothing for Get-CsLisLocation and Get-CsLisSubnet, so this copy cannot be compared later.",
    )


async def test_no_locations_at_all_never_take_the_place_of_a_copy_that_has_some(stage: Stage) -> None:
    """Where Central Management was moved without them, the next export would be the newest copy, and empty."""
    await slot(stage, A, "lis", "2026-11-22T03:30")
    before = await newest(stage, "lis")
    await change(stage.worlds, lambda world: replace(world, locations=packed(Locations())))

    run = await slot(stage, A, "lis", "2026-11-29T03:30")

    assert "has no LIS any more" in run.fact("failed") and await newest(stage, "lis") == before
