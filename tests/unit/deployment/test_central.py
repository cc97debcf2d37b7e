"""Central Management, its replicas, Edge pools and sites, case by case; each names its clause (facts: recovery)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.deployment.readings import Store, active_stores, edges_with_hop, replicas_behind, route, store_of
from bot.domain.deployment.world import World
from bot.domain.groups.groups import Row
from tests.unit.deployment.deployments import WORLD, B, C, P, down, refused, rows, run

HELD = replace(WORLD, store=P)
LOST = down(HELD, P)
MOVE = "Invoke-CsManagementServerFailover"
DISASTER = {"BackupSqlServerFqdn": "sql-b.contoso.com", "BackupSqlInstanceName": "rtc", "Force": True}
EDGES = replace(WORLD, edges={"edge1.contoso.com": P, "edge2.contoso.com": B})


def status(world: World, on: str = B, **asked: object) -> tuple[Row, ...]:
    return rows(world, on, "Get-CsManagementStoreReplicationStatus", **asked)


def store(world: World, on: str = B) -> Store | None:
    return store_of(status(world, on, CentralManagementStoreStatus=True))


def test_the_store_goes_over_as_planned_from_a_server_of_the_backup_pool_recovery_2_5c() -> None:
    assert store(HELD) == Store(P, P)
    moved = run(HELD, B, MOVE)
    assert store(moved) == Store(B, B)
    assert store(run(moved, P, MOVE)) == Store(P, P), "and back the same way"
    for elsewhere in (P, C):
        assert "not in the backup pool" in str(refused(HELD, elsewhere, MOVE))


def test_while_nothing_answers_it_goes_over_with_force_and_the_server_s_sql_recovery_2_5b() -> None:
    assert store(LOST) == Store("", "")
    assert refused(LOST, B, MOVE).error_id.startswith("CentralManagementStoreUnavailable")
    moved = run(LOST, B, MOVE, **DISASTER)
    assert store(moved) == Store(B, B)
    named = LOST.with_pool(replace(LOST.pools[B], sql="sql-other.contoso.com"))
    assert "SQL Server" in str(refused(named, B, MOVE, **DISASTER))
    without = LOST.with_pool(replace(LOST.pools[B], back_end=False))
    assert "SQL Server" in str(refused(without, B, MOVE, **DISASTER))


def test_force_is_for_disasters_only_and_needs_the_sql_server_recovery_0_21() -> None:
    assert "-Force" in str(refused(HELD, B, MOVE, **DISASTER))
    assert refused(LOST, B, MOVE, Force=True).error_id.startswith("MissingMandatoryParameter")
    assert refused(LOST, B, MOVE, **DISASTER, Restore=True).error_id.startswith("AmbiguousParameterSet")


def test_asking_what_would_be_moves_nothing() -> None:
    assert run(HELD, B, MOVE, WhatIf=True) == HELD


def test_the_back_end_of_the_pool_that_has_the_store_is_the_store_lync_5_2() -> None:
    world = HELD.with_pool(replace(HELD.pools[P], back_end=False))
    assert store(world) == Store("", "")


def test_a_store_that_is_active_twice_is_seen_from_both_sides_recovery_0_20() -> None:
    world = replace(HELD, also_active=B)
    assert (store(world, P), store(world, B)) == (Store(P, P), Store(B, B))
    assert active_stores(rows(world, B, "Get-CsService", CentralManagement=True)) == (P, B)
    assert active_stores(rows(HELD, B, "Get-CsService", CentralManagement=True)) == (P,)
    assert active_stores(rows(run(world, B, MOVE), B, "Get-CsService", CentralManagement=True)) == (B,)


def test_active_directory_says_where_the_store_lies_though_nothing_answers_recovery_2_1() -> None:
    for world, sql in (
        (LOST, P),
        (LOST.with_pool(replace(LOST.pools[P], sql="sql-p.contoso.com")), "sql-p.contoso.com"),
    ):
        (row,) = rows(world, B, "Get-CsManagementConnection")
        assert (row["SqlServer"], row["SqlInstance"]) == (sql, "rtc")


def test_a_store_without_its_file_transfer_agent_does_not_work_recovery_2_3() -> None:
    world = HELD.with_pool(replace(HELD.pools[P], stopped={P: ("FTA",)}))
    found = store(world)
    assert found == Store(P, "") and not found.works
    assert store(run(world, B, "Start-CsWindowsService", Name="FTA", ComputerName=P)) == Store(P, P)


def test_a_replica_is_brought_up_to_date_unless_nothing_there_receives_it_recovery_2_5e() -> None:
    push = "Invoke-CsManagementStoreReplication"
    world = HELD.with_pool(replace(HELD.pools[B], replica_behind=True))
    assert replicas_behind(status(world)) == (B,)
    assert replicas_behind(status(run(world, B, push, ReplicaFqdn=B))) == ()
    assert run(world, B, push, ReplicaFqdn=C) is world
    never = world.with_pool(replace(world.pools[B], stopped={B: ("REPLICA",)}))
    assert replicas_behind(status(run(never, B, push))) == (B,)
    assert refused(world, B, push, ReplicaFqdn="fe9.contoso.com").error_id.startswith("ManagementObjectNotFound")
    assert refused(LOST, B, push).error_id.startswith("CentralManagementStoreUnavailable")


# Edge pools and sites (recovery §0.1, §0.2, §0.7)


def hops(world: World, fqdn: str) -> tuple[str, ...]:
    return edges_with_hop(rows(world, B, "Get-CsService", EdgeServer=True), fqdn)


def test_the_next_hop_of_an_edge_pool_is_changed_and_changed_back_recovery_2_7a() -> None:
    edge = {"Identity": "EdgeServer:edge1.contoso.com"}
    led = run(EDGES, B, "Set-CsEdgeServer", **edge, Registrar=f"Registrar:{B}")
    assert (hops(EDGES, P), hops(led, P)) == (("edge1.contoso.com",), ())
    assert hops(led, B) == ("edge1.contoso.com", "edge2.contoso.com")
    assert hops(run(led, B, "Set-CsEdgeServer", **edge, Registrar=f"Registrar:{P}"), P) == ("edge1.contoso.com",)


@pytest.mark.parametrize(
    ("identity", "hop"),
    [
        (P, f"Registrar:{B}"),
        ("EdgeServer:edge9.contoso.com", f"Registrar:{B}"),
        ("EdgeServer:edge1.contoso.com", B),
        ("EdgeServer:edge1.contoso.com", "Registrar:pool-x.contoso.com"),
    ],
)
def test_the_page_s_slip_and_names_that_nothing_has_are_refused_recovery_2_7a(identity: str, hop: str) -> None:
    error = refused(EDGES, B, "Set-CsEdgeServer", Identity=identity, Registrar=hop)
    assert error.error_id.startswith("ManagementObjectNotFound")


def test_the_routes_of_a_site_are_set_by_its_bare_name_to_an_edge_s_identity_recovery_0_1() -> None:
    world = EDGES.with_pool(replace(EDGES.pools[P], site="North America"))
    site, edge = {"Identity": "North America"}, "EdgeServer:edge2.contoso.com"
    led = run(world, B, "Set-CsSite", **site, XmppFederationRoute=edge)
    both = run(led, B, "Set-CsSite", **site, FederationRoute="EdgeServer:edge1.contoso.com")
    shown = rows(both, B, "Get-CsSite", **site)
    assert (route(shown), route(shown, xmpp=True)) == ("edge1.contoso.com", "edge2.contoso.com")
    for wrong in ("edge2.contoso.com", "Registrar:edge2.contoso.com", f"EdgeServer:{P}"):
        assert refused(world, B, "Set-CsSite", **site, FederationRoute=wrong).error_id.startswith(
            "ManagementObjectNotFound"
        )
    assert refused(world, B, "Set-CsSite", Identity="site:North America").error_id.startswith("ManagementObject")
    published = refused(world, B, "Set-CsSite", **site, XmppExternalFederationRoute=edge)
    assert published.error_id.startswith("NamedParameterNotFound")
