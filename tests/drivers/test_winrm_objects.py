"""Many objects come whole, in batches of which all but the first are opened elsewhere, and to one measure in all."""

from __future__ import annotations

import base64
import copy
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any
from xml.etree import ElementTree

import pytest
from redis.asyncio import Redis

from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.errors import CmdletFailed
from bot.domain.groups.compare import contents
from bot.domain.groups.groups import Inventory, Kind, RgsObject, service
from bot.domain.runs.acts import ReadGroups
from bot.drivers.base import Driver
from bot.drivers.winrm.driver import WinRM
from bot.drivers.winrm.objects import Opened, Rows, opened
from bot.exports.clixml import Allowance
from bot.exports.clixml_write import write
from bot.hands.reading import Reading
from bot.hands.thinking import Thinking
from bot.reach import driver_for
from bot.runbooks import RUNBOOKS
from bot.settings.settings import settings
from tests.drivers.wsman.server import WSMan, wsman
from tests.drivers.wsman.table import Table, many, packed, whole
from tests.worlds import sample

B = "pool-b.contoso.com"
READ = cmdlet("Get-CsRgsWorkflow", Identity=service(B), ShowAll=True)


@dataclass
class Listened:
    """Works it out in a process of its own, and remembers how often it was asked."""

    thinking: Thinking = field(default_factory=lambda: Thinking(RUNBOOKS))
    count: int = 0

    async def __call__(self, work: Callable[..., Any], /, *args: Any) -> Any:
        self.count += 1
        return await self.thinking.apart(work, *args)


@pytest.fixture
async def think() -> AsyncIterator[Listened]:
    made = Listened()
    yield made
    await made.thinking.close()


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
async def server(table: Table, tmp_path: Path) -> AsyncIterator[WSMan]:
    async with wsman(table, tmp_path) as running:
        yield running


@pytest.fixture
async def driver(server: WSMan, think: Listened, redis: Redis) -> AsyncIterator[Driver]:
    """As the bot makes it."""
    at = server.endpoint()
    configured = replace(settings({}, ""), driver="winrm", servers={B: (at,)})
    made = driver_for(configured, redis, think=think)
    yield made
    await made.close()


async def test_all_but_the_first_batch_are_opened_elsewhere_and_come_to_the_same(
    table: Table, server: WSMan, driver: Driver, think: Listened
) -> None:
    table.batches[READ.name] = packed(*(many(30) for _ in range(4)))
    rows = await driver.invoke(B, READ)
    assert think.count == 3 and len(rows) == 120

    at = server.endpoint()
    here = WinRM({B: (at,)})
    assert await here.invoke(B, READ) == rows
    await here.close()


async def test_what_is_wrong_in_a_later_batch_is_refused_as_in_the_first(table: Table, driver: Driver) -> None:
    for id, wrong in (
        ("Flattened", packed(whole("Workflows-depth-1.xml"))[0]),
        ("Unreadable", packed("<Objs")[0]),
        ("Unreadable", "<S>Workflow</S>"),
    ):
        table.batches[READ.name] = (*packed(many(1)), wrong)
        with pytest.raises(CmdletFailed) as told:
            await driver.invoke(B, READ)
        assert told.value.error_id == id and told.value.sentence.endswith("Nothing was changed.")
    table.batches[READ.name] = packed(many(1), many(1))
    assert len(await driver.invoke(B, READ)) == 2


def _batch(count: int) -> bytes:
    return base64.b64decode(ElementTree.fromstring(packed(many(count))[0]).text or "")


def test_all_batches_together_have_one_measure_wherever_they_are_opened() -> None:
    """A process of its own is given a copy of what is left, and gives back another."""

    def elsewhere(name: str, batch: bytes, left: Allowance) -> Opened:
        return opened(name, batch, copy.copy(left))

    rows, spent = Rows(READ.name, elsewhere), opened(READ.name, _batch(9), Allowance())[1].tags
    rows._left.tags = 3 * (Allowance().tags - spent) + 1
    for _ in range(3):
        rows.take(_batch(9))
    with pytest.raises(CmdletFailed, match="more than any pool can"):
        rows.take(_batch(9))


def _batches(objects: Sequence[RgsObject]) -> tuple[str, ...]:
    parts = (objects[at : at + 100] for at in range(0, len(objects), 100))
    return packed(*(write(some[0].kind, (item.row() for item in some), encoding="utf-8").decode() for some in parts))


async def test_ten_thousand_objects_come_whole(table: Table, driver: Driver) -> None:
    made = sample(10, pool=B, workflows=200, queues=200, groups=9_580, hours=10, holidays=10).inventory
    assert len(made.objects) == 10_000
    for kind in Kind:
        table.batches[f"Get-CsRgs{kind}"] = _batches(made.of(kind))

    found = await Reading(driver).performers[ReadGroups](ReadGroups(B, B))
    assert found.objects == made.objects and contents(found) == contents(Inventory(made.objects))


HOSTILE = (
    "'; Remove-Item C:\\ #", "$(Get-Date) ${env:x} `$x`n", "\r\n\t\0\x01\x1f\x7f\x85", "‘’‚‛“”„", "a_x000A_b _x005F_",
    "\ufffe\uffff", "😀 \u202e \u2028", "]]> <&> &#0; <!-- -->", '"', " ", "\ufeff",
)  # fmt: skip


async def test_whatever_a_name_is_made_of_comes_back_as_it_is(table: Table, driver: Driver) -> None:
    (like,) = sample(1, pool=B, workflows=0, queues=0, groups=1, hours=0, holidays=0).inventory.objects
    made = [replace(like, name=text, properties={**like.properties, "Description": text}) for text in HOSTILE]
    table.batches["Get-CsRgsAgentGroup"] = _batches(made)

    rows = await driver.invoke(B, cmdlet("Get-CsRgsAgentGroup", Identity=service(B)))
    assert [(row["Name"], row["Description"]) for row in rows] == [(text, text) for text in HOSTILE]


async def test_what_is_larger_than_an_envelope_goes_and_comes_whole(
    table: Table, server: WSMan, driver: Driver
) -> None:
    """A server takes 500 kB at once (facts: winrm §1), and a batch may be larger than that."""
    noise = Random(5).randbytes(900_000).hex()
    (like,) = sample(1, pool=B, workflows=0, queues=0, groups=1, hours=0, holidays=0).inventory.objects
    table.batches["Get-CsRgsAgentGroup"] = _batches([replace(like, properties={"Description": noise})])

    (row,) = await driver.invoke(B, cmdlet("Get-CsRgsAgentGroup", Identity=service(B), Name=noise))
    assert row["Description"] == noise
    given = next(one.arguments["Given"] for one in table.asked if one.is_script)
    assert given["Name"] == noise
    assert {"First part", "Part", "Send"} <= set(server.steps) and server.steps.count("Receive") > 2
