"""Services, databases, the Backup Service and what people move by hand, case by case; each names its clause."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.deployment.machines import NOT_MIRRORED, SERVICES
from bot.domain.deployment.pool_reading import PoolReading
from bot.domain.deployment.properties import NAMES
from bot.domain.deployment.readings import (
    is_online,
    living_on,
    modules,
    principals,
    services_stopped,
    value,
)
from bot.domain.deployment.world import World
from tests.unit.deployment.deployments import PRIMARY, WORLD, B, C, P, down, over, refused, rows, run

FE1, FE2 = "fe1.contoso.com", "fe2.contoso.com"
TWO = WORLD.with_pool(replace(PRIMARY, front_ends=(FE1, FE2)))
MIRRORED = WORLD.with_pool(replace(PRIMARY, principals={"User": "Primary", "Application": "Primary"}))


def stopped(world: World, machine: str = FE1, **more: object) -> tuple[str, ...]:
    return services_stopped(rows(world, B, "Get-CsWindowsService", ComputerName=machine, **more))


def test_services_are_stopped_and_started_machine_by_machine_recovery_1_6() -> None:
    off = run(TWO, P, "Stop-CsWindowsService", ComputerName=FE1)
    assert (stopped(off), stopped(off, FE2)) == (SERVICES, ())
    on = run(off, P, "Start-CsWindowsService", ComputerName=FE1, Name="lyncbackup")
    assert stopped(on, Name="LYNCBACKUP") == () and len(stopped(on)) == len(SERVICES) - 1
    assert run(on, P, "Start-CsWindowsService", ComputerName=FE2) is on
    assert refused(TWO, B, "Get-CsWindowsService", ComputerName=FE1, Name="Spooler").error_id.startswith("Service")


def test_an_edge_server_and_a_machine_that_is_down_answer_nobody_recovery_6() -> None:
    away = refused(TWO, B, "Start-CsWindowsService", ComputerName="edge.contoso.com")
    assert away.error_id.startswith("ComputerNotFound")
    assert "does not respond" in str(refused(down(TWO, P), B, "Get-CsWindowsService", ComputerName=FE2))


def test_the_backup_service_that_runs_nowhere_copies_nothing_recovery_1_6() -> None:
    def at_rest(world: World) -> list[bool]:
        return [one.at_rest for one in modules(rows(world, B, "Get-CsBackupServiceStatus", PoolFqdn=P))][:2]

    one = TWO.with_pool(replace(TWO.pools[P], stopped={FE1: ("LYNCBACKUP",)}))
    none = TWO.with_pool(replace(TWO.pools[P], stopped={FE1: ("LYNCBACKUP",), FE2: ("LYNCBACKUP",)}))
    assert (at_rest(one), at_rest(none)) == ([True, True], [False, False])
    assert "not running" in str(refused(none, P, "Invoke-CsBackupServiceSync", PoolFqdn=P))


def test_a_module_that_lags_is_at_rest_once_it_was_sent_recovery_1_5() -> None:
    lagging = WORLD.with_pool(
        replace(PRIMARY, modules={"UserServices.PresenceFocus": ("NonSteadyState", "NormalState")})
    )

    def lags(world: World) -> tuple[str, ...]:
        found = modules(rows(world, B, "Get-CsBackupServiceStatus", PoolFqdn=P))
        return tuple(one.identity for one in found if not one.at_rest and one.export != "NotInitialized")

    sync = "Invoke-CsBackupServiceSync"
    assert lags(lagging) == ("UserServices.PresenceFocus",)
    assert lags(run(lagging, P, sync, PoolFqdn=P, BackupModule="ConfServices.DataConf")) == lags(lagging)
    for module in (None, "All", "PresenceFocus", "UserServices.PresenceFocus"):
        assert lags(run(lagging, P, sync, PoolFqdn=P, BackupModule=module)) == ()
    assert refused(lagging, P, sync, PoolFqdn=P, BackupModule="Everything").error_id.startswith("InvalidArgument")
    assert "does not respond" in str(refused(down(lagging, B), P, sync, PoolFqdn=P))


def test_replication_of_groups_is_switched_on_servers_that_have_the_update_only_lync_7() -> None:
    name, on = "Set-CsBackupServiceConfiguration", {"EnableRgsBackupService": True}
    assert refused(WORLD, P, name, **on).error_id.startswith("NamedParameterNotFound")
    bare = WORLD.with_pool(replace(PRIMARY, version="2019"))
    assert refused(bare, P, name, **on).error_id.startswith("NamedParameterNotFound")
    new = {fqdn: replace(WORLD.pools[fqdn], version="2019", build="7.0.2046.820") for fqdn in (P, B)}
    world = run(replace(WORLD, pools={**WORLD.pools, **new}), P, name, **on)
    asked = rows(world, P, "Get-CsBackupServiceStatus", PoolFqdn=P, Category="RGS")
    assert world.replicates and PoolReading(0.0, modules=modules(asked)).replicates
    found = modules(rows(over(world, P), B, "Get-CsBackupServiceStatus", PoolFqdn=P))
    assert {one.export for one in found if "RGS" in one.identity} == {"FinalState"}
    (row,) = rows(world, P, "Get-CsBackupServiceConfiguration")
    assert row["EnableRgsBackupService"] is True
    assert not run(world, P, name, EnableRgsBackupService=False).replicates


def test_the_interval_of_the_backup_service_is_one_for_all_pools_recovery_1_2() -> None:
    (before,) = rows(WORLD, P, "Get-CsBackupServiceConfiguration")
    changed = run(WORLD, P, "Set-CsBackupServiceConfiguration", SyncInterval="00:03:00")
    (after,) = rows(changed, B, "Get-CsBackupServiceConfiguration")
    assert (before["SyncInterval"], after["SyncInterval"]) == ("00:02:00", "00:03:00")
    assert "EnableRgsBackupService" not in after, "servers without the update do not have it"
    wrong = refused(WORLD, P, "Set-CsBackupServiceConfiguration", SyncInterval="3 minutes")
    assert wrong.error_id.startswith("CannotConvertArgument")


# Mirrored databases (recovery §0.13, 4)


def mirrors(world: World, **asked: object) -> dict[str, str]:
    return dict(principals(rows(world, B, "Get-CsDatabaseMirrorState", PoolFqdn=P, **asked)))


def test_each_type_of_database_moves_by_itself_recovery_4() -> None:
    move = "Invoke-CsDatabaseFailover"
    moved = run(MIRRORED, P, move, PoolFqdn=P, DatabaseType="User", NewPrincipal="Mirror")
    assert mirrors(moved, DatabaseType="User") == {"User": "Mirror"}
    assert mirrors(moved, DatabaseType="Application") == {"Application": "Primary"}
    assert mirrors(run(moved, P, move, PoolFqdn=P, DatabaseType="User", NewPrincipal="Primary"))["User"] == "Primary"
    again = refused(moved, P, move, PoolFqdn=P, DatabaseType="User", NewPrincipal="Mirror")
    assert "already" in str(again)
    assert "no mirror" in str(refused(WORLD, P, move, PoolFqdn=P, DatabaseType="User", NewPrincipal="Mirror"))


def test_a_back_end_that_does_not_answer_moves_by_force_and_then_groups_are_there_again_recovery_4_3() -> None:
    lost = MIRRORED.with_pool(replace(MIRRORED.pools[P], back_end=False))
    asked = {"PoolFqdn": P, "DatabaseType": "Application", "NewPrincipal": "Mirror"}
    assert "-Force" in str(refused(lost, P, "Invoke-CsDatabaseFailover", **asked))
    assert run(lost, P, "Invoke-CsDatabaseFailover", **asked, Force=True).pools[P].back_end
    users = run(lost, P, "Invoke-CsDatabaseFailover", **{**asked, "DatabaseType": "User"}, Force=True)
    assert not users.pools[P].back_end, "users alone do not bring Response Groups"


def test_a_pool_without_a_mirror_and_one_that_is_down_are_told_of_alike_recovery_4_1() -> None:
    for world in (WORLD, MIRRORED.with_pool(replace(MIRRORED.pools[P], back_end=False))):
        (row,) = rows(world, B, "Get-CsDatabaseMirrorState", PoolFqdn=P, DatabaseType="User")
        assert row["StateOnPrimary"] == row["MirroringStatusOnMirror"] == NOT_MIRRORED
        assert mirrors(world, DatabaseType="User") == {"User": ""}


@pytest.mark.parametrize(
    ("version", "type", "is_known"),
    [("2013", "CMS", True), ("2013", "CentralMgmt", False), ("2015", "CentralMgmt", True), ("2015", "CMS", False)],
)
def test_which_name_a_type_has_differs_by_version_recovery_0_13(version: str, type: str, is_known: bool) -> None:
    world = WORLD.with_pool(replace(WORLD.pools[B], version=version))
    if is_known:
        assert mirrors(world, DatabaseType=type) == {"CentralMgmt": ""}
    else:
        error = refused(world, B, "Get-CsDatabaseMirrorState", PoolFqdn=P, DatabaseType=type)
        assert error.error_id.startswith("CannotConvertArgument")


def test_from_2019_on_nothing_is_mirrored_recovery_4() -> None:
    world = WORLD.with_pool(replace(WORLD.pools[B], version="2019"))
    assert refused(world, B, "Get-CsDatabaseMirrorState", PoolFqdn=P).error_id == "CommandNotFoundException"


# What people move by hand (recovery 10)

ANNA = {"Identity": "CN=Anna", "SipAddress": "sip:anna@contoso.com", "RegistrarPool": P}
BEN = {"Identity": "CN=Ben", "SipAddress": "sip:ben@contoso.com", "RegistrarPool": C}
HOMED = WORLD.with_told("CsUser", (ANNA, BEN)).with_told("CsApplicationEndpoint", (ANNA,))


def test_users_are_found_by_the_pool_that_they_are_at_recovery_10_9() -> None:
    def at(world: World, fqdn: str) -> list[str]:
        return [value(row, "Identity") for row in rows(world, B, "Get-CsUser", Filter=f'RegistrarPool -eq "{fqdn}"')]

    assert (at(HOMED, P), at(HOMED, C), at(HOMED, B)) == (["CN=Anna"], ["CN=Ben"], [])
    moved = HOMED.with_told("CsUser", ({**ANNA, "RegistrarPool": C}, BEN))
    assert (at(moved, P), at(moved, C)) == ([], ["CN=Anna", "CN=Ben"])
    assert len(rows(HOMED, B, "Get-CsUser")) == 2
    (one,) = rows(HOMED, B, "Get-CsUser", Identity="sip:BEN@contoso.com")
    assert one["Identity"] == "CN=Ben"
    for wrong in ("*", f'RegistrarPool -eq "{P}" -or 1', f"RegistrarPool -eq {P}"):
        assert refused(HOMED, B, "Get-CsUser", Filter=wrong).error_id.startswith("InvalidFilter")


def test_endpoints_are_found_by_their_pool_and_both_though_central_management_is_away_recovery_10_11() -> None:
    world = down(replace(HOMED, store=P), P)
    assert len(rows(world, B, "Get-CsApplicationEndpoint", PoolFqdn=P)) == 1
    assert rows(world, B, "Get-CsApplicationEndpoint", PoolFqdn=C) == ()
    assert len(rows(world, B, "Get-CsUser")) == 2, "they lie in Active Directory"


@pytest.mark.parametrize(
    ("noun", "name", "service"),
    [
        ("CsConferenceDirectory", NAMES.directory_service, "UserServer"),
        ("CsCallParkOrbit", NAMES.orbit_service, "ApplicationServer"),
        ("CsUnassignedNumber", NAMES.range_service, "ApplicationServer"),
    ],
)
def test_what_still_lives_on_a_pool_is_read_by_the_service_that_it_names_recovery_10(
    noun: str, name: str, service: str
) -> None:
    world = WORLD.with_told(
        noun, ({"Identity": "1", name: f"{service}:{P}"}, {"Identity": "2", name: f"{service}:{C}"})
    )
    every = rows(world, B, f"Get-{noun}")
    assert (living_on(every, name, P), living_on(every, name, C)) == (("1",), ("2",))
    (one,) = rows(world, B, f"Get-{noun}", Identity="2")
    assert rows(world, B, f"Get-{noun}", Filter="1*") == (every[0],) and one == every[1]
    assert refused(world, B, f"Get-{noun}", Identity="3").error_id.startswith("ManagementObjectNotFound")


def test_a_pool_is_in_the_topology_until_it_is_deleted_recovery_10_22() -> None:
    (pool,) = rows(TWO, B, "Get-CsPool", Identity=P)
    assert pool["Computers"] == (FE1, FE2)
    gone = replace(TWO, pools={fqdn: one for fqdn, one in TWO.pools.items() if fqdn != P})
    assert refused(gone, B, "Get-CsPool", Identity=P).error_id.startswith("ManagementObjectNotFound")


def test_a_user_is_told_of_with_both_pools_recovery_2_8() -> None:
    (row,) = rows(TWO.with_told("CsUser", (ANNA,)), B, "Get-CsUserPoolInfo", Identity="sip:anna@contoso.com")
    assert (row["PrimaryPoolFqdn"], row["BackupPoolFqdn"]) == (P, B)
    assert (row["PrimaryPoolPrimaryRegistrar"], row["BackupPoolPrimaryRegistrar"]) == (FE1, B)
    assert refused(WORLD, B, "Get-CsUserPoolInfo", Identity="sip:x@contoso.com").error_id.startswith("Management")


def test_databases_of_users_are_online_while_front_ends_and_back_end_are_recovery_3_1() -> None:
    for world, online in ((WORLD, True), (down(WORLD, P), False)):
        assert is_online(rows(world, B, "Get-CsUserDatabaseState", RegistrarPool=P)) is online
    lost = WORLD.with_pool(replace(PRIMARY, back_end=False))
    assert not is_online(rows(lost, B, "Get-CsUserDatabaseState", RegistrarPool=P))
    assert len(rows(TWO, B, "Get-CsPoolFabricState", PoolFqdn=P)) == 2
    assert not is_online(())
