"""What every driver does alike: the simulated one, and the one for real servers with the same deployment behind."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.commands.endpoint import SENT
from bot.domain.deployment.abilities import ASKED, REPLICATION, Abilities, Product, Use
from bot.domain.deployment.apply import apply
from bot.domain.deployment.cmdlets import CMDLETS, Cmdlet, cmdlet
from bot.domain.deployment.endpoints import Access
from bot.domain.deployment.neighbours import BYTES
from bot.domain.deployment.readings import modules
from bot.domain.deployment.topology import TEXT
from bot.domain.deployment.world import Fault, FaultKind, World
from bot.domain.errors import CmdletFailed, DriverError, NeverSent, OutcomeUnknown
from bot.domain.groups.groups import Kind, Ref, service
from bot.drivers.base import Driver
from bot.drivers.simulated import SimulatedDriver, clear, set_fault
from bot.drivers.winrm.driver import WinRM
from bot.drivers.winrm.pace import Pace
from bot.exports.export_zip import read_inventory
from bot.sandbox.pools.contents import world
from bot.sandbox.pools.file_store import LOCATIONS
from bot.sandbox.pools.sites import POOL_A, POOL_B
from storage.worlds.worlds import RedisWorlds
from tests.drivers.wsman.site import served

FILE, NOW = "C:\\Switchback\\a.zip", 1_790_000_000.0
EXPORT = cmdlet("Export-CsRgsConfiguration", Source=service(POOL_A), FileName=FILE)
IMPORT = cmdlet("Import-CsRgsConfiguration", Destination=service(POOL_B), FileName=FILE)
COPIES = cmdlet("Get-CsRgsWorkflow", Identity=service(POOL_B), Owner=service(POOL_A))
EDGE, SPARE = "edge1.contoso.com", "edge2.contoso.com"
USERS = ({"Identity": "CN=Anna", "SipAddress": "sip:anna@contoso.com", "RegistrarPool": POOL_A},)
OF_A = f'RegistrarPool -eq "{POOL_A}"'
TOLD = {
    "CsUser": USERS,
    "CsApplicationEndpoint": USERS,
    "CsConferenceDirectory": ({"Identity": "1", "ServiceId": f"UserServer:{POOL_A}"},),
    "CsCallParkOrbit": ({"Identity": "Berlin", "CallParkServiceId": f"ApplicationServer:{POOL_A}"},),
    "CsUnassignedNumber": ({"Identity": "Range 1", "AnnouncementServiceId": f"ApplicationServer:{POOL_A}"},),
    "CsAnnouncement": ({"Identity": Ref(POOL_A, str(uuid.UUID(int=1))), "Name": "Nobody"},),
}
READS = (
    cmdlet("Get-CsRegistrarConfiguration", Filter=f"service:Registrar:{POOL_A}", LocalStore=True),
    cmdlet("Get-CsPoolBackupRelationship", PoolFqdn=POOL_A, LocalStore=True),
    cmdlet("Get-CsService", EdgeServer=True),
    cmdlet("Get-CsService", CentralManagement=True),
    cmdlet("Get-CsManagementConnection"),
    cmdlet("Get-CsManagementStoreReplicationStatus"),
    cmdlet("Get-CsSite", Identity="Berlin"),
    cmdlet("Get-CsPool", Identity=POOL_A),
    cmdlet("Get-CsBackupServiceConfiguration"),
    cmdlet("Get-CsWindowsService", ComputerName=POOL_B, Name="LYNCBACKUP"),
    cmdlet("Get-CsDatabaseMirrorState", PoolFqdn=POOL_A, DatabaseType="User"),
    cmdlet("Get-CsUser", Filter=OF_A),
    cmdlet("Get-CsApplicationEndpoint", PoolFqdn=POOL_A),
    cmdlet("Get-CsConferenceDirectory"),
    cmdlet("Get-CsCallParkOrbit"),
    cmdlet("Get-CsUnassignedNumber"),
    cmdlet("Get-CsAnnouncement"),
    cmdlet("Get-CsUserPoolInfo", Identity="sip:anna@contoso.com"),
    cmdlet("Get-CsUserDatabaseState", RegistrarPool=POOL_A),
    cmdlet("Get-CsPoolFabricState", PoolFqdn=POOL_A),
)
CHANGES = (
    cmdlet("Set-CsRgsConfiguration", Identity=service(POOL_A), AgentRingbackGracePeriod=90, DisableCallContext=True),
    cmdlet("Set-CsRgsConfiguration", Identity=service(POOL_A), DisableCallContext=False),
    cmdlet("Set-CsEdgeServer", Identity=f"EdgeServer:{EDGE}", Registrar=f"Registrar:{POOL_B}"),
    cmdlet("Set-CsRegistrarConfiguration", Identity=f"service:Registrar:{POOL_B}", PoolState="Active"),
    cmdlet("Set-CsSite", Identity="Berlin", FederationRoute=f"EdgeServer:{SPARE}"),
    cmdlet("Set-CsSite", Identity="Berlin", XmppFederationRoute=f"EdgeServer:{SPARE}"),
    cmdlet("Set-CsBackupServiceConfiguration", SyncInterval="00:03:00"),
    cmdlet("Invoke-CsBackupServiceSync", PoolFqdn=POOL_A, BackupModule="ConfServices.DataConf"),
    cmdlet("Invoke-CsManagementStoreReplication", ReplicaFqdn=POOL_B),
    cmdlet("Start-CsWindowsService", Name="LYNCBACKUP", ComputerName=POOL_B),
    cmdlet("Invoke-CsDatabaseFailover", PoolFqdn=POOL_A, DatabaseType="User", NewPrincipal="Mirror"),
    cmdlet("Invoke-CsManagementServerFailover"),
)
REFUSED = (
    cmdlet("Set-CsSite", Identity="Berlin", FederationRoute=f"EdgeServer:nowhere.{EDGE}"),
    cmdlet("Set-CsEdgeServer", Identity=f"EdgeServer:{EDGE}", Registrar=f"Registrar:nowhere.{POOL_B}"),
    cmdlet("Get-CsUserPoolInfo", Identity="sip:nobody@contoso.com"),
    cmdlet("Invoke-CsManagementServerFailover", Force=True, BackupSqlServerFqdn="sql.contoso.com"),
    cmdlet("Invoke-CsPoolFailOver", PoolFqdn=POOL_A),
)
USES = (
    *SENT,
    *(Use(one.name, frozenset(key for key, _ in one.arguments)) for one in (*READS, *CHANGES, *REFUSED)),
)
"""What an endpoint lets in here: beside all that is sent already, what the commands above need."""


def prepared(start: World) -> World:
    """The demo's pools, with all that those commands can find and change; Edge pool and Central Management are A's."""
    a, b = start.pools[POOL_A], start.pools[POOL_B]
    a = replace(a, principals={"User": "Primary"})
    a = replace(a, modules={"ConfServices.DataConf": ("NonSteadyState", "NormalState")}, front_ends=())
    b = replace(b, registrar="FailedBack", replica_behind=True, stopped={POOL_B: ("LYNCBACKUP",)}, front_ends=())
    world = replace(start, store=POOL_A, edges={EDGE: POOL_A, SPARE: POOL_B}, told=TOLD)
    return world.with_pool(a).with_pool(b)


@pytest.fixture
async def store(redis: Redis) -> RedisWorlds:
    worlds = RedisWorlds(redis)
    start, blobs = world()
    for data in blobs.values():
        await worlds.keep(data)
    await worlds.save(start, 0)
    return worlds


@pytest.fixture(params=["simulated", "over the wire", "at the constrained endpoint"])
async def driver(request: pytest.FixtureRequest, store: RedisWorlds, tmp_path: Path) -> AsyncIterator[Driver]:
    simulated = SimulatedDriver(store, clock=lambda: NOW)
    if request.param == "simulated":
        yield simulated
        return
    access = Access.ORDINARY if request.param == "over the wire" else Access.CONSTRAINED
    async with served(simulated, store, (POOL_A, POOL_B), tmp_path, access, USES) as site:
        over_the_wire = WinRM(site.endpoints, Pace(mercy_s=2, batch=7))
        yield over_the_wire
        await over_the_wire.close()


async def refused(driver: Driver, pool: str, command: Cmdlet) -> CmdletFailed:
    with pytest.raises(CmdletFailed) as caught:
        await driver.invoke(pool, command)
    return caught.value


async def test_every_object_of_a_pool_is_read_whole(driver: Driver) -> None:
    deployment, _ = world()
    for kind in Kind:
        rows = await driver.invoke(POOL_A, cmdlet(f"Get-CsRgs{kind}", Identity=service(POOL_A)))
        expected = [one.row() for one in deployment.pools[POOL_A].objects.values() if one.kind is kind]
        assert sorted(map(repr, map(_plain, rows))) == sorted(map(repr, map(_plain, expected)))


async def test_what_was_exported_is_what_lies_in_the_pool(driver: Driver) -> None:
    await driver.invoke(POOL_A, EXPORT)
    data = await driver.fetch(POOL_A, FILE)
    assert await driver.digest(POOL_A, FILE) == (hashlib.sha256(data).hexdigest(), len(data))
    assert len(read_inventory(data).objects) == len(world()[0].pools[POOL_A].objects)


async def test_the_whole_way_over_and_back(driver: Driver, store: RedisWorlds) -> None:
    await driver.invoke(POOL_A, EXPORT)
    await driver.put(POOL_B, FILE, await driver.fetch(POOL_A, FILE))
    await driver.invoke(POOL_B, IMPORT)
    assert len(await driver.invoke(POOL_B, COPIES)) == 24
    back = "C:\\Switchback\\back.zip"
    command = cmdlet("Export-CsRgsConfiguration", Source=service(POOL_B), Owner=service(POOL_A), FileName=back)
    await driver.invoke(POOL_B, command)
    await driver.put(POOL_A, back, await driver.fetch(POOL_B, back))
    home = cmdlet("Import-CsRgsConfiguration", Destination=service(POOL_A), FileName=back, OverwriteOwner=True)
    await driver.invoke(POOL_A, home)
    deployment, _ = await store.load()
    assert deployment.pools[POOL_A].objects == world()[0].pools[POOL_A].objects
    assert [effect.line for effect in deployment.effects] == [str(EXPORT), str(IMPORT), str(command), str(home)]


async def test_a_file_is_deleted_and_its_name_is_free_again(driver: Driver) -> None:
    await driver.invoke(POOL_A, EXPORT)
    await refused(driver, POOL_A, EXPORT)
    await driver.delete(POOL_A, FILE)
    await driver.delete(POOL_A, FILE)
    with pytest.raises(CmdletFailed) as told:
        await driver.fetch(POOL_A, FILE)
    assert told.value.error_id == "PathNotFound"
    await driver.invoke(POOL_A, EXPORT)
    assert [name for name, _ in await driver.files(POOL_A, "C:\\Switchback")] == ["a.zip"]


async def test_what_is_refused_has_the_server_s_own_id_and_changes_nothing(driver: Driver, store: RedisWorlds) -> None:
    _, before = await store.load()
    wrong = replace(IMPORT, arguments=(*IMPORT.arguments, ("ReplaceExistingSettings", True)))
    assert (await refused(driver, POOL_B, wrong)).error_id == f"NamedParameterNotFound,{IMPORT.name}"
    assert (await refused(driver, POOL_B, replace(IMPORT, arguments=IMPORT.arguments[:1]))).error_id == (
        f"MissingMandatoryParameter,{IMPORT.name}"
    )
    await driver.put(POOL_B, FILE, b"PK not a zip")
    assert await driver.fetch(POOL_B, FILE) == b"PK not a zip"
    assert "not an exported configuration" in (await refused(driver, POOL_B, IMPORT)).detail
    deployment, after = await store.load()
    assert deployment.effects == () and after == before + 1


async def test_a_pool_that_nobody_knows_is_never_asked(driver: Driver) -> None:
    with pytest.raises(NeverSent):
        await driver.invoke("pool-x.contoso.com", IMPORT)


async def test_locations_come_as_bytes(driver: Driver) -> None:
    (row,) = await driver.invoke(POOL_A, cmdlet("Export-CsLisConfiguration", AsBytes=True))
    assert row[BYTES] == LOCATIONS


@pytest.mark.parametrize("driver", ["simulated", "over the wire"], indirect=True)
async def test_locations_are_imported_from_a_file_that_was_put_there_and_published(
    driver: Driver, store: RedisWorlds
) -> None:
    deployment, version = await store.load()
    await store.save(replace(deployment, locations=b""), version)
    assert await driver.invoke(POOL_B, cmdlet("Get-CsLisSubnet")) == ()
    await driver.put(POOL_B, FILE, LOCATIONS)
    await driver.invoke(POOL_B, cmdlet("Import-CsLisConfiguration", FileName=FILE))
    await driver.invoke(POOL_B, cmdlet("Publish-CsLisConfiguration"))
    assert [row["Location"] for row in await driver.invoke(POOL_B, cmdlet("Get-CsLisLocation"))] == ["Berlin", "Munich"]
    assert (await store.load())[0].published == LOCATIONS


async def test_settings_and_states_are_read(driver: Driver) -> None:
    for command in (
        cmdlet("Get-CsRgsConfiguration", Identity=service(POOL_A)),
        cmdlet("Get-CsBackupServiceStatus", PoolFqdn=POOL_A),
        cmdlet("Get-CsPoolBackupRelationship", PoolFqdn=POOL_A),
        cmdlet("Get-CsCpsConfiguration"),
        cmdlet("Get-CsRegistrarConfiguration", Filter=f"service:Registrar:{POOL_A}"),
        cmdlet("Get-CsManagementStoreReplicationStatus", CentralManagementStoreStatus=True),
    ):
        assert await driver.invoke(POOL_A, command)


async def test_what_is_called_identity_and_is_none_of_a_group_keeps_its_name(driver: Driver) -> None:
    """A module of the Backup Service looks like a server's name, and is none."""
    found = modules(await driver.invoke(POOL_A, cmdlet("Get-CsBackupServiceStatus", PoolFqdn=POOL_A)))
    assert "ConfServices.DataConf" in {one.identity for one in found}


