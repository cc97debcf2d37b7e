"""Goal 9: reading the inventory of a large export against what lxml takes to parse its XML."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from time import perf_counter

from lxml import etree

from bot.exports.export_zip import read_inventory, write_export
from tests.bench.findings import Finding, alternated
from tests.bench.house import House
from tests.worlds import sample

ROUNDS = 9


def measured(house: House) -> Iterator[Finding]:
    made = sample(9, workflows=800, queues=800, groups=1600, hours=20, holidays=10)
    data = write_export(made.inventory, made.blobs.__getitem__, 1_795_000_000.0)
    with zipfile.ZipFile(BytesIO(data)) as archive:
        parts = [archive.read(name) for name in archive.namelist() if name.endswith(".xml")]
    if len(read_inventory(data).objects) != len(made.inventory.objects):
        raise RuntimeError("the export was not read whole")
    took = alternated(
        ROUNDS,
        {
            "ours": lambda: _seconds(lambda: read_inventory(data)),
            "lxml": lambda: _seconds(lambda: [etree.fromstring(part) for part in parts]),
        },
    )
    yield Finding("9", took["ours"] / took["lxml"], 5)


def _seconds(work: Callable[[], object]) -> float:
    begun = perf_counter()
    work()
    return perf_counter() - begun
