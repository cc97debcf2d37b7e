"""What pool failover and failback do, written down by hand; each case names its clause."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.deployment.apply import apply
from bot.domain.deployment.cmdlets import Cmdlet, cmdlet
from bot.domain.deployment.world import LivePool, World, world_of
from bot.domain.errors import CmdletFailed
from bot.domain.groups.groups import service
from tests.unit.deployment.deployments import (
    EXPORTED,
    FILE,
    PRIMARY,
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
)

# Pool failover and failback (lync §1.6, §5.0, §11; seed 004)


def test_failover_needs_a_backup_pool_lync_1_6() -> None:
    assert "has no backup pool" in str(refused(WORLD, P, "Invoke-CsPoolFailOver", PoolFqdn=C))


def test_p2_cannot_go_over_to_p1_while_p1_is_over_on_p2_seed_004() -> None:
    world = over(WORLD, P)
    error = refused(world, B, "Invoke-CsPoolFailOver", PoolFqdn=B)
    assert f'Fail back "{P}" first' in str(error)
    assert over(back(world, P), B).pools[B].failed_over


def test_a_pool_is_failed_over_once_and_failed_back_once_lync_11() -> None:
    world = over(WORLD, P)
    assert "already failed over" in str(refused(world, B, "Invoke-CsPoolFailOver", PoolFqdn=P))
    assert "is not failed over" in str(refused(back(world, P), B, "Invoke-CsPoolFailBack", PoolFqdn=P))


def test_failback_names_the_pool_that_first_homed_the_users_seed_004() -> None:
    assert "is not failed over" in str(refused(over(WORLD, P), B, "Invoke-CsPoolFailBack", PoolFqdn=B))


def test_a_pool_that_is_down_needs_disaster_mode_lync_1_6() -> None:
    world = down(WORLD, P)
    assert "-DisasterMode" in str(refused(world, B, "Invoke-CsPoolFailOver", PoolFqdn=P))
    assert over(world, P, DisasterMode=True).pools[P].failed_over


def test_nothing_fails_over_to_a_pool_that_is_down() -> None:
    assert "does not respond" in str(refused(down(WORLD, B), P, "Invoke-CsPoolFailOver", PoolFqdn=P, DisasterMode=True))


def test_nothing_fails_back_to_a_pool_that_is_down() -> None:
    world = down(over(WORLD, P), P)
    assert "does not respond" in str(refused(world, B, "Invoke-CsPoolFailBack", PoolFqdn=P))


def test_failback_without_the_backup_pool_needs_disaster_mode_lync_1_6() -> None:
    world = down(over(WORLD, P), B)
    assert "does not respond" in str(refused(world, P, "Invoke-CsPoolFailBack", PoolFqdn=P))
    assert not back(world, P, DisasterMode=True).pools[P].failed_over


def test_groups_on_a_failed_over_pool_can_be_seen_but_not_changed_seed_002() -> None:
    world = over(EXPORTED, P)
    assert names(world, Identity=service(P)) == ["Help Desk"]
    changes: tuple[Cmdlet, ...] = (
        cmdlet("Import-CsRgsConfiguration", Destination=service(P), FileName=FILE, OverwriteOwner=True),
        cmdlet("Export-CsRgsConfiguration", Source=service(P), FileName="c:\\x.zip", RemoveExportedConfiguration=True),
        cmdlet("Set-CsRgsConfiguration", Identity=service(P), AgentRingbackGracePeriod=90),
    )
    for command in changes:
        with pytest.raises(CmdletFailed, match="not modified until failback"):
            apply(world, P, command)
        apply(back(world, P), P, command)
    assert imported(world, B).pools[B].objects != world.pools[B].objects


def test_every_short_sequence_keeps_two_pools_from_being_over_on_each_other_seed_004() -> None:
    members = ["p1.contoso.com", "p2.contoso.com", "q1.contoso.com", "q2.contoso.com"]
    start = world_of([LivePool(fqdn) for fqdn in members], [tuple(members[:2]), tuple(members[2:])])
    steps = [cmdlet(f"Invoke-CsPool{verb}", PoolFqdn=fqdn) for verb in ("FailOver", "FailBack") for fqdn in members]
    seen: set[frozenset[str]] = set()

    def walk(world: World, depth: int) -> None:
        away = frozenset(fqdn for fqdn, pool in world.pools.items() if pool.failed_over)
        seen.add(away)
        assert not {"p1.contoso.com", "p2.contoso.com"} <= away
        assert not {"q1.contoso.com", "q2.contoso.com"} <= away
        for command in steps if depth else ():
            try:
                walk(apply(world, members[0], command)[0], depth - 1)
            except CmdletFailed:
                continue

    walk(start, 5)
    assert len(seen) == 9, "each pair has three states, and every combination was reached"


# The pair and the Backup Service (lync §1.6)


def test_the_relationship_names_the_backup_pool() -> None:
    (row,) = rows(WORLD, P, "Get-CsPoolBackupRelationship", PoolFqdn=P)
    assert row["BackupPoolFqdn"] == B
    assert "has no backup pool" in str(refused(WORLD, P, "Get-CsPoolBackupRelationship", PoolFqdn=C))


def test_the_backup_service_lists_three_modules_and_none_for_response_groups_lync_1_6() -> None:
    (row,) = rows(WORLD, P, "Get-CsBackupServiceStatus", PoolFqdn=P)
    modules = {module["Identity"]: (module["ExportStatus"], module["ImportStatus"]) for module in row["BackupModules"]}
    assert modules == {
        "UserServices.PresenceFocus": ("SteadyState", "NormalState"),
        "ConfServices.DataConf": ("SteadyState", "NormalState"),
        "CentralMgmt.CMSMaster": ("NotInitialized", "NormalState"),
    }


def test_the_backup_service_has_sent_everything_once_its_pool_is_read_only_lync_5_1() -> None:
    (row,) = rows(over(WORLD, P), P, "Get-CsBackupServiceStatus", PoolFqdn=P)
    assert [module["ExportStatus"] for module in row["BackupModules"]][:2] == ["FinalState", "FinalState"]


def test_the_backup_service_is_in_error_while_the_backup_pool_is_down_lync_1_6() -> None:
    (row,) = rows(down(WORLD, B), P, "Get-CsBackupServiceStatus", PoolFqdn=P)
    assert row["BackupModules"][0]["ExportStatus"] == "ErrorState"


def test_the_backup_service_can_be_asked_for_one_category_lync_7() -> None:
    world = WORLD.with_pool(replace(PRIMARY, version="2019"))
    (row,) = rows(world, P, "Get-CsBackupServiceStatus", PoolFqdn=P, Category="RGS")
    states = {module["Identity"]: module["ExportStatus"] for module in row["BackupModules"]}
    assert states == {
        "ApplicationServer.RGSDataStore": "NotInitialized",
        "ApplicationServer.RGSFileStore": "NotInitialized",
    }
    assert "Category" in str(refused(world, P, "Get-CsBackupServiceStatus", PoolFqdn=P, Category="Everything"))