async def test_what_procedures_read_comes_as_the_deployment_has_it(driver: Driver, store: RedisWorlds) -> None:
    deployment, version = await store.load()
    deployment = prepared(deployment)
    await store.save(deployment, version)
    for command in READS:
        expected = apply(deployment, POOL_A, command)[1]
        assert expected, f"{command} shows something"
        assert list(map(_plain, await driver.invoke(POOL_A, command))) == list(map(_plain, expected)), command
    assert (await store.load())[0] == deployment


async def test_what_procedures_change_is_changed_just_so(driver: Driver, store: RedisWorlds) -> None:
    start, version = await store.load()
    await store.save(prepared(start), version)
    for command in CHANGES:
        before, _ = await store.load()
        expected, _ = apply(before, POOL_B, command)
        assert expected != before, f"{command} does something"
        assert await driver.invoke(POOL_B, command) == ()
        after, _ = await store.load()
        assert replace(after, effects=before.effects, effect_count=before.effect_count) == expected, command
        assert after.effects[-1].line == str(command)


async def test_what_procedures_may_not_do_is_refused_by_the_same_id(driver: Driver, store: RedisWorlds) -> None:
    start, version = await store.load()
    await store.save(prepared(start), version)
    for command in REFUSED:
        with pytest.raises(CmdletFailed) as expected:
            apply(prepared(start), POOL_B, command)
        assert (await refused(driver, POOL_B, command)).error_id == expected.value.error_id
    assert (await store.load())[0].effects == ()


