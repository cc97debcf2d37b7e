"""What real servers call the properties that no page shows: named in the configuration, and missed where they lack."""

from __future__ import annotations

from dataclasses import fields

from bot.domain.deployment.cmdlets import CMDLETS, cmdlet
from bot.domain.deployment.properties import SHOWN_BY, Names, as_we_name_them, not_shown

EDGES = cmdlet("Get-CsService", EdgeServer=True)


def test_every_name_says_whose_answer_has_it() -> None:
    assert SHOWN_BY.keys() == {field.name for field in fields(Names)}
    assert {one for shown in SHOWN_BY.values() for one in shown} <= CMDLETS.keys()


def test_what_a_server_calls_otherwise_comes_under_our_name() -> None:
    row = {"POOLFQDN": "edge.contoso.com", "NextHopPool": "Registrar:pool-a.contoso.com", "Other": 1}
    (found,) = as_we_name_them((row,), "Get-CsService", {"next_hop": "nexthoppool"})
    assert found == {"POOLFQDN": "edge.contoso.com", "Registrar": "Registrar:pool-a.contoso.com", "Other": 1}
    (same,) = as_we_name_them((row,), "Get-CsUser", {"next_hop": "nexthoppool"})
    assert same is row


def test_a_property_that_no_row_shows_is_missed_and_only_where_it_should_be() -> None:
    assert list(not_shown(({"Identity": "EdgeServer:edge.contoso.com", "poolfqdn": "x"},), EDGES)) == ["next_hop"]
    assert not list(not_shown((), EDGES)), "no Edge pool is no answer without properties"
    assert not list(not_shown(({"Identity": "x", "PoolFqdn": "y"},), cmdlet("Get-CsService", Registrar=True)))
