"""The simulated driver on a real store: a strict twin, whose faults strike as real ones would."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.domain.deployment.cmdlets import Cmdlet, cmdlet
from bot.domain.deployment.world import Fault, FaultKind, World
from bot.domain.errors import CmdletFailed, DriverError, NeverSent, OutcomeUnknown
from bot.domain.groups.groups import Audio, Inventory, ServiceSettings, service
from bot.drivers.base import Driver
from bot.drivers.simulated import SimulatedDriver, change, clear, set_fault
from bot.exports.export_zip import read_audio, read_inventory, write_export
from bot.sandbox.pools.contents import world
from bot.sandbox.pools.file_store import store_of
from bot.sandbox.pools.sites import POOL_A, POOL_B, POOL_C
from storage.worlds.worlds import RedisWorlds

FILE = "C:\\Switchback\\a.zip"
NOW = 1_790_000_000.0
EXPORT = cmdlet("Export-CsRgsConfiguration", Source=service(POOL_A), FileName=FILE)
IMPORT = cmdlet("Import-CsRgsConfiguration", Destination=service(POOL_B), FileName=FILE)
COPIES = cmdlet("Get-CsRgsWorkflow", Identity=service(POOL_B), Owner=service(POOL_A))


@pytest.fixture
async def store(redis: Redis) -> RedisWorlds:
    """The deployment of the demonstration."""
    worlds = RedisWorlds(redis)
    start, blobs = world()
    for data in blobs.values():
        await worlds.keep(data)
    await worlds.save(start, 0)
    return worlds


@pytest.fixture
def driver(store: RedisWorlds) -> Driver:
    return SimulatedDriver(store, clock=lambda: NOW)


async def carried(driver: Driver) -> bytes:
    """Exports pool A and puts the file onto pool B's server."""
    await driver.invoke(POOL_A, EXPORT)
    data = await driver.fetch(POOL_A, FILE)
    await driver.put(POOL_B, FILE, data)
    return data


async def copies_on_b(store: RedisWorlds) -> int:
    deployment, _ = await store.load()
    return sum(item.is_copy for item in deployment.pools[POOL_B].objects.values())


async def imports(store: RedisWorlds) -> int:
    deployment, _ = await store.load()
    return sum(effect.cmdlet == IMPORT.name for effect in deployment.effects)


async def refused(kind: type[DriverError], driver: Driver, pool: str, command: Cmdlet) -> DriverError:
    with pytest.raises(kind) as caught:
        await driver.invoke(pool, command)
    assert type(caught.value) is kind
    return caught.value


async def test_an_export_is_fetched_as_a_file_that_reads_back(driver: Driver) -> None:
    await driver.invoke(POOL_A, EXPORT)
    data = await driver.fetch(POOL_A, FILE)
    deployment, _ = world()
    inventory = read_inventory(data)
    assert set(map(repr, inventory.objects)) == set(map(repr, deployment.pools[POOL_A].objects.values()))
    assert inventory.settings == deployment.pools[POOL_A].settings
    assert inventory.audio == deployment.pools[POOL_A].audio
    assert {hashlib.sha256(sound).hexdigest() for _, sound in read_audio(data)} == set(inventory.audio.values())


async def test_both_ends_agree_about_the_file(driver: Driver) -> None:
    data = await carried(driver)
    expected = (hashlib.sha256(data).hexdigest(), len(data))
    assert await driver.digest(POOL_A, FILE) == expected
    assert await driver.digest(POOL_B, FILE.lower()) == expected
    assert await driver.fetch(POOL_B, FILE) == data


async def test_a_file_that_was_brought_keeps_its_very_bytes(store: RedisWorlds) -> None:
    """Whatever made it: another server, at another time."""
    data = write_export(Inventory(others=("notes.txt",)), lambda _: b"", NOW - 86_400)
    driver = SimulatedDriver(store, clock=lambda: NOW)
    await driver.put(POOL_B, FILE, data)
    assert await driver.fetch(POOL_B, FILE) == data
    assert await driver.digest(POOL_B, FILE) == (hashlib.sha256(data).hexdigest(), len(data))


