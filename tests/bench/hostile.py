"""An export that holds more than any pool can is refused in no more time than reading the largest one takes."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from time import perf_counter

from bot.domain.errors import Damaged
from bot.exports.clixml import Allowance
from bot.exports.export_zip import read_inventory, write_export
from tests.bench.findings import Finding, alternated
from tests.bench.house import House
from tests.worlds import sample

ROUNDS = 3
WORKFLOWS = 3500
"""With as many queues and three times as many agent groups: nearly all the tags that an export may have."""

PART = "RgsImportExport/Queues.xml"


def measured(house: House) -> Iterator[Finding]:
    made = sample(11, workflows=WORKFLOWS, queues=WORKFLOWS, groups=3 * WORKFLOWS)
    largest = write_export(made.inventory, made.blobs.__getitem__, 1_795_000_000.0)
    if len(read_inventory(largest).objects) != len(made.inventory.objects):
        raise RuntimeError("the largest export was not read whole")
    hostile = _hostile(Allowance().tags)
    took = alternated(ROUNDS, {"largest": lambda: _seconds(largest), "hostile": lambda: _seconds(hostile)})
    yield Finding("hostile", took["hostile"] / took["largest"], 1.5)


def _hostile(tags: int) -> bytes:
    """A quarter more objects than it may have tags, each with a number of its own that others could refer to."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(PART, "w") as member:
        member.write(b"<Objs><Obj><Props>")
        for start in range(0, tags * 5 // 4, 10_000):
            member.write(b"".join(b'<Obj N="a" RefId="%d"/>' % n for n in range(start, start + 10_000)))
    return out.getvalue()


def _seconds(export: bytes) -> float:
    begun = perf_counter()
    with suppress(Damaged):
        read_inventory(export)
    return perf_counter() - begun
