"""When contact objects stand in the way of an import, and when they go; written down by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.deployment.world import ServerFile
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
    imported,
    names,
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