async def test_recordings_that_come_with_a_file_are_there_for_the_next_export(driver: Driver) -> None:
    """An administrator's own export brings sounds that this deployment has never heard."""
    music = Audio("never-heard", "harp.wav")
    sound = b"RIFF of our own"
    export = Inventory(settings=ServiceSettings(60, music), audio={"never-heard": hashlib.sha256(sound).hexdigest()})
    await driver.put(POOL_B, FILE, write_export(export, lambda _: sound, NOW))
    await driver.invoke(POOL_B, replace(IMPORT, arguments=(*IMPORT.arguments, ("ReplaceExistingRgsSettings", True))))
    again = "C:\\Switchback\\again.zip"
    await driver.invoke(POOL_B, cmdlet("Export-CsRgsConfiguration", Source=service(POOL_B), FileName=again))
    assert dict(read_audio(await driver.fetch(POOL_B, again)))["never-heard"] == sound


async def test_bytes_that_are_no_export_are_carried_but_not_imported(driver: Driver) -> None:
    await driver.put(POOL_B, FILE, b"PK not a zip")
    assert await driver.fetch(POOL_B, FILE) == b"PK not a zip"
    error = await refused(CmdletFailed, driver, POOL_B, IMPORT)
    assert "not an exported configuration" in str(error)


async def test_another_process_sees_the_same_deployment(driver: Driver, redis: Redis) -> None:
    await carried(driver)
    other = SimulatedDriver(RedisWorlds(redis), clock=lambda: NOW)
    await other.invoke(POOL_B, IMPORT)
    assert len(await driver.invoke(POOL_B, COPIES)) == 24


async def test_what_was_read_and_what_was_refused_leaves_no_trace(driver: Driver, store: RedisWorlds) -> None:
    _, before = await store.load()
    await driver.invoke(POOL_B, COPIES)
    await refused(CmdletFailed, driver, POOL_B, IMPORT)
    deployment, after = await store.load()
    assert after == before
    assert deployment.effects == ()


async def test_a_command_meets_somebody_else_s_change_and_still_counts_once(store: RedisWorlds) -> None:
    class Hurried(RedisWorlds):
        """A store in which somebody else saves between this one's load and its save, once."""

        hurry = 1

        async def save(self, world: World, version: int) -> int:
            if self.hurry:
                self.hurry = 0
                await change(store, lambda theirs: theirs.with_fault(Fault(FaultKind.SLOW, POOL_C)))
            return await super().save(world, version)

    driver = SimulatedDriver(Hurried(store._client), clock=lambda: NOW)
    await driver.invoke(POOL_A, EXPORT)
    deployment, _ = await store.load()
    assert deployment.effect_count == 1
    assert deployment.faults == (Fault(FaultKind.SLOW, POOL_C),)


async def test_many_at_once_in_two_processes_all_take_effect(driver: Driver, store: RedisWorlds, redis: Redis) -> None:
    other = SimulatedDriver(RedisWorlds(redis), clock=lambda: NOW)

    def export(number: int) -> Cmdlet:
        return cmdlet("Export-CsRgsConfiguration", Source=service(POOL_A), FileName=f"C:\\{number}.zip")

    await asyncio.gather(*((driver, other)[number % 2].invoke(POOL_A, export(number)) for number in range(10)))
    deployment, _ = await store.load()
    assert len(deployment.pools[POOL_A].under("C:")) == deployment.effect_count == 10


# Faults


async def test_a_fault_strikes_only_its_pool_and_its_cmdlet_and_so_many_times(
    driver: Driver, store: RedisWorlds
) -> None:
    await set_fault(store, Fault(FaultKind.LOST_BEFORE, POOL_B, "Get-CsRgsWorkflow", times=2))
    await driver.invoke(POOL_A, COPIES)
    await driver.invoke(POOL_B, cmdlet("Get-CsRgsQueue", Identity=service(POOL_B)))
    await refused(OutcomeUnknown, driver, POOL_B, COPIES)
    await refused(OutcomeUnknown, driver, POOL_B, COPIES)
    await driver.invoke(POOL_B, COPIES)


