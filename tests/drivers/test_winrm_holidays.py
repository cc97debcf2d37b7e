"""Servers of a pair may stand in two time zones: each tells of a holiday with the offset of its own."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

from bot.domain.groups.compare import compare, in_words, remarks
from bot.domain.groups.groups import Inventory, Kind
from bot.domain.runs.acts import ReadGroups
from bot.drivers.winrm.driver import WinRM
from bot.exports.clixml_write import write
from bot.exports.export_zip import read_inventory, write_export
from bot.hands.reading import Reading
from tests.drivers.wsman.server import wsman
from tests.drivers.wsman.table import Table, packed
from tests.worlds import POOL_A, POOL_B, sample

BERLIN, NEW_YORK = {"2026-07": "+02:00", "2026-12": "+01:00"}, {"2026-07": "-04:00", "2026-12": "-05:00"}


def told_in(zone: dict[str, str], pool: str, start: str = "T00:00:00") -> Inventory:
    """A pool with one holiday set, a day in summer and one in winter, as a server in this zone writes it."""
    (like,) = sample(5, pool=pool, owner=POOL_A, workflows=0, queues=0, groups=0, hours=0, holidays=1).inventory.objects
    days = tuple(
        {"Name": month, "StartDate": f"{month}-01{start}{offset}", "EndDate": f"{month}-02T00:00:00{offset}"}
        for month, offset in zone.items()
    )
    return Inventory((replace(like, properties={"HolidayList": days}),))


def holding(inventory: Inventory) -> Table:
    text = write(Kind.HOLIDAY_SET, [item.row() for item in inventory.objects], encoding="utf-8").decode()
    assert text.count("<DT ") == 4
    nothing = packed(write("Queue", [], encoding="utf-8").decode())
    return Table(batches={f"Get-CsRgs{kind}": nothing for kind in Kind} | {"Get-CsRgsHolidaySet": packed(text)})


async def read(folder: Path, **held: Inventory) -> dict[str, Inventory]:
    async with AsyncExitStack() as servers:
        found = {}
        for name, inventory in held.items():
            server = await servers.enter_async_context(wsman(holding(inventory), folder / name))
            at = server.endpoint()
            driver = WinRM({POOL_B: (at,)})
            found[name] = await Reading(driver).performers[ReadGroups](ReadGroups(POOL_B, POOL_B))
            await driver.close()
    return found


async def test_what_berlin_exported_and_new_york_shows_is_the_same_holiday(tmp_path: Path) -> None:
    exported = read_inventory(write_export(told_in(BERLIN, POOL_A), {}.__getitem__, 0.0))
    live = await read(tmp_path, home=told_in(BERLIN, POOL_A), away=told_in(NEW_YORK, POOL_B))

    assert compare(exported, live["home"]).is_clean and not remarks(compare(exported, live["home"]))
    for there in (exported, live["home"]):
        found = compare(there, live["away"])
        assert found.is_clean and [item.name for item in found.zoned] == [exported.objects[0].name]
        (remark,) = remarks(found)
        assert "written in another time zone" in remark


async def test_a_holiday_that_begins_at_another_time_on_the_wall_is_a_difference(tmp_path: Path) -> None:
    exported = read_inventory(write_export(told_in(BERLIN, POOL_A), {}.__getitem__, 0.0))
    live = await read(tmp_path, away=told_in(NEW_YORK, POOL_B, start="T09:00:00"))

    found = compare(exported, live["away"])
    assert [change.path for change in found.changed] == ["HolidayList[0].StartDate", "HolidayList[1].StartDate"]
    assert in_words(found)[0].endswith(
        "HolidayList[0].StartDate was 2026-07-01T00:00:00+02:00, is 2026-07-01T09:00:00-04:00."
    )
