"""What the cmdlets of the Location Information service do, case by case (facts: recovery §0.6, procedure 2 step 5f)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.deployment.apply import apply
from bot.domain.deployment.cmdlets import Cmdlet, cmdlet
from bot.domain.deployment.locations import Locations, packed, parsed
from bot.domain.deployment.world import ServerFile, World
from bot.domain.errors import CmdletFailed
from bot.sandbox.pools.file_store import LOCATIONS
from tests.unit.deployment.deployments import WORLD, B, P

ROOM_10 = ("Contoso", "Room 10", "Clinic Street", "1", "DE")
ROOM_20 = ("Contoso", "Rooms 20-40", "Clinic Street", "1", "DE")
OLD = Locations((ROOM_10,), {"10.1.0.0": "Room 10"})
NEW = Locations((ROOM_20,), {"10.1.0.0": "Rooms 20-40", "10.2.0.0": "Rooms 20-40"})
FILE = "C:\\Switchback\\lis.zip"
IMPORT, PUBLISH = cmdlet("Import-CsLisConfiguration", FileName=FILE), cmdlet("Publish-CsLisConfiguration")
PLACES, SUBNETS = cmdlet("Get-CsLisLocation"), cmdlet("Get-CsLisSubnet")


def holding(now: Locations, copy: bytes) -> World:
    pool = WORLD.pools[B].with_file(FILE, ServerFile(None, raw="aa", size=len(copy), locations=copy))
    return replace(WORLD.with_pool(pool), locations=packed(now))


def refused(world: World, command: Cmdlet, on: str = B) -> CmdletFailed:
    with pytest.raises(CmdletFailed) as caught:
        apply(world, on, command)
    return caught.value


def test_an_import_deletes_nothing_and_leads_what_was_moved_back_to_its_old_place_recovery_0_6() -> None:
    """The example of the page: what is at Rooms 20-40 now is at Room 10 again, and Rooms 20-40 stays as an orphan."""
    world, rows = apply(holding(NEW, packed(OLD)), B, IMPORT)
    assert rows == ()
    subnets = {row["Subnet"]: row["Location"] for row in apply(world, P, SUBNETS)[1]}
    assert subnets == {"10.1.0.0": "Room 10", "10.2.0.0": "Rooms 20-40"}
    assert [row["Location"] for row in apply(world, P, PLACES)[1]] == ["Rooms 20-40", "Room 10"]


def test_a_location_to_which_nothing_leads_any_more_is_an_orphan() -> None:
    alone = replace(NEW, subnets={"10.1.0.0": "Rooms 20-40"})
    world, _ = apply(holding(alone, packed(OLD)), B, IMPORT)
    (orphan,) = apply(world, B, cmdlet("Get-CsLisLocation", Unreferenced=True))[1]
    assert orphan["Location"] == "Rooms 20-40"


def test_calls_carry_what_is_published_and_nothing_before() -> None:
    world, _ = apply(holding(Locations(), packed(OLD)), B, IMPORT)
    assert world.published == b"", "an import by itself changes no call"
    asked, _ = apply(world, B, Cmdlet(PUBLISH.name, (("WhatIf", True),)))
    assert asked is world
    world, _ = apply(world, B, PUBLISH)
    assert world.published == world.locations != b""
    assert str(PUBLISH) == "Publish-CsLisConfiguration -Confirm:$false"


def test_an_import_twice_is_as_once() -> None:
    once, _ = apply(holding(NEW, packed(OLD)), B, IMPORT)
    assert apply(once, B, IMPORT)[0].locations == once.locations


def test_only_a_location_configuration_that_lies_on_that_server_is_imported() -> None:
    assert refused(holding(NEW, packed(OLD)), IMPORT, on=P).error_id == f"FileNotFoundException,{IMPORT.name}"
    assert refused(holding(NEW, b"PK no zip"), IMPORT).error_id == f"InvalidDataException,{IMPORT.name}"


def test_a_file_or_its_bytes_but_not_both() -> None:
    assert refused(WORLD, Cmdlet(IMPORT.name)).error_id.startswith("MissingMandatoryParameter")
    both = Cmdlet(IMPORT.name, (("FileName", FILE), ("ByteInput", "x")))
    assert refused(WORLD, both).error_id.startswith("AmbiguousParameterSet")


def test_what_is_written_is_read_back_and_equal_ones_are_equal_byte_for_byte() -> None:
    assert parsed(packed(NEW)) == NEW and packed(NEW) == packed(NEW)
    found = parsed(LOCATIONS)
    assert found and packed(found) == LOCATIONS
    assert parsed(b"") is None and parsed(b"PK") is None and parsed(b"[1]") is None and parsed(b"7") is None


def test_a_subnet_tells_the_whole_address_of_its_location() -> None:
    (row,) = apply(replace(WORLD, locations=packed(OLD)), B, SUBNETS)[1]
    assert row == {
        "Subnet": "10.1.0.0",
        "CompanyName": "Contoso",
        "Location": "Room 10",
        "StreetName": "Clinic Street",
        "HouseNumber": "1",
        "Country": "DE",
    }