async def test_a_fault_without_a_count_strikes_until_it_is_cleared(driver: Driver, store: RedisWorlds) -> None:
    await set_fault(store, Fault(FaultKind.LOST_BEFORE, POOL_B, times=0))
    for _ in range(3):
        await refused(OutcomeUnknown, driver, POOL_B, COPIES)
    await clear(store, POOL_B)
    await driver.invoke(POOL_B, COPIES)


async def test_faults_survive_a_restart(store: RedisWorlds, redis: Redis) -> None:
    await set_fault(store, Fault(FaultKind.LOST_BEFORE, POOL_B))
    restarted = SimulatedDriver(RedisWorlds(redis), clock=lambda: NOW)
    await refused(OutcomeUnknown, restarted, POOL_B, COPIES)
    await restarted.invoke(POOL_B, COPIES)


def sleeper(slept: list[float], then: Callable[[], object] | None = None) -> Callable[[float], object]:
    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if then:
            await then()

    return sleep


async def test_a_slow_command_takes_its_seconds_and_the_latency_besides(store: RedisWorlds) -> None:
    slept: list[float] = []
    driver = SimulatedDriver(store, clock=lambda: NOW, sleep=sleeper(slept), latency_s=0.25)
    await set_fault(store, Fault(FaultKind.SLOW, POOL_B, seconds=30))
    await driver.invoke(POOL_B, COPIES)
    await driver.invoke(POOL_B, COPIES)
    assert slept == [30.25, 0.25]


async def test_a_pool_that_goes_down_under_a_slow_command_leaves_nobody_knowing(store: RedisWorlds) -> None:
    async def power_cut() -> None:
        await set_fault(store, Fault(FaultKind.POOL_DOWN, POOL_A))

    await set_fault(store, Fault(FaultKind.SLOW, POOL_A, seconds=30))
    driver = SimulatedDriver(store, clock=lambda: NOW, sleep=sleeper([], power_cut))
    await refused(OutcomeUnknown, driver, POOL_A, EXPORT)
    assert (await store.load())[0].effects == ()


async def test_a_folder_of_the_file_store_is_listed_and_its_files_agree_on_both_ends(driver: Driver) -> None:
    for folder, names in (("CPS", ["Waiting Room.wma"]), ("RGS\\as", ["Former Staff.wav", "Number Not In Use.wav"])):
        path = f"{store_of(POOL_A)}\\{folder}"
        found = await driver.files(POOL_A, path)
        assert [name for name, _ in found] == names
        for name, size in found:
            data = await driver.fetch(POOL_A, f"{path}\\{name}")
            assert await driver.digest(POOL_A, f"{path}\\{name}") == (hashlib.sha256(data).hexdigest(), size)


async def test_a_listing_goes_into_folders_and_knows_the_size_of_what_is_still_to_be_written(driver: Driver) -> None:
    await driver.invoke(POOL_A, EXPORT)
    await driver.put(POOL_A, "C:\\Switchback\\deep\\b.wav", b"RIFF")
    assert await driver.files(POOL_A, "C:\\Switchback") == (
        ("a.zip", len(await driver.fetch(POOL_A, FILE))),
        ("deep\\b.wav", 4),
    )


async def test_a_folder_that_is_not_there_is_no_empty_one(driver: Driver, store: RedisWorlds) -> None:
    with pytest.raises(CmdletFailed, match="There is no folder") as caught:
        await driver.files(POOL_A, f"{store_of(POOL_B)}\\CPS")
    assert caught.value.error_id == "PathNotFound"
    await set_fault(store, Fault(FaultKind.POOL_DOWN, POOL_A))
    with pytest.raises(NeverSent):
        await driver.files(POOL_A, f"{store_of(POOL_A)}\\CPS")
