"""Where a pool stands in a move, and what keeps it from moving, case by case; each names its clause."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.deployment.apply import apply_half
from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.readings import modules
from bot.domain.deployment.server_state import state_of
from bot.domain.deployment.world import Fault, FaultKind, World
from bot.domain.groups.groups import service
from bot.drivers.simulated import outcome
from tests.unit.deployment.deployments import (
    EXPORTED,
    FILE,
    IMPORTED,
    WORLD,
    B,
    C,
    P,
    back,
    down,
    imported,
    names,
    over,
    refused,
    rows,
    run,
)

OVER, BACK = cmdlet("Invoke-CsPoolFailOver", PoolFqdn=P), cmdlet("Invoke-CsPoolFailBack", PoolFqdn=P)
REGISTRAR = f"service:Registrar:{P}"
SQL_DOWN = WORLD.with_fault(Fault(FaultKind.BACK_END_DOWN, P))


def state(world: World, on: str = B, **how: object) -> str:
    return state_of(rows(world, on, "Get-CsRegistrarConfiguration", Filter=REGISTRAR, **how)).word


def half_over(world: World = WORLD) -> World:
    return outcome(world.with_fault(Fault(FaultKind.MOVE_BREAKS, B)), B, OVER, 1.0).world


# Half-way (recovery §0.3, §0.4)


def test_a_failover_that_breaks_off_says_so_and_leaves_the_pool_failing_over_recovery_0_4() -> None:
    broken = outcome(WORLD.with_fault(Fault(FaultKind.MOVE_BREAKS, B)), B, OVER, 1.0)
    assert broken.error and broken.error.error_id.startswith("ProcessRecord,Microsoft.Rtc.Management.Hadr.Invo")
    assert state(broken.world) == "FailingOver" and not broken.world.pools[P].failed_over
    assert broken.world.faults == () and broken.world.effects[-1].line == str(OVER)


def test_it_stays_in_a_failed_state_until_somebody_sets_it_active_recovery_0_4() -> None:
    assert "failed state" in str(refused(half_over(), B, OVER.name, PoolFqdn=P, DisasterMode=True))
    mended = run(half_over(), B, "Set-CsRegistrarConfiguration", Identity=REGISTRAR, PoolState="Active")
    assert state(mended) == "Active"
    assert over(mended, P).pools[P].failed_over


def test_what_lies_on_a_pool_that_is_half_way_can_be_seen_but_not_changed_seed_002() -> None:
    world = half_over(EXPORTED)
    assert names(world, Identity=service(P)) == ["Help Desk"]
    error = refused(world, P, "Import-CsRgsConfiguration", Destination=service(P), FileName=FILE)
    assert "not modified" in str(error)


def test_the_other_way_is_barred_while_a_pool_is_half_way_seed_004() -> None:
    assert "itself failed over" in str(refused(half_over(), C, OVER.name, PoolFqdn=B))


def test_a_failback_that_breaks_off_leaves_the_pool_failed_over_and_can_be_run_again() -> None:
    world = over(WORLD, P)
    broken = outcome(world.with_fault(Fault(FaultKind.MOVE_BREAKS, P)), P, BACK, 1.0)
    assert broken.error and state(broken.world) == "FailedOver"
    assert state(back(broken.world, P)) == "FailedBack"


def test_a_move_that_would_be_refused_does_not_even_begin() -> None:
    world = down(WORLD, P).with_fault(Fault(FaultKind.MOVE_BREAKS, B))
    assert "-DisasterMode" in str(outcome(world, B, OVER, 1.0).error)
    with pytest.raises(Exception, match="is not failed over"):
        apply_half(WORLD, P, BACK)


def test_a_pool_that_was_failed_back_is_at_home_and_can_go_again_recovery_3_2() -> None:
    home = back(over(EXPORTED, P), P)
    assert state(home) == "FailedBack"
    assert over(home, P).pools[P].failed_over and over(home, B).pools[B].failed_over


def test_setting_a_state_moves_nobody_and_names_a_service_that_is_there_recovery_0_4() -> None:
    name = "Set-CsRegistrarConfiguration"
    assert state(run(over(WORLD, P), B, name, Identity=REGISTRAR, PoolState="active")) == "Active"
    gone = refused(WORLD, B, name, Identity="service:Registrar:pool-x.contoso.com", PoolState="Active")
    assert gone.error_id.startswith("ManagementObjectNotFound")
    assert refused(WORLD, B, name, Identity=REGISTRAR, PoolState="Home").error_id.startswith("CannotConvert")


# What keeps a pool from moving (recovery §0.5, §0.7, 2.9)


def test_front_ends_up_and_back_end_down_needs_disaster_mode_recovery_0_5() -> None:
    assert "-DisasterMode" in str(refused(SQL_DOWN, B, OVER.name, PoolFqdn=P))
    assert over(SQL_DOWN, P, DisasterMode=True).pools[P].failed_over


def test_response_groups_lie_in_sql_so_without_it_none_are_read_or_written_recovery_0_5() -> None:
    asked = {"Get-CsRgsQueue": "Identity", "Get-CsRgsConfiguration": "Identity", "Export-CsRgsConfiguration": "Source"}
    for name, key in (*asked.items(), ("Import-CsRgsConfiguration", "Destination")):
        more = {"FileName": "c:\\y.zip"} if key in ("Source", "Destination") else {}
        assert "SQL Server" in str(refused(SQL_DOWN, P, name, **{key: service(P)}, **more))
    assert names(SQL_DOWN.without_faults(P), Identity=service(P)) == ["Help Desk"]


def test_no_pool_is_failed_over_while_central_management_does_not_work_recovery_2_9() -> None:
    world = down(replace(WORLD, store=P), P)
    assert "Central Management" in str(refused(world, B, OVER.name, PoolFqdn=P, DisasterMode=True))
    assert over(replace(world, store=B), P, DisasterMode=True).pools[P].failed_over


def test_no_pool_is_failed_over_while_an_edge_pool_leads_to_it_recovery_0_7() -> None:
    world = replace(WORLD, edges={"edge.contoso.com": P})
    error = refused(world, B, OVER.name, PoolFqdn=P)
    assert error.error_id.startswith("EdgeNextHop") and "edge.contoso.com" in str(error)
    led = run(world, B, "Set-CsEdgeServer", Identity="EdgeServer:edge.contoso.com", Registrar=f"Registrar:{B}")
    assert over(led, P).pools[P].failed_over


# What one reads while Central Management is away (recovery §0.3, §0.8)


def test_while_it_is_away_only_the_local_replica_tells_recovery_0_3() -> None:
    world = down(replace(over(WORLD, P), store=P), P)
    for name, key, value in (
        ("Get-CsRegistrarConfiguration", "Filter", REGISTRAR),
        ("Get-CsPoolBackupRelationship", "PoolFqdn", P),
        ("Get-CsSite", "Filter", "*"),
        ("Get-CsService", "EdgeServer", True),
    ):
        assert refused(world, B, name, **{key: value}).error_id.startswith("CentralManagementStoreUnavailable")
    assert state(world, LocalStore=True) == "FailedOver"
    (pair,) = rows(world, B, "Get-CsPoolBackupRelationship", PoolFqdn=P, LocalStore=True)
    assert pair["BackupPoolFqdn"] == B


def test_an_old_replica_has_no_settings_of_a_service_which_is_unknown_and_never_active() -> None:
    world = over(WORLD, P).with_pool(replace(WORLD.pools[B], replica_behind=True))
    assert state(world, LocalStore=True) == ""
    assert state(world) == "FailedOver" and state(world, on=C, LocalStore=True) == "FailedOver"
    assert state_of(rows(world, B, "Get-CsRegistrarConfiguration", LocalStore=True)).word == ""


# Conference contents (recovery 3.3, 9)


def test_after_a_failback_contents_of_conferences_wait_until_they_are_sent_recovery_9() -> None:
    def contents(world: World) -> bool:
        found = modules(rows(world, B, "Get-CsBackupServiceStatus", PoolFqdn=B))
        return next(one for one in found if one.identity == "ConfServices.DataConf").at_rest

    home = back(over(WORLD, P), P)
    assert contents(WORLD) and not contents(home)
    sent = run(home, B, "Invoke-CsBackupServiceSync", PoolFqdn=B, BackupModule="ConfServices.DataConf")
    assert contents(sent)


# Replication (lync §7)


def replicating(world: World, build: str = "7.0.2046.385") -> World:
    for fqdn in (P, B):
        world = world.with_pool(replace(world.pools[fqdn], version="2019", build=build))
    return replace(world, replicates=True)


def test_replicated_groups_lie_on_the_backup_pool_after_a_move_and_home_again_lync_7() -> None:
    there = over(replicating(WORLD), P)
    assert names(there, Identity=service(B), Owner=service(P)) == ["Help Desk"]
    assert names(there, Identity=service(B)) == ["Orders"], "shown with -ShowAll or -Owner only"
    home = back(there, P)
    assert home.pools[P].objects == WORLD.pools[P].objects
    assert names(over(replicating(WORLD, "7.0.2046.0"), P), Identity=service(B), Owner=service(P)) == []


def test_onto_a_pool_that_replicates_nothing_is_imported_lync_7() -> None:
    error = refused(replicating(EXPORTED), B, "Import-CsRgsConfiguration", Destination=service(B), FileName=FILE)
    assert error.error_id.startswith("ReplicasExist")
    assert imported(replicating(EXPORTED, ""), B).pools[B].objects == IMPORTED.pools[B].objects