async def test_a_pool_move_that_breaks_off_leaves_the_pool_half_way(driver: Driver, store: RedisWorlds) -> None:
    await set_fault(store, Fault(FaultKind.MOVE_BREAKS, POOL_B))
    over = cmdlet("Invoke-CsPoolFailOver", PoolFqdn=POOL_A)
    no = await refused(driver, POOL_B, over)
    assert no.error_id.startswith("ProcessRecord,Microsoft.Rtc.Management.Hadr.Invo")
    assert "Could not find a compatible interface" in no.detail
    assert (await store.load())[0].pools[POOL_A].registrar == "FailingOver"
    assert "InvalidOperation" in (await refused(driver, POOL_B, over)).error_id
    mend = cmdlet("Set-CsRegistrarConfiguration", Identity=f"service:Registrar:{POOL_A}", PoolState="Active")
    await driver.invoke(POOL_B, mend)
    await driver.invoke(POOL_B, over)
    assert (await store.load())[0].pools[POOL_A].failed_over


async def test_the_next_hop_of_an_edge_pool_is_its_registrar(driver: Driver, store: RedisWorlds) -> None:
    deployment, version = await store.load()
    await store.save(replace(deployment, edges={"edge.contoso.com": POOL_A}), version)
    (row,) = await driver.invoke(POOL_B, cmdlet("Get-CsService", EdgeServer=True))
    assert (row["PoolFqdn"], row["Registrar"]) == ("edge.contoso.com", f"Registrar:{POOL_A}")


