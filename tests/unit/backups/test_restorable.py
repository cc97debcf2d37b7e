"""Whether a backup is restorable, told in advance: what is expected is written by hand, clause by clause."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from bot.domain.backups.backup import Stamp
from bot.domain.backups.restorable import rehearse, rests_on, round_trip
from bot.domain.groups.groups import Inventory, Kind, RgsObject, ServiceSettings
from bot.domain.model import Edition, Pool
from tests.unit.deployment.deployments import BACKUP as LIVE_B
from tests.unit.deployment.deployments import GREETING, HOLD, OWN_MUSIC, SOUNDS, B, C, P, guid, queue, thing, workflow
from tests.unit.deployment.deployments import PRIMARY as LIVE_P

PRIMARY, BACKUP = Pool(P, backup_pool=B), Pool(B, backup_pool=P)
FILE = LIVE_P.inventory()
HELD = replace(LIVE_B.inventory(), audio=MappingProxyType({}))
"""As a server shows it: no bytes of any recording."""
NOW = 1_795_000_000.0
WORKED = "Rehearsed: all 5 objects arrive on pool-b, verify with -Owner, and come home to pool-p as they were."
TWO_WAYS = (
    "Two ways on: rename them on pool-b before an outage, and nothing else changes; "
    "or let the import rename with -ResolveNameConflicts."
)


def stamp(held: Inventory = HELD, file: Inventory = FILE, primary: Pool = PRIMARY, backup: Pool = BACKUP) -> Stamp:
    return rehearse(primary, backup, held, file, NOW)


def also(*objects: RgsObject, to: Inventory = HELD) -> Inventory:
    return replace(to, objects=(*to.objects, *objects))


def without(kind: Kind, inventory: Inventory = FILE) -> Inventory:
    return replace(inventory, objects=tuple(item for item in inventory.objects if item.kind is not kind))


def copies(inventory: Inventory = FILE) -> tuple[RgsObject, ...]:
    """The objects as an import leaves them on the backup pool."""
    return tuple(item.moved(B, P) for item in inventory.objects)


def names(objects: tuple[RgsObject, ...], kind: Kind) -> list[str]:
    return sorted(item.name for item in objects if item.kind is kind)


def said(found: Stamp) -> str:
    return "\n".join(found.sentences)


# Export and owners


def test_lync_3_1_only_what_the_primary_owns_leaves_the_backup_pool() -> None:
    trip = round_trip(PRIMARY, BACKUP, HELD, FILE)
    assert names(trip.there.after.objects, Kind.WORKFLOW) == ["Help Desk", "Orders"]
    assert names(trip.exported.objects, Kind.WORKFLOW) == ["Help Desk"]
    assert trip.home is not None and names(trip.home.after.objects, Kind.WORKFLOW) == ["Help Desk"]


def test_lync_3_1_the_settings_that_leave_the_backup_pool_are_its_own() -> None:
    assert round_trip(PRIMARY, BACKUP, HELD, FILE).exported.settings == ServiceSettings(60, OWN_MUSIC)


def test_lync_12_11_a_backup_with_a_copy_of_a_third_pool_is_refused_over_its_contact_objects() -> None:
    stranger = replace(thing(Kind.QUEUE, P, 61, "Foreign Queue"), owner=C)
    found = stamp(file=also(stranger, to=FILE))
    assert not found.restorable
    assert "would be refused, and nothing would change" in found.sentences[0]
    assert "contact objects of the response groups of pool-c.contoso.com already exist" in found.sentences[0]


def test_lync_3_3_the_owner_stays_the_primary_and_only_the_parent_is_another() -> None:
    trip = round_trip(PRIMARY, BACKUP, HELD, FILE)
    assert {(item.owner, item.parent) for item in trip.exported.objects} == {(P, B)}
    assert trip.home is not None
    assert {(item.owner, item.parent) for item in trip.home.after.objects} == {(P, P)}


def test_lync_3_3_a_pool_that_is_not_paired_with_the_owner_takes_nothing() -> None:
    found = stamp(backup=Pool(B, backup_pool=C))
    assert not found.restorable
    assert "contact objects" in found.sentences[0] and "pool-p.contoso.com" in found.sentences[0]


def test_lync_3_5_what_arrived_is_verified_with_the_owner_as_it_is_hidden_without() -> None:
    trip = round_trip(PRIMARY, BACKUP, HELD, FILE)
    assert trip.arrived is not None and trip.arrived.is_clean
    assert (trip.arrived.expected, trip.arrived.actual) == (5, 5)
    found = stamp()
    assert found.restorable
    assert found.sentences[0] == WORKED
    assert (found.at, found.pool) == (NOW, B)


# Names


def test_lync_3_2_conflict_makes_the_whole_import_fail() -> None:
    found = stamp(also(thing(Kind.HOLIDAY_SET, B, 31, "Holidays")))
    assert not found.restorable
    assert found.sentences[:2] == (
        "The import on pool-b would be refused, and nothing would be imported: "
        "pool-b has other objects with the name of holiday set “Holidays”.",
        TWO_WAYS,
    )
    assert WORKED not in found.sentences


def test_lync_2_1_names_are_the_same_in_any_case() -> None:
    found = stamp(also(thing(Kind.AGENT_GROUP, B, 31, "HELP DESK agents")))
    assert not found.restorable
    assert "agent group “Help Desk Agents”" in found.sentences[0]


def test_lync_2_1_names_of_different_types_do_not_meet() -> None:
    assert stamp(also(thing(Kind.QUEUE, B, 31, "Holidays"))).restorable


def test_lync_1_2_resolving_appends_the_next_free_number() -> None:
    taken = also(thing(Kind.HOLIDAY_SET, B, 31, "Holidays"), thing(Kind.HOLIDAY_SET, B, 32, "Holidays (2)"))
    found = stamp(taken)
    assert not found.restorable
    assert "With -ResolveNameConflicts: holiday set “Holidays” becomes “Holidays (3)”." in found.sentences


def test_lync_3_2_renamed_groups_stay_renamed_when_they_are_exported_back() -> None:
    taken = also(thing(Kind.QUEUE, B, 31, "Help Desk Queue"))
    trip = round_trip(PRIMARY, BACKUP, taken, FILE, resolve=True)
    assert names(trip.there.after.objects, Kind.QUEUE) == ["Help Desk Queue", "Help Desk Queue (2)", "Orders Queue"]
    assert trip.home is not None
    assert names(trip.home.after.objects, Kind.QUEUE) == ["Help Desk Queue (2)"]
    assert (
        "Renamed ones differ from the backup when they are verified by name. They come home to pool-p under the new "
        "name, and keep it until somebody renames them back." in stamp(taken).sentences
    )


def test_lync_3_2_renaming_on_the_backup_pool_is_the_other_way_on() -> None:
    assert stamp(also(thing(Kind.QUEUE, B, 31, "Help Desk Queue of Munich"))).restorable


def test_lync_2_1_one_name_twice_in_a_backup_meets_itself() -> None:
    found = stamp(file=also(thing(Kind.QUEUE, P, 41, "help desk queue"), to=FILE))
    assert not found.restorable
    assert "the backup itself has more than one queue “help desk queue”" in found.sentences[0]
    assert "rename them on pool-p before an outage" in found.sentences[1]


def test_many_conflicts_are_counted_and_not_all_listed() -> None:
    mine = tuple(thing(Kind.QUEUE, P, 100 + number, f"Queue {number}") for number in range(40))
    theirs = tuple(thing(Kind.QUEUE, B, 300 + number, f"Queue {number}") for number in range(40))
    found = stamp(also(*theirs), also(*mine, to=FILE))
    assert "“Queue 4” and 35 more." in found.sentences[0]
    assert len(said(found)) < 2500


# Application-level settings


def test_lync_3_4_both_ways_lose_something_when_the_settings_differ() -> None:
    assert (
        "Settings differ: pool-p has 45 s ringback grace, music “waltz.wav”, call context off; "
        "pool-b has 60 s ringback grace, music “jazz.wav”, call context on. "
        "If they are kept, pool-b keeps its own, and pool-p's are in this backup only. "
        "If they are replaced, pool-p's overwrite pool-b's, for its own groups too, and come home with the groups."
    ) in stamp().sentences


def test_lync_3_4_equal_settings_need_no_word() -> None:
    assert stamp(replace(HELD, settings=FILE.settings)).sentences == (WORKED,)


def test_lync_3_4_without_the_switch_the_backup_pool_keeps_its_own() -> None:
    there = round_trip(PRIMARY, BACKUP, HELD, FILE).there
    assert there.settings_after == ServiceSettings(60, OWN_MUSIC)


def test_lync_4_an_export_without_settings_cannot_replace_any() -> None:
    found = stamp(file=replace(FILE, settings=None))
    assert found.restorable
    assert "It holds no application-level settings: pool-b keeps its own, whatever is chosen." in found.sentences


def test_lync_3_1_a_backup_taken_on_the_backup_pool_carries_that_one_s_settings() -> None:
    during = Inventory(copies(), HELD.settings, FILE.audio)
    found = stamp(also(*copies()), during)
    assert found.restorable
    assert "It was exported from pool-b, so the settings in it are pool-b's, not pool-p's." in found.sentences


# Importing again


def test_lync_3_6_copies_of_the_same_owner_are_updated_in_place_and_are_no_conflict() -> None:
    older = tuple(
        replace(item, properties={**item.properties, "Description": "before"}) if item.kind is Kind.QUEUE else item
        for item in copies()
    )
    trip = round_trip(PRIMARY, BACKUP, also(*older), FILE)
    assert [item.name for item in trip.there.updated] == ["Help Desk Queue"]
    assert trip.faults == ()
    assert len(trip.there.after.objects) == len(HELD.objects) + 5


def test_lync_3_6_an_import_deletes_nothing_so_older_copies_stay_and_come_home() -> None:
    older = thing(Kind.QUEUE, P, 51, "Closed Queue").moved(B, P)
    found = stamp(also(older))
    assert found.restorable
    assert (
        "pool-b holds copies of pool-p that this backup does not: queue “Closed Queue”. An import deletes nothing, "
        "so they stay and would come home too, unless the copies are removed first." in found.sentences
    )


def test_lync_3_2_a_copy_that_was_renamed_since_is_known_again_and_follows_the_backup() -> None:
    older = tuple(replace(item, name="Old Name") if item.kind is Kind.QUEUE else item for item in copies())
    trip = round_trip(PRIMARY, BACKUP, also(*older), FILE)
    assert trip.faults == ()
    assert names(trip.exported.objects, Kind.QUEUE) == ["Help Desk Queue"]


def test_lync_3_7_home_is_the_pool_that_still_has_its_old_groups() -> None:
    trip = round_trip(PRIMARY, BACKUP, HELD, FILE)
    assert trip.home is not None
    assert trip.home.created == ()
    assert len(trip.home.unchanged) == 5
    assert trip.returned is not None and trip.returned.is_clean


# Recordings, references, capacity


def test_lync_3_9_a_recording_that_the_zip_does_not_hold_is_named_and_is_no_obstacle() -> None:
    silent = replace(FILE, audio={"music-1": SOUNDS["music-1"]})
    found = stamp(file=silent)
    assert found.restorable
    assert (
        "Workflow “Help Desk”: the recording “welcome.wav” of CustomMusicOnHoldFile is not in this file."
        in found.sentences
    )


def test_lync_3_1_recordings_travel_there_and_home() -> None:
    trip = round_trip(PRIMARY, BACKUP, HELD, FILE)
    assert trip.exported.audio[GREETING.unique_name] == "bb" * 32
    assert trip.home is not None and trip.home.after.audio[GREETING.unique_name] == "bb" * 32


def test_lync_2_9_a_reference_that_leads_nowhere_is_named_and_is_no_obstacle() -> None:
    lost = queue(P, 2, "Help Desk Queue", 99)
    dangling = also(lost, to=without(Kind.QUEUE))
    found = stamp(file=dangling)
    assert found.restorable
    assert (
        f"Queue “Help Desk Queue”: AgentGroupIDList[0] leads to no agent group in this file ({guid(99)})."
        in found.sentences
    )


def test_lync_2_9_both_pools_groups_have_to_fit() -> None:
    many = tuple(workflow(B, 1000 + number, f"Line {number}", 12) for number in range(800))
    assert (
        "pool-b would carry 802 hunt groups; 800 are supported in an Enterprise pool." in stamp(also(*many)).sentences
    )
    assert stamp(also(*many)).restorable
    older = Pool(B, version="2013", backup_pool=P)
    assert (
        "pool-b would carry 802 hunt groups; 400 are supported in an Enterprise pool."
        in stamp(also(*many), backup=older).sentences
    )
    assert "hunt groups" not in said(stamp(also(*many[:798])))


def test_lync_2_9_menus_and_agents_are_counted_apart() -> None:
    menu = MappingProxyType({"Action": "TransferToQuestion"})
    menus = tuple(thing(Kind.WORKFLOW, B, 2000 + number, f"Menu {number}", DefaultAction=menu) for number in range(401))
    agents = tuple(f"sip:agent{number}@contoso.com" for number in range(2401))
    crowd = thing(Kind.AGENT_GROUP, B, 3000, "Everybody", AgentsByUri=agents)
    found = stamp(also(*menus, crowd)).sentences
    assert "pool-b would carry 401 menus; 400 are supported in an Enterprise pool." in found
    assert "pool-b would carry 2,401 agents; 2,400 are supported in an Enterprise pool." in found


def test_lync_12_8_a_standard_edition_server_takes_far_less() -> None:
    small = Pool(B, edition=Edition.STANDARD, backup_pool=P)
    assert (
        "pool-b is a Standard Edition server: it takes 2 calls a second, and 60 at a time."
        in stamp(backup=small).sentences
    )


def test_a_backup_without_objects_restores_nothing() -> None:
    found = stamp(file=Inventory((), FILE.settings))
    assert not found.restorable
    assert found.sentences[0] == "It holds no objects, so there is nothing in it to restore."


def test_numbers_in_names_do_not_reach_a_channel() -> None:
    name = "Line +49 30 5550 1234"
    found = stamp(also(thing(Kind.QUEUE, B, 31, name)), also(thing(Kind.QUEUE, P, 41, name), to=FILE))
    assert not found.restorable
    assert "5550" not in said(found)


# What a stamp rests on


RENAMED = replace(HELD, objects=tuple(replace(item, name=f"{item.name}!") for item in HELD.objects))


@pytest.mark.parametrize(
    ("primary", "backup", "held"),
    [
        (PRIMARY, BACKUP, also(thing(Kind.QUEUE, B, 31, "New"))),
        (PRIMARY, BACKUP, without(Kind.QUEUE, HELD)),
        (PRIMARY, BACKUP, RENAMED),
        (PRIMARY, BACKUP, replace(HELD, objects=tuple(replace(item, owner=C) for item in HELD.objects))),
        (PRIMARY, BACKUP, also(queue(B, 12, "Orders Queue", Description="x"), to=without(Kind.QUEUE, HELD))),
        (
            PRIMARY,
            BACKUP,
            also(workflow(B, 13, "Orders", 12, CustomMusicOnHoldFile=HOLD), to=without(Kind.WORKFLOW, HELD)),
        ),
        (PRIMARY, BACKUP, replace(HELD, settings=ServiceSettings(61, OWN_MUSIC))),
        (PRIMARY, replace(BACKUP, version="2019"), HELD),
        (PRIMARY, replace(BACKUP, edition=Edition.STANDARD), HELD),
        (PRIMARY, replace(BACKUP, backup_pool=C), HELD),
        (replace(PRIMARY, version="2019"), BACKUP, HELD),
    ],
    ids=["added", "removed", "renamed", "owner", "property", "guid", "settings", "version", "edition", "pair", "home"],
)
def test_whatever_a_verdict_rests_on_changes_its_basis(primary: Pool, backup: Pool, held: Inventory) -> None:
    assert rests_on(primary, backup, held) != rests_on(PRIMARY, BACKUP, HELD)


def test_the_order_in_which_a_server_lists_its_objects_does_not() -> None:
    assert rests_on(PRIMARY, BACKUP, replace(HELD, objects=HELD.objects[::-1])) == rests_on(PRIMARY, BACKUP, HELD)


def test_a_stamp_carries_the_basis_on_which_it_was_given() -> None:
    assert stamp().basis == rests_on(PRIMARY, BACKUP, HELD)
