"""What the cmdlets do, written down by hand from the documents; each case names its clause."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from bot.domain.cmdlets import CMDLETS, Cmdlet, cmdlet
from bot.domain.deployment import CMDLETS_DO, apply, apply_half
from bot.domain.errors import CmdletFailed
from bot.domain.groups import Audio, Inventory, Kind, Ref, RgsObject, Row, ServiceSettings, Value, service
from bot.domain.world import LivePool, ServerFile, World, world_of

P, B, C = "pool-p.contoso.com", "pool-b.contoso.com", "pool-c.contoso.com"
FILE = "C:\\Switchback\\groups.zip"
MUSIC = Audio("music-1", "waltz.wav")
GREETING = Audio("greeting-1", "welcome.wav")
OWN_MUSIC = Audio("music-2", "jazz.wav")
SOUNDS = {"music-1": "aa" * 32, "greeting-1": "bb" * 32, "music-2": "cc" * 32, "unused": "dd" * 32}


def guid(number: int) -> str:
    return f"00000000-0000-0000-0000-{number:012d}"


def thing(kind: Kind, pool: str, number: int, name: str, **properties: Value) -> RgsObject:
    return RgsObject(kind, Ref(pool, guid(number)), name, pool, MappingProxyType(properties))


def workflow(pool: str, number: int, name: str, queue: int, **more: Value) -> RgsObject:
    uri = f"sip:{name.lower().replace(' ', '')}@contoso.com"
    action = MappingProxyType({"Action": "TransferToQueue", "QueueID": Ref(pool, guid(queue))})
    return thing(Kind.WORKFLOW, pool, number, name, PrimaryUri=uri, DefaultAction=action, **more)


def queue(pool: str, number: int, name: str, *groups: int, **more: Value) -> RgsObject:
    return thing(
        Kind.QUEUE, pool, number, name, AgentGroupIDList=tuple(Ref(pool, guid(group)) for group in groups), **more
    )


PRIMARY = LivePool(P).holding(
    (
        workflow(P, 1, "Help Desk", 2, CustomMusicOnHoldFile=GREETING),
        queue(P, 2, "Help Desk Queue", 3),
        thing(Kind.AGENT_GROUP, P, 3, "Help Desk Agents", AgentAlertTime=20),
        thing(Kind.HOURS_OF_BUSINESS, P, 4, "Office Hours"),
        thing(Kind.HOLIDAY_SET, P, 5, "Holidays"),
    ),
    ServiceSettings(45, MUSIC, True),
    SOUNDS,
)
BACKUP = LivePool(B).holding(
    (workflow(B, 11, "Orders", 12), queue(B, 12, "Orders Queue")), ServiceSettings(60, OWN_MUSIC), SOUNDS
)
OTHER = LivePool(C).holding((workflow(C, 21, "Front Desk", 22), queue(C, 22, "Front Desk Queue")))
WORLD = world_of((PRIMARY, BACKUP, OTHER), [(P, B)])


def run(world: World, on: str, name: str, **arguments: object) -> World:
    return apply(world, on, cmdlet(name, **arguments))[0]


def rows(world: World, on: str, name: str, **arguments: object) -> tuple[Row, ...]:
    return apply(world, on, cmdlet(name, **arguments))[1]


def names(world: World, kind: str = "Workflow", **arguments: object) -> list[str]:
    return sorted(str(row["Name"]) for row in rows(world, B, f"Get-CsRgs{kind}", **arguments))


def export(world: World, source: str, file: str = FILE, on: str | None = None, **more: object) -> World:
    return run(world, on or source, "Export-CsRgsConfiguration", Source=service(source), FileName=file, **more)


def imported(world: World, destination: str, file: str = FILE, **more: object) -> World:
    return run(world, destination, "Import-CsRgsConfiguration", Destination=service(destination), FileName=file, **more)


def carried(world: World, source: str, destination: str, file: str = FILE) -> World:
    """The file as it lies on one pool's server, put onto another's."""
    return world.with_pool(world.pools[destination].with_file(file, world.pools[source].file(file)))


def refused(world: World, on: str, name: str, **arguments: object) -> CmdletFailed:
    with pytest.raises(CmdletFailed) as caught:
        apply(world, on, cmdlet(name, **arguments))
    return caught.value


def down(world: World, *pools: str) -> World:
    for pool in pools:
        world = world.with_pool(replace(world.pools[pool], up=False))
    return world


def held(world: World, pool: str, kind: Kind, name: str) -> RgsObject:
    (found,) = (item for item in world.pools[pool].objects.values() if (item.kind, item.name) == (kind, name))
    return found


EXPORTED = carried(export(WORLD, P), P, B)
IMPORTED = imported(EXPORTED, B)


# Parameters (lync §1.2, data of the real cmdlets)


def test_the_switch_that_the_documents_misspell_is_refused_as_powershell_would_lync_1_2() -> None:
    error = refused(
        EXPORTED,
        B,
        "Import-CsRgsConfiguration",
        Destination=service(B),
        FileName=FILE,
        ReplaceExistingSettings=True,
    )
    assert error.error_id == "NamedParameterNotFound,Import-CsRgsConfiguration"
    assert "A parameter cannot be found that matches parameter name 'ReplaceExistingSettings'." in str(error)


def test_the_server_s_version_decides_which_parameters_it_has_lync_1_6() -> None:
    old = WORLD.with_pool(replace(PRIMARY, version="2013"))
    command = cmdlet("Invoke-CsPoolFailOver", PoolFqdn=P, SkipDataVerification=True)
    with pytest.raises(CmdletFailed) as caught:
        apply(old, P, command)
    assert caught.value.error_id == "NamedParameterNotFound,Invoke-CsPoolFailOver"
    assert apply(WORLD, P, command)[0].pools[P].failed_over


def test_a_cmdlet_that_does_not_exist_is_not_recognized() -> None:
    assert refused(WORLD, P, "Get-CsRgsHourOfBusiness").error_id == "CommandNotFoundException"


def test_every_cmdlet_that_can_be_sent_does_something() -> None:
    assert set(CMDLETS_DO) == set(CMDLETS)


def test_an_identity_is_taken_with_and_without_its_prefix_lync_1_1() -> None:
    for spelling in ("service:ApplicationServer:" + P, "ApplicationServer:" + P, service(P)):
        assert names(WORLD, Identity=spelling) == ["Help Desk"]


def test_an_identity_that_is_none_is_refused_lync_3_9() -> None:
    broken = f'service:ApplicationServer"{P}'
    assert "CannotConvertArgument" in refused(WORLD, P, "Get-CsRgsWorkflow", Identity=broken).error_id


def test_an_owner_is_taken_as_a_bare_fqdn_too_lync_1_1() -> None:
    for spelling in (P, "ApplicationServer:" + P, "service:ApplicationServer:" + P, service(P)):
        assert names(IMPORTED, Identity=service(B), Owner=spelling) == ["Help Desk"]


# Reading (lync §1.3, §3.5, §1.4)


def test_copies_are_hidden_unless_show_all_or_owner_is_given_lync_3_5_seed_003_step_4() -> None:
    assert names(IMPORTED, Identity=service(B)) == ["Orders"]
    assert names(IMPORTED, Identity=service(B), ShowAll=True) == ["Help Desk", "Orders"]
    assert names(IMPORTED, Identity=service(B), Owner=service(P)) == ["Help Desk"]
    assert names(IMPORTED, Identity=service(B), Owner=service(B)) == ["Orders"]


@pytest.mark.parametrize("kind", list(Kind))
def test_all_five_types_hide_their_copies_lync_1_3(kind: Kind) -> None:
    copies = rows(IMPORTED, B, f"Get-CsRgs{kind}", Identity=service(B), Owner=P)
    assert len(copies) == 1
    assert copies[0]["OwnerPool"] == Ref(P)
    plain = rows(IMPORTED, B, f"Get-CsRgs{kind}", Identity=service(B))
    assert copies[0] not in plain


def test_without_identity_the_whole_organisation_answers_lync_1_3() -> None:
    assert names(WORLD) == ["Front Desk", "Help Desk", "Orders"]
    assert names(IMPORTED, Owner=P) == ["Help Desk", "Help Desk"]


def test_a_full_identity_gives_one_object_lync_1_3() -> None:
    assert names(WORLD, Identity=Ref(P, guid(1))) == ["Help Desk"]
    assert names(WORLD, Identity=Ref(P, guid(99))) == []


def test_a_name_is_exact_and_knows_no_wildcards_lync_1_3() -> None:
    assert names(WORLD, Name="help desk") == ["Help Desk"]
    assert names(WORLD, Name="Help*") == []
    assert names(WORLD, Name="Help") == []


def test_settings_cannot_be_read_without_an_identity_lync_1_4() -> None:
    assert "MissingMandatoryParameter" in refused(WORLD, P, "Get-CsRgsConfiguration").error_id


def test_settings_are_one_set_per_pool_lync_1_4() -> None:
    (row,) = rows(WORLD, B, "Get-CsRgsConfiguration", Identity=service(P))
    assert ServiceSettings.from_row(row) == ServiceSettings(45, MUSIC, True)


def test_settings_are_set_one_by_one_and_only_in_range_lync_1_4_2_7() -> None:
    world = run(WORLD, B, "Set-CsRgsConfiguration", Identity=service(B), AgentRingbackGracePeriod=90)
    assert world.pools[B].settings == ServiceSettings(90, OWN_MUSIC, False)
    world = run(world, B, "Set-CsRgsConfiguration", Identity=service(B), DisableCallContext=True)
    assert world.pools[B].settings == ServiceSettings(90, OWN_MUSIC, True)
    for edge in (30, 600):
        world = run(WORLD, B, "Set-CsRgsConfiguration", Identity=service(B), AgentRingbackGracePeriod=edge)
        assert world.pools[B].settings.ringback_grace_s == edge
    for wrong in (29, 601):
        error = refused(WORLD, B, "Set-CsRgsConfiguration", Identity=service(B), AgentRingbackGracePeriod=wrong)
        assert "ParameterArgumentValidationError" in error.error_id


def test_what_if_changes_nothing() -> None:
    asked = run(WORLD, B, "Set-CsRgsConfiguration", Identity=service(B), AgentRingbackGracePeriod=90, WhatIf=True)
    assert asked is WORLD
    assert run(WORLD, B, "Invoke-CsPoolFailOver", PoolFqdn=P, WhatIf=True) is WORLD
    over = run(WORLD, B, "Invoke-CsPoolFailOver", PoolFqdn=P)
    assert run(over, B, "Invoke-CsPoolFailBack", PoolFqdn=P, WhatIf=True) is over


def test_a_command_for_a_service_takes_no_single_object() -> None:
    one = Ref(P, guid(1))
    assert "must name a service" in str(refused(WORLD, P, "Export-CsRgsConfiguration", Source=one, FileName=FILE))


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


# Pool failover and failback (lync §1.6, §5.0, §11; seed 004)


def over(world: World, pool: str, **more: object) -> World:
    return run(world, C, "Invoke-CsPoolFailOver", PoolFqdn=pool, **more)


def back(world: World, pool: str, **more: object) -> World:
    return run(world, C, "Invoke-CsPoolFailBack", PoolFqdn=pool, **more)


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


# A pool that is down, and an import that breaks off (lync §11)


@pytest.mark.parametrize(
    "command",
    [
        cmdlet("Get-CsRgsWorkflow", Identity=service(P)),
        cmdlet("Get-CsRgsWorkflow"),
        cmdlet("Get-CsRgsConfiguration", Identity=service(P)),
        cmdlet("Set-CsRgsConfiguration", Identity=service(P), AgentRingbackGracePeriod=90),
        cmdlet("Export-CsRgsConfiguration", Source=service(P), FileName="c:\\x.zip"),
        cmdlet("Import-CsRgsConfiguration", Destination=service(P), FileName=FILE),
        cmdlet("Get-CsBackupServiceStatus", PoolFqdn=P),
    ],
    ids=lambda command: command.name,
)
def test_every_command_that_touches_a_pool_that_is_down_fails(command: Cmdlet) -> None:
    apply(EXPORTED, P, command)
    with pytest.raises(CmdletFailed, match="does not respond"):
        apply(down(EXPORTED, P), B, command)


def test_nothing_runs_on_a_server_that_is_down_or_not_there() -> None:
    for world, on in ((down(WORLD, P), P), (WORLD, "nowhere.contoso.com")):
        with pytest.raises(CmdletFailed):
            apply(world, on, cmdlet("Get-CsRgsWorkflow", Identity=service(B)))


def test_half_an_import_writes_half_the_objects_and_no_settings_lync_3_2_may_be_partial() -> None:
    command = cmdlet(
        "Import-CsRgsConfiguration", Destination=service(B), FileName=FILE, ReplaceExistingRgsSettings=True
    )
    world = apply_half(EXPORTED, B, command)
    assert sum(item.owner == P for item in world.pools[B].objects.values()) == 2
    assert world.pools[B].settings == ServiceSettings(60, OWN_MUSIC)
    finished = apply(world, B, command)[0]
    assert finished.pools[B].objects == imported(EXPORTED, B).pools[B].objects


def test_an_import_of_an_export_by_several_owners_asks_for_each_of_them() -> None:
    mixed = Inventory((*PRIMARY.objects.values(), *OTHER.objects.values()))
    world = WORLD.with_pool(BACKUP.with_file(FILE, ServerFile(mixed)))
    error = refused(world, B, "Import-CsRgsConfiguration", Destination=service(B), FileName=FILE)
    assert C in str(error) and P not in str(error)