async def test_what_can_be_run_is_told_with_its_parameters(driver: Driver) -> None:
    known = await driver.parameters(POOL_A)
    for use in SENT:
        assert {key for key in use.parameters if "2015" in CMDLETS[use.cmdlet][key].versions} <= known[use.cmdlet]
    assert set(known) <= set(ASKED) and REPLICATION[0] in known
    assert "Category" not in known["Get-CsBackupServiceStatus"], "a server of this version has it not"


async def test_what_came_with_an_update_is_seen_by_its_parameter(driver: Driver, store: RedisWorlds) -> None:
    for build, product in (
        ("7.0.2046.0", Product.S4B_2019),
        ("7.0.2046.385", Product.S4B_2019_CU1),
        ("7.0.2046.820", Product.SUBSCRIPTION),
    ):
        deployment, version = await store.load()
        pool = replace(deployment.pools[POOL_A], version="2019", build=build)
        await store.save(deployment.with_pool(pool), version)
        (row,) = await driver.invoke(POOL_A, cmdlet("Get-CsServerVersion"))
        known = await driver.parameters(POOL_A)
        assert Abilities(NOW, str(row[TEXT]), known).product is product


async def test_a_folder_is_tried(driver: Driver) -> None:
    found = await driver.folder(POOL_A, "C:\\Switchback")
    assert found.is_writable and found.free


