"""What rows of cmdlets say of Edge pools, sites and the Backup Service."""

from __future__ import annotations

import pytest

from bot.domain.deployment.readings import Module, edge_pools, routes, sql_server, tells_hops

EDGES = (
    {"Identity": "EdgeServer:edge2.contoso.com", "Registrar": "Registrar:pool-a.contoso.com"},
    {"Identity": "EdgeServer:Edge1.contoso.com", "Registrar": "Registrar:pool-a.contoso.com"},
)


def test_edge_pools_are_known_by_their_identity_in_order() -> None:
    assert edge_pools(EDGES) == ("edge1.contoso.com", "edge2.contoso.com")
    assert edge_pools(()) == () and edge_pools(({"Identity": ""},)) == ()


def test_a_next_hop_that_is_not_shown_is_not_taken_for_none() -> None:
    assert tells_hops(EDGES) and tells_hops(())
    assert not tells_hops((*EDGES, {"Identity": "EdgeServer:edge3.contoso.com"}))


@pytest.mark.parametrize("identity", ["Site:Berlin", "Berlin"])
def test_a_site_goes_by_its_bare_name(identity: str) -> None:
    row = {"Identity": identity, "FederationRoute": "EdgeServer:Edge1.contoso.com", "XmppFederationRoute": None}
    assert routes((row,)) == {"Berlin": "edge1.contoso.com"} and routes((row,), xmpp=True) == {"Berlin": ""}


def test_the_database_of_central_management_is_named_or_not_known() -> None:
    assert sql_server(({"SqlServer": "SQL1.contoso.com"},)) == "sql1.contoso.com"
    assert sql_server(({"Connection": "sql1\\rtc"},)) == "" and sql_server(()) == ""


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (
            ("UserServices.PresenceFocus", "FinalState", "NormalState"),
            "Users and their meetings: all of it has arrived",
        ),
        (
            ("CentralMgmt.CMSMaster", "NotInitialized", "NormalState"),
            "Central Management: not copied from here, which is usual while it is active elsewhere",
        ),
        (("UserServices.PresenceFocus", "NotInitialized", "NormalState"), "Users and their meetings: off"),
        (("ConfServices.DataConf", "ErrorState", "NormalState"), "Contents of conferences: it fails"),
        (
            ("ApplicationServer.RGSDataStore", "FinalState", "ErrorState"),
            "Response Groups: all of it has arrived, and the backup pool cannot take it in",
        ),
        (("New.Module", "Odd", "NormalState"), "New.Module: “Odd”"),
    ],
)
def test_a_module_of_the_backup_service_is_told_in_words(module: tuple[str, str, str], words: str) -> None:
    assert Module(*module).words == words
