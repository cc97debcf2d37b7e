"""What emergency calls carry, compared: what a copy would move back, what did not arrive, what it does not hold."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.companions.kinds import COMPANIONS, DAY_S, CompanionCopy, Shelf
from bot.domain.companions.places import Places, beyond, kept, lacking, lost, read, returning

ROOM = {"CompanyName": "Contoso", "Location": "Room 10", "StreetName": "Clinic Street", "HouseNumber": "1", "City": ""}
COPY = Places(frozenset({"Room 10", "Lab"}), {"10.1.0.0": "Room 10", "10.2.0.0": "Lab"})
LIS = COMPANIONS["lis"]


def test_a_location_is_one_line_of_what_is_filled_in() -> None:
    found = read([ROOM], [{"Subnet": "10.1.0.0", **ROOM}, {"Subnet": "10.9.0.0"}])
    line = "Contoso, Room 10, Clinic Street, 1"
    assert found == Places(frozenset({line}), {"10.1.0.0": line, "10.9.0.0": ""})
    assert found.in_words == "1 location and 2 subnets"


def test_what_a_copy_keeps_comes_back_as_it_was_read() -> None:
    assert kept(COPY.rows()) == COPY
    assert kept(()) is None, "a copy without a list cannot be compared"


def test_what_was_moved_since_the_copy_goes_back_to_its_old_place_recovery_0_6() -> None:
    now = Places(
        frozenset({"Room 10", "Lab", "Room 20"}), {"10.1.0.0": "Room 20", "10.2.0.0": "Lab", "10.3.0.0": "Lab"}
    )
    assert returning(COPY, now) == ("A subnet that is at “Room 20” goes back to “Room 10”: 10.1.0.0.",)
    assert returning(COPY, Places(frozenset(), {})) == ()


def test_an_import_that_worked_leaves_nothing_of_the_copy_missing() -> None:
    assert lacking(COPY, COPY) == ()
    now = Places(frozenset({"Room 10"}), {"10.1.0.0": "Room 20"})
    assert lacking(COPY, now) == (
        "“Lab” is not there.",
        "A subnet is at “Room 20” and should be at “Room 10”: 10.1.0.0.",
        "A subnet of “Lab” is not there: 10.2.0.0.",
    )


def test_what_was_only_moved_since_the_copy_is_not_lost_recovery_0_6() -> None:
    moved = Places(COPY.places | {"Room 20"}, dict.fromkeys(COPY.subnets, "Room 20"))
    assert returning(COPY, moved) and lacking(COPY, moved)
    assert lost(COPY, moved) == ()
    now = Places(frozenset({"Room 10"}), {"10.1.0.0": "Room 20"})
    assert lost(COPY, now) == ("“Lab” is not there.", "A subnet of “Lab” is not there: 10.2.0.0.")


def test_what_an_import_did_not_delete_is_named_and_an_orphan_as_such() -> None:
    now = Places(COPY.places | {"Room 20", "Hall"}, {**COPY.subnets, "10.5.0.0": "Hall"})
    assert beyond(COPY, now) == (
        "“Hall” is not in the copy.",
        "“Room 20” is not in the copy, and no subnet is at it.",
        "A subnet is not in the copy: 10.5.0.0.",
    )


def test_equal_ones_have_one_digest_and_others_another() -> None:
    same = Places(frozenset({"Lab", "Room 10"}), {"10.2.0.0": "Lab", "10.1.0.0": "Room 10"})
    assert same.digest == COPY.digest
    assert replace(COPY, subnets={**COPY.subnets, "10.2.0.0": "Room 10"}).digest != COPY.digest


def test_which_copy_there_is_is_told_with_its_age_and_where_it_is_from() -> None:
    one = CompanionCopy("c", "organisation", "lis", "pool-b.contoso.com", 0.0, "the schedule", "digest")
    assert Shelf(one, 2 * DAY_S).in_words(LIS) == "LIS: the newest copy is 2 days old. It came from pool-b."
    assert Shelf(one, 20 * DAY_S).in_words(LIS).endswith("It came from pool-b. That is old.")
    assert Shelf(None).in_words(LIS) == "No copy of LIS is kept."
    wrong = "One copy is dated in the future and does not count."
    assert Shelf(None, ahead=1).in_words(LIS) == f"No copy of LIS is kept. {wrong}"
    assert Shelf(one, DAY_S, 2).in_words(LIS).endswith("2 copies are dated in the future and do not count.")
