"""What the cmdlets of the companions do, case by case (facts: lync §6)."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from bot.domain.deployment.apply import apply
from bot.domain.deployment.cmdlets import Cmdlet, cmdlet
from bot.domain.deployment.neighbours import BYTES
from bot.domain.deployment.world import World
from bot.domain.errors import CmdletFailed
from tests.unit.deployment.deployments import WORLD, B, P

LOCATED = replace(WORLD, locations=b"PK locations")
BYTES_OF = cmdlet("Export-CsLisConfiguration", AsBytes=True)
FILE = "C:\\Switchback\\lis.zip"


def parked() -> World:
    world = LOCATED
    for fqdn, site in ((P, "Berlin"), (B, "Munich")):
        world = world.with_pool(replace(world.pools[fqdn], site=site))
    own = replace(world.pools[P], call_park={"MaxCallPickupAttempts": 3})
    return world.with_pool(own)


def refused(command: Cmdlet) -> CmdletFailed:
    with pytest.raises(CmdletFailed) as caught:
        apply(parked(), P, command)
    return caught.value


def test_locations_come_as_one_row_of_bytes_from_any_pool_and_change_nothing() -> None:
    for fqdn in (P, B):
        world, rows = apply(LOCATED, fqdn, BYTES_OF)
        assert rows == ({BYTES: b"PK locations"},)
        assert world is LOCATED


def test_locations_are_written_to_a_new_file_only() -> None:
    command = cmdlet("Export-CsLisConfiguration", FileName=FILE)
    world, rows = apply(LOCATED, P, command)

    file = world.pools[P].file(FILE.lower())
    assert rows == () and file and (file.raw, file.size) == (hashlib.sha256(b"PK locations").hexdigest(), 12)
    with pytest.raises(CmdletFailed, match="already exists") as caught:
        apply(world, P, command)
    assert caught.value.error_id == "IOException,Export-CsLisConfiguration"


def test_call_park_gives_the_global_settings_and_those_of_every_site_that_has_its_own() -> None:
    _, rows = apply(parked(), B, cmdlet("Get-CsCpsConfiguration"))

    assert [row["Identity"] for row in rows] == ["Global", "Site:Berlin"]
    assert [row["MaxCallPickupAttempts"] for row in rows] == [1, 3]


def test_call_park_is_asked_for_by_identity_or_by_filter() -> None:
    world = parked()
    (one,) = apply(world, P, cmdlet("Get-CsCpsConfiguration", Identity="site:BERLIN"))[1]
    assert one["MaxCallPickupAttempts"] == 3
    assert apply(world, P, cmdlet("Get-CsCpsConfiguration", Filter="site:*"))[1] == (one,)
    assert apply(world, P, cmdlet("Get-CsCpsConfiguration", Filter="tag:*"))[1] == ()
    assert refused(cmdlet("Get-CsCpsConfiguration", Identity="site:Rome")).error_id.startswith(
        "ManagementObjectNotFound"
    )


def test_a_pool_that_is_down_gives_neither() -> None:
    down = LOCATED.with_pool(replace(LOCATED.pools[P], up=False))
    for command in (BYTES_OF, cmdlet("Get-CsCpsConfiguration")):
        with pytest.raises(CmdletFailed, match="does not respond"):
            apply(down, P, command)
        assert apply(down, B, command)[1]
