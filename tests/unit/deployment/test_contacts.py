"""When contact objects stand in the way of an import, and when they go; written down by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.deployment.world import LivePool, ServerFile
from bot.domain.groups.groups import Inventory, Kind, service
from tests.unit.deployment.deployments import (
    EXPORTED,
    FILE,
    IMPORTED,
    PRIMARY,
    WORLD,
    B,
    C,
    P,
    carried,
    export,
    guid,
    held,
    imported,
    names,
    queue,
    refused,
    thing,
    workflow,
)

# Contact objects (runbooks: the simulated twin's rule for import without -OverwriteOwner)


def test_without_overwrite_it_works_on_the_owner_s_paired_backup_pool() -> None:
    assert names(IMPORTED, Identity=service(B), Owner=P) == ["Help Desk"]
    assert IMPORTED.contacts == WORLD.contacts


def test_without_overwrite_it_works_on_the_owner_that_still_holds_every_object() -> None:
    world = imported(export(WORLD, P), P)
    assert world.pools[P].objects == WORLD.pools[P].objects


@pytest.mark.parametrize("lost", [guid(1), guid(5)])
def test_without_overwrite_it_fails_on_the_owner_that_lost_any_object(lost: str) -> None:
    world = export(WORLD, P)
    kept = [item for item in PRIMARY.objects.values() if item.guid != lost]
    world = world.with_pool(world.pools[P].holding(kept))
    error = refused(world, P, "Import-CsRgsConfiguration", Destination=service(P), FileName=FILE)
    assert "contact objects" in str(error) and "Active Directory" in str(error)
    assert len(imported(world, P, OverwriteOwner=True).pools[P].objects) == 5


def test_without_overwrite_it_fails_on_a_rebuilt_pool_seed_000_lync_3_3() -> None:
    world = export(WORLD, P)
    world = world.with_pool(world.pools[P].holding(()))
    assert "contact objects" in str(
        refused(world, P, "Import-CsRgsConfiguration", Destination=service(P), FileName=FILE)
    )
    rebuilt = imported(world, P, OverwriteOwner=True)
    assert rebuilt.pools[P].objects == PRIMARY.objects


def test_a_copy_of_another_owner_does_not_count_as_still_held() -> None:
    world = export(WORLD, P)
    others = [item for item in PRIMARY.objects.values() if item.kind is not Kind.HOLIDAY_SET]
    world = world.with_pool(
        world.pools[P].holding([*others, replace(thing(Kind.HOLIDAY_SET, P, 51, "Holidays"), owner=B)])
    )
    command = {"Destination": service(P), "FileName": FILE, "ResolveNameConflicts": True}
    assert "contact objects" in str(refused(world, P, "Import-CsRgsConfiguration", **command))


def test_without_overwrite_it_fails_on_any_other_pool_lync_3_3() -> None:
    world = carried(export(WORLD, P), P, C)
    assert "contact objects" in str(
        refused(world, C, "Import-CsRgsConfiguration", Destination=service(C), FileName=FILE)
    )


def test_contact_objects_stay_while_the_owner_still_has_the_groups_lync_12_2() -> None:
    world = export(IMPORTED, B, "c:\\gone.zip", Owner=P, RemoveExportedConfiguration=True)
    assert world.contacts == WORLD.contacts


def test_an_import_without_overwrite_leaves_every_contact_object_to_its_pool_lync_3_3() -> None:
    taken = imported(carried(EXPORTED, P, C), C, OverwriteOwner=True)
    assert imported(taken, B).contacts["sip:helpdesk@contoso.com"] == C


def test_an_address_that_a_workflow_gives_up_loses_its_contact_object_lync_2_2() -> None:
    renumbered = replace(workflow(P, 1, "Help Desk", 2), properties={"PrimaryUri": "sip:new@contoso.com"})
    world = WORLD.with_pool(PRIMARY.with_file(FILE, ServerFile(Inventory((renumbered,)))))
    contacts = imported(world, P).contacts
    assert contacts["sip:new@contoso.com"] == P
    assert "sip:helpdesk@contoso.com" not in contacts


def test_contact_objects_go_with_the_last_pool_that_holds_the_group_lync_3_1() -> None:
    world = export(IMPORTED, P, "c:\\moving.zip", RemoveExportedConfiguration=True)
    assert "sip:helpdesk@contoso.com" in world.contacts
    world = export(world, B, "c:\\gone.zip", Owner=P, RemoveExportedConfiguration=True)
    assert set(world.contacts) == {"sip:orders@contoso.com", "sip:frontdesk@contoso.com"}


# Addresses (lync §2.2: the contact object of a PrimaryUri is unique in Active Directory)

SWITCHES = ({}, {"ResolveNameConflicts": True}, {"OverwriteOwner": True})


def with_address(pool: LivePool, number: int, name: str, of: str = "helpdesk", queue: int = 12) -> LivePool:
    """The pool with one workflow more, which has this address in other letters."""
    item = workflow(pool.fqdn, number, name, queue)
    there = replace(item, properties={**item.properties, "PrimaryUri": f"SIP:{of.title()}@contoso.com"})
    return pool.holding((*pool.objects.values(), there))


@pytest.mark.parametrize("switches", SWITCHES)
@pytest.mark.parametrize("where", [B, C])
def test_an_address_of_another_workflow_anywhere_refuses_the_whole_import(
    where: str, switches: dict[str, bool]
) -> None:
    world = EXPORTED.with_pool(with_address(EXPORTED.pools[where], 31, "Night Desk"))
    error = refused(world, B, "Import-CsRgsConfiguration", Destination=service(B), FileName=FILE, **switches)
    assert error.error_id == "SipAddressInUse,Import-CsRgsConfiguration"
    assert "workflow “Help Desk” (of workflow “Night Desk”). Nothing was imported." in error.sentence


def test_an_address_of_a_user_refuses_it_too() -> None:
    world = EXPORTED.with_told("CsUser", [{"Identity": "CN=Help", "SipAddress": "sip:HelpDesk@contoso.com"}])
    error = refused(world, B, "Import-CsRgsConfiguration", Destination=service(B), FileName=FILE)
    assert "workflow “Help Desk” (of a user)" in error.sentence


def test_two_workflows_of_one_file_cannot_share_an_address() -> None:
    world = carried(export(WORLD.with_pool(with_address(PRIMARY, 7, "Night Desk", queue=2)), P), P, B)
    error = refused(world, B, "Import-CsRgsConfiguration", Destination=service(B), FileName=FILE)
    assert "workflow “Night Desk” (of workflow “Help Desk”)" in error.sentence


def test_no_name_that_is_resolved_makes_two_workflows_of_one_pool_share_an_address() -> None:
    taken = imported(carried(EXPORTED, P, C), C, OverwriteOwner=True)
    again = {"Destination": service(C), "FileName": FILE}
    assert "NameConflict" in refused(taken, C, "Import-CsRgsConfiguration", **again).error_id
    resolved = refused(taken, C, "Import-CsRgsConfiguration", **again, ResolveNameConflicts=True)
    assert resolved.error_id.startswith("SipAddressInUse")


def test_a_group_meets_its_own_copies_under_any_name_and_is_not_refused() -> None:
    copy = next(item for item in IMPORTED.pools[B].objects.values() if item.name == "Help Desk")
    rest = [item for item in IMPORTED.pools[B].objects.values() if item is not copy]
    renamed = IMPORTED.with_pool(IMPORTED.pools[B].holding((*rest, replace(copy, name="Help Desk (2)"))))
    assert names(imported(renamed, B), Identity=service(B), Owner=P) == ["Help Desk"]
    home = carried(export(renamed, B, "c:\\home.zip", Owner=P), B, P, "c:\\home.zip")
    assert held(imported(home, P, "c:\\home.zip", OverwriteOwner=True), P, Kind.WORKFLOW, "Help Desk (2)")


def test_addresses_that_two_workflows_swap_in_one_import_are_no_clash() -> None:
    two = EXPORTED.with_pool(PRIMARY.holding((workflow(P, 1, "One", 2), workflow(P, 7, "Two", 2), queue(P, 2, "Q"))))
    there = imported(carried(export(two, P, "c:\\1.zip"), P, B, "c:\\1.zip"), B, "c:\\1.zip")
    one, other = (item for item in there.pools[P].of(Kind.WORKFLOW))
    swapped = (replace(one, properties=other.properties), replace(other, properties=one.properties))
    rest = [item for item in there.pools[P].objects.values() if item not in (one, other)]
    world = export(there.with_pool(there.pools[P].holding((*swapped, *rest))), P, "c:\\2.zip")
    world = imported(carried(world, P, B, "c:\\2.zip"), B, "c:\\2.zip")
    assert held(world, B, Kind.WORKFLOW, "One").properties["PrimaryUri"] == "sip:two@contoso.com"
