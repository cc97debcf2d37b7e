"""What the cmdlets say that only tell how a deployment stands, case by case."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.deployment.apply import apply
from bot.domain.deployment.cmdlets import Cmdlet, cmdlet
from bot.domain.deployment.topology import TEXT
from bot.domain.deployment.world import World
from bot.domain.errors import CmdletFailed
from bot.domain.groups.groups import Row
from tests.unit.deployment.deployments import WORLD, B, C, P

ACTIVE = cmdlet("Get-CsManagementStoreReplicationStatus", CentralManagementStoreStatus=True)
OVER = cmdlet("Invoke-CsPoolFailOver", PoolFqdn=P)
BACK = cmdlet("Invoke-CsPoolFailBack", PoolFqdn=P)


def rows(world: World, on: str, command: Cmdlet) -> tuple[Row, ...]:
    after, found = apply(world, on, command)
    assert after is world, "it only reads"
    return found


def state(world: World, fqdn: str) -> object:
    (row,) = rows(world, B, cmdlet("Get-CsRegistrarConfiguration", Identity=f"service:Registrar:{fqdn}"))
    return row["PoolState"]


@pytest.mark.parametrize(
    ("version", "build", "text"),
    [
        ("2013", "", "Microsoft Lync Server 2013 (5.0.8308.0)"),
        ("2015", "", "Skype for Business Server 2015 (6.0.9319.0)"),
        ("2019", "", "Skype for Business Server 2019 (7.0.2046.0)"),
        ("2019", "7.0.2046.820", "Skype for Business Server 2019 (7.0.2046.820)"),
    ],
)
def test_a_server_says_its_version_as_one_text(version: str, build: str, text: str) -> None:
    world = WORLD.with_pool(replace(WORLD.pools[P], version=version, build=build))
    assert rows(world, P, cmdlet("Get-CsServerVersion")) == ({TEXT: text},)


def test_the_state_of_a_pool_follows_its_failover_and_its_failback_recovery_0_3() -> None:
    assert state(WORLD, P) == "Active"
    over, _ = apply(WORLD, B, OVER)
    assert (state(over, P), state(over, B)) == ("FailedOver", "Active")
    back, _ = apply(over, B, BACK)
    assert state(back, P) == "FailedBack"


def test_a_registrar_is_found_by_identity_in_any_case_or_by_filter() -> None:
    assert state(WORLD, P.upper()) == "Active"
    every = rows(WORLD, P, cmdlet("Get-CsRegistrarConfiguration"))
    assert every[0]["Identity"] == "Global" and len(every) == 1 + len(WORLD.pools)
    assert len(rows(WORLD, P, cmdlet("Get-CsRegistrarConfiguration", Filter="service:*"))) == len(WORLD.pools)
    with pytest.raises(CmdletFailed) as refused:
        apply(WORLD, P, cmdlet("Get-CsRegistrarConfiguration", Identity="service:Registrar:pool-x"))
    assert refused.value.error_id.startswith("ManagementObjectNotFound")


def test_central_management_is_active_where_it_lies_and_nowhere_while_that_is_down_lync_5_2() -> None:
    world = replace(WORLD, store=C)
    (row,) = rows(world, P, ACTIVE)
    assert (row["ActiveMasterFqdn"], row["ActiveFileTransferAgents"]) == (C, C)
    down = world.with_pool(replace(world.pools[C], up=False))
    assert rows(down, P, ACTIVE)[0]["ActiveMasterFqdn"] == ""
    assert rows(WORLD, P, ACTIVE)[0]["ActiveMasterFqdn"] == "cms.contoso.com", "a pool of its own unless said"


def test_replicas_are_told_one_by_one_and_those_of_a_pool_that_is_down_are_behind() -> None:
    world = WORLD.with_pool(replace(WORLD.pools[P], front_ends=("fe1.contoso.com", "fe2.contoso.com"), up=False))
    behind = [row["ReplicaFqdn"] for row in rows(world, B, cmdlet(ACTIVE.name)) if not row["UpToDate"]]
    assert behind == ["fe1.contoso.com", "fe2.contoso.com"]
    (one,) = rows(world, B, cmdlet(ACTIVE.name, ReplicaFqdn="fe2.contoso.com"))
    assert one["ReplicaFqdn"] == "fe2.contoso.com"


def test_the_backup_service_copies_central_management_from_where_it_lies_lync_1_6() -> None:
    status = cmdlet("Get-CsBackupServiceStatus", PoolFqdn=P, Category="CMS")
    newer = {fqdn: replace(pool, version="2019") for fqdn, pool in WORLD.pools.items()}
    for store, said in ((P, "SteadyState"), (B, "NotInitialized")):
        (row,) = rows(replace(WORLD, pools=newer, store=store), P, status)
        assert [one["ExportStatus"] for one in row["BackupModules"]] == [said]


def test_an_edge_pool_names_its_next_hop_as_its_registrar_lync_5_2() -> None:
    world = replace(WORLD, edges={"edge.contoso.com": P})
    assert rows(world, B, cmdlet("Get-CsService", EdgeServer=True)) == (
        {"Identity": "EdgeServer:edge.contoso.com", "PoolFqdn": "edge.contoso.com", "Registrar": f"Registrar:{P}"},
    )
    assert rows(world, B, cmdlet("Get-CsService", Registrar=True)) == ()