async def test_nothing_is_sent_to_a_pool_that_is_down(driver: Driver, store: RedisWorlds) -> None:
    await driver.invoke(POOL_A, EXPORT)
    data = await driver.fetch(POOL_A, FILE)
    await set_fault(store, Fault(FaultKind.POOL_DOWN, POOL_B))
    for attempt in (
        driver.invoke(POOL_B, IMPORT),
        driver.invoke(POOL_B, COPIES),
        driver.fetch(POOL_B, FILE),
        driver.put(POOL_B, FILE, b""),
        driver.digest(POOL_B, FILE),
        driver.delete(POOL_B, FILE),
        driver.files(POOL_B, "C:\\Switchback"),
        driver.folder(POOL_B, "C:\\Switchback"),
        driver.parameters(POOL_B),
    ):
        with pytest.raises(NeverSent):
            await attempt
    assert "does not respond" in (await refused(driver, POOL_A, COPIES)).detail
    await clear(store, POOL_B)
    await driver.put(POOL_B, FILE, data)
    await driver.invoke(POOL_B, IMPORT)
    assert await done(store, IMPORT) == 1


@pytest.mark.parametrize(
    ("kind", "told", "effects", "copies"),
    [
        (FaultKind.LOST_BEFORE, OutcomeUnknown, 0, 0),
        (FaultKind.LOST_AFTER, OutcomeUnknown, 1, 73),
        (FaultKind.HALF_FAILED, CmdletFailed, 1, 36),
        (FaultKind.HALF_LOST, OutcomeUnknown, 1, 36),
    ],
)
async def test_a_fault_strikes_one_import_and_the_next_one_completes(
    driver: Driver, store: RedisWorlds, kind: FaultKind, told: type[DriverError], effects: int, copies: int
) -> None:
    await driver.invoke(POOL_A, EXPORT)
    await driver.put(POOL_B, FILE, await driver.fetch(POOL_A, FILE))
    await set_fault(store, Fault(kind, POOL_B, IMPORT.name))
    with pytest.raises(told):
        await driver.invoke(POOL_B, IMPORT)
    assert (await done(store, IMPORT), await copies_on_b(store)) == (effects, copies)
    await driver.invoke(POOL_B, IMPORT)
    assert await copies_on_b(store) == 73
    assert await done(store, IMPORT) == effects + 1


async def test_a_lost_command_that_would_have_been_refused_is_lost_all_the_same(
    driver: Driver, store: RedisWorlds
) -> None:
    await set_fault(store, Fault(FaultKind.LOST_AFTER, POOL_B))
    with pytest.raises(OutcomeUnknown):
        await driver.invoke(POOL_B, IMPORT)
    assert await done(store, IMPORT) == 0


async def done(store: RedisWorlds, command: Cmdlet) -> int:
    """How often it had an effect, whatever was said of it."""
    deployment, _ = await store.load()
    return sum(effect.cmdlet == command.name for effect in deployment.effects)


async def copies_on_b(store: RedisWorlds) -> int:
    deployment, _ = await store.load()
    return sum(item.is_copy for item in deployment.pools[POOL_B].objects.values())


def _plain(value: object) -> object:
    """Whatever mappings and sequences it is made of."""
    if hasattr(value, "items"):
        return sorted((key, _plain(item)) for key, item in value.items())
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value
