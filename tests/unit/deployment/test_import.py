"""What export and import do, written down by hand; each case names its clause."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.deployment.world import ServerFile
from bot.domain.groups.groups import Inventory, Kind, Ref, ServiceSettings, service
from tests.unit.deployment.deployments import (
    BACKUP,
    EXPORTED,
    FILE,
    IMPORTED,
    MUSIC,
    OWN_MUSIC,
    PRIMARY,
    WORLD,
    B,
    C,
    P,
    carried,
    down,
    export,
    guid,
    held,
    imported,
    names,
    queue,
    refused,
    rows,
    thing,
    workflow,
)

# Export (lync §1.1, §3.1)


def test_an_export_lies_on_the_server_it_ran_on_lync_8() -> None:
    world = export(WORLD, P, on=B)
    assert world.pools[P].file(FILE) is None
    assert world.pools[B].file(FILE) is not None


def test_an_export_refuses_a_file_that_exists_even_with_force_lync_1_1() -> None:
    world = export(WORLD, P)
    for again in ({}, {"Force": True}):
        error = refused(
            world, P, "Export-CsRgsConfiguration", Source=service(P), FileName=FILE.replace("\\", "/").upper(), **again
        )
        assert "already exists" in str(error)


def test_an_export_has_the_settings_and_the_audio_that_is_used_and_no_other_lync_1_1() -> None:
    file = export(WORLD, P).pools[P].file(FILE)
    assert file is not None and file.inventory is not None
    assert file.inventory.settings == ServiceSettings(45, MUSIC, True)
    assert file.inventory.audio == {"music-1": "aa" * 32, "greeting-1": "bb" * 32}
    assert len(file.inventory.objects) == 5


def test_an_export_without_owner_leaves_copies_out_lync_3_1_as_with_get() -> None:
    file = export(IMPORTED, B, "c:\\own.zip").pools[B].file("c:\\own.zip")
    assert file is not None and file.inventory is not None
    assert sorted(item.name for item in file.inventory.objects) == ["Orders", "Orders Queue"]


def test_an_export_of_copies_has_the_settings_of_the_pool_they_lie_on_lync_3_1() -> None:
    file = export(IMPORTED, B, "c:\\copies.zip", Owner=P).pools[B].file("c:\\copies.zip")
    assert file is not None and file.inventory is not None
    assert len(file.inventory.objects) == 5
    assert {item.owner for item in file.inventory.objects} == {P}
    assert {item.parent for item in file.inventory.objects} == {B}
    assert file.inventory.settings == ServiceSettings(60, OWN_MUSIC)
    assert set(file.inventory.audio) == {"greeting-1", "music-2"}


def test_removing_takes_exactly_the_exported_set_seed_003_step_12() -> None:
    world = export(IMPORTED, B, "c:\\gone.zip", Owner=service(P), RemoveExportedConfiguration=True)
    assert names(world, Identity=service(B), ShowAll=True) == ["Orders"]
    assert rows(world, B, "Get-CsRgsWorkflow", Identity=service(B), Owner=P) == ()
    assert len(world.pools[P].objects) == 5
    assert "greeting-1" not in world.pools[B].audio and "music-2" in world.pools[B].audio
    file = world.pools[B].file("c:\\gone.zip")
    assert file is not None and file.inventory is not None and len(file.inventory.objects) == 5


def test_an_export_of_a_pool_that_is_down_is_refused_lync_11() -> None:
    assert "does not respond" in str(
        refused(down(WORLD, P), B, "Export-CsRgsConfiguration", Source=service(P), FileName=FILE)
    )


# Import (lync §1.2, §3.2 to §3.6, §11)


def test_an_import_needs_the_file_on_the_server_it_runs_on_lync_8() -> None:
    world = export(WORLD, P)
    error = refused(world, B, "Import-CsRgsConfiguration", Destination=service(B), FileName=FILE)
    assert "Could not find file" in str(error)


def test_a_file_that_is_no_export_is_refused() -> None:
    world = WORLD.with_pool(BACKUP.with_file(FILE, ServerFile(None, raw="ab")))
    assert "not an exported configuration" in str(
        refused(world, B, "Import-CsRgsConfiguration", Destination=service(B), FileName=FILE)
    )


def test_imported_groups_keep_owner_and_get_a_new_parent_seed_000() -> None:
    copy = held(IMPORTED, B, Kind.WORKFLOW, "Help Desk")
    assert (copy.owner, copy.parent) == (P, B)
    assert copy.guid == guid(1)
    assert copy.properties["DefaultAction"]["QueueID"] == Ref(B, guid(2))
    assert held(IMPORTED, B, Kind.QUEUE, "Help Desk Queue").properties["AgentGroupIDList"] == (Ref(B, guid(3)),)
    assert IMPORTED.pools[B].audio["greeting-1"] == "bb" * 32


def test_the_backup_pool_s_own_groups_and_settings_stay_lync_3_4() -> None:
    assert held(IMPORTED, B, Kind.WORKFLOW, "Orders") == held(WORLD, B, Kind.WORKFLOW, "Orders")
    assert IMPORTED.pools[B].settings == ServiceSettings(60, OWN_MUSIC)


def test_settings_and_music_are_replaced_only_with_the_switch_lync_3_4() -> None:
    world = imported(EXPORTED, B, ReplaceExistingRgsSettings=True)
    assert world.pools[B].settings == ServiceSettings(45, MUSIC, True)
    assert world.pools[B].audio["music-1"] == "aa" * 32
    assert "music-2" not in world.pools[B].audio


def test_importing_again_updates_in_place_and_deletes_nothing_lync_3_6() -> None:
    edited = thing(Kind.AGENT_GROUP, P, 3, "Help Desk Agents", AgentAlertTime=40)
    fresh = thing(Kind.HOLIDAY_SET, P, 6, "Summer")
    changed = [edited, fresh, workflow(P, 1, "Help Desk", 2), queue(P, 2, "Help Desk Queue", 3)]
    world = carried(export(IMPORTED.with_pool(PRIMARY.holding(changed)), P, "c:\\2.zip"), P, B, "c:\\2.zip")
    world = imported(world, B, "c:\\2.zip")
    assert held(world, B, Kind.AGENT_GROUP, "Help Desk Agents").properties["AgentAlertTime"] == 40
    assert names(world, "HolidaySet", Identity=service(B), Owner=P) == ["Holidays", "Summer"]
    assert names(world, "Workflow", Identity=service(B), Owner=P) == ["Help Desk"]


def test_names_meet_case_insensitively_lync_2_1() -> None:
    louder = IMPORTED.with_pool(PRIMARY.holding([thing(Kind.HOLIDAY_SET, P, 5, "HOLIDAYS")]))
    world = carried(export(louder, P, "c:\\2.zip"), P, B, "c:\\2.zip")
    assert names(imported(world, B, "c:\\2.zip"), "HolidaySet", Identity=service(B), Owner=P) == ["HOLIDAYS"]


def test_a_recreated_object_updates_the_one_of_its_name_and_references_follow_lync_3_6() -> None:
    anew = [workflow(P, 1, "Help Desk", 72), queue(P, 72, "Help Desk Queue", 3)]
    world = carried(export(IMPORTED.with_pool(PRIMARY.holding(anew)), P, "c:\\2.zip"), P, B, "c:\\2.zip")
    world = imported(world, B, "c:\\2.zip")
    assert names(world, "Queue", Identity=service(B), Owner=P) == ["Help Desk Queue"]
    target = held(world, B, Kind.QUEUE, "Help Desk Queue").identity
    assert held(world, B, Kind.WORKFLOW, "Help Desk").properties["DefaultAction"]["QueueID"] == target


def test_a_renamed_object_with_the_same_identity_is_renamed_lync_3_2_stays_renamed() -> None:
    renamed = IMPORTED.with_pool(PRIMARY.holding([workflow(P, 1, "Service Desk", 2)]))
    world = carried(export(renamed, P, "c:\\2.zip"), P, B, "c:\\2.zip")
    assert names(imported(world, B, "c:\\2.zip"), Identity=service(B), Owner=P) == ["Service Desk"]


CLASHING = EXPORTED.with_pool(
    EXPORTED.pools[B].holding(
        (
            *BACKUP.objects.values(),
            thing(Kind.HOLIDAY_SET, B, 31, "holidays"),
            thing(Kind.AGENT_GROUP, B, 32, "Help Desk Agents"),
        )
    )
)


def test_a_name_of_another_owner_fails_the_whole_import_and_names_them_seed_000_lync_3_2() -> None:
    error = refused(CLASHING, B, "Import-CsRgsConfiguration", Destination=service(B), FileName=FILE)
    assert "holiday set “Holidays”" in str(error)
    assert "agent group “Help Desk Agents”" in str(error)
    assert "workflow" not in str(error).partition("another owner:")[2]


def test_names_of_different_types_do_not_meet_lync_2_1() -> None:
    world = EXPORTED.with_pool(
        EXPORTED.pools[B].holding([*BACKUP.objects.values(), thing(Kind.QUEUE, B, 33, "Holidays")])
    )
    assert names(imported(world, B), "HolidaySet", Identity=service(B), Owner=P) == ["Holidays"]


def test_resolving_gives_the_imported_one_the_next_free_number_lync_1_2_11() -> None:
    taken = CLASHING.with_pool(
        CLASHING.pools[B].holding([*CLASHING.pools[B].objects.values(), thing(Kind.HOLIDAY_SET, B, 34, "Holidays (2)")])
    )
    world = imported(taken, B, ResolveNameConflicts=True)
    assert names(world, "HolidaySet", Identity=service(B), Owner=P) == ["Holidays (3)"]
    assert names(world, "AgentGroup", Identity=service(B), Owner=P) == ["Help Desk Agents (2)"]
    assert names(world, "HolidaySet", Identity=service(B), Owner=B) == ["Holidays (2)", "holidays"]
    assert names(world, "Workflow", Identity=service(B), Owner=P) == ["Help Desk"]
    assert held(world, B, Kind.QUEUE, "Help Desk Queue").properties["AgentGroupIDList"] == (Ref(B, guid(3)),)


def test_resolving_twice_meets_the_renamed_one_again_lync_3_6() -> None:
    twice = imported(imported(CLASHING, B, ResolveNameConflicts=True), B, ResolveNameConflicts=True)
    assert names(twice, "AgentGroup", Identity=service(B), Owner=P) == ["Help Desk Agents (2)"]


def test_a_resolved_name_stays_when_it_is_exported_back_lync_3_2() -> None:
    world = imported(CLASHING, B, ResolveNameConflicts=True)
    world = carried(export(world, B, "c:\\back.zip", Owner=P), B, P, "c:\\back.zip")
    world = imported(world, P, "c:\\back.zip", OverwriteOwner=True)
    assert names(world, "AgentGroup", Identity=service(P)) == ["Help Desk Agents (2)"]


def test_overwrite_owner_gives_everything_to_the_destination_lync_3_3() -> None:
    world = carried(export(IMPORTED, B, "c:\\back.zip", Owner=P), B, C, "c:\\back.zip")
    world = imported(world, C, "c:\\back.zip", OverwriteOwner=True)
    assert names(world, Identity=service(C)) == ["Front Desk", "Help Desk"]
    assert world.contacts["sip:helpdesk@contoso.com"] == C
    again = imported(world, C, "c:\\back.zip", OverwriteOwner=True)
    assert names(again, Identity=service(C), ShowAll=True) == ["Front Desk", "Help Desk"]


def test_names_that_meet_within_one_file_are_conflicts_too_lync_2_1() -> None:
    twins = (thing(Kind.QUEUE, P, 41, "Fax"), replace(thing(Kind.QUEUE, P, 42, "fax"), owner=B))
    world = WORLD.with_pool(
        BACKUP.holding([thing(Kind.QUEUE, B, 43, "FAX")]).with_file(FILE, ServerFile(Inventory(twins)))
    )
    error = refused(world, B, "Import-CsRgsConfiguration", Destination=service(B), FileName=FILE)
    assert "queue “Fax”, queue “fax”" in str(error)
    world = imported(world, B, ResolveNameConflicts=True, OverwriteOwner=True)
    assert names(world, "Queue", Identity=service(B), ShowAll=True) == ["FAX", "Fax (2)", "fax (3)"]


def test_overwrite_owner_does_not_take_a_name_from_the_destination_s_own_lync_3_2() -> None:
    own = thing(Kind.HOLIDAY_SET, C, 23, "Holidays")
    world = carried(export(WORLD, P), P, C)
    world = world.with_pool(world.pools[C].holding([own]))
    command = {"Destination": service(C), "FileName": FILE, "OverwriteOwner": True}
    assert "holiday set “Holidays”" in str(refused(world, C, "Import-CsRgsConfiguration", **command))


def test_an_object_whose_row_another_one_updates_lands_beside_it_lync_3_6() -> None:
    moved = [queue(P, 2, "Second", 3), queue(P, 6, "Third", 3)]
    world = WORLD.with_pool(PRIMARY.holding([queue(P, 2, "First", 3), queue(P, 6, "Second", 3)]))
    world = world.with_pool(world.pools[P].with_file(FILE, ServerFile(Inventory(tuple(moved)))))
    world = imported(world, P, OverwriteOwner=True)
    assert names(world, "Queue", Identity=service(P)) == ["First", "Second", "Third"]


def test_a_row_of_another_owner_is_never_updated_lync_3_2() -> None:
    taken = replace(thing(Kind.HOLIDAY_SET, B, 5, "Renamed here"), owner=B)
    world = EXPORTED.with_pool(EXPORTED.pools[B].holding([taken]))
    world = imported(world, B)
    assert names(world, "HolidaySet", Identity=service(B), ShowAll=True) == ["Holidays", "Renamed here"]
    assert held(world, B, Kind.HOLIDAY_SET, "Renamed here") == taken


def test_overwrite_owner_on_the_backup_pool_hides_everything_from_owner_lync_3_3_danger() -> None:
    world = imported(EXPORTED, B, OverwriteOwner=True)
    assert rows(world, B, "Get-CsRgsWorkflow", Identity=service(B), Owner=P) == ()
