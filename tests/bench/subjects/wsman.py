"""A WSMan server with answers made beforehand: a pool's objects in batches, and a command that says one word."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from bot.domain.groups.groups import Kind
from bot.drivers.winrm.calls import Script
from bot.drivers.winrm.pace import Pace
from bot.exports.clixml_write import write
from tests.bench.subjects.control import options, until_closed
from tests.drivers.wsman.server import wsman
from tests.drivers.wsman.shells import Answers, Asked, Voice
from tests.drivers.wsman.table import packed
from tests.worlds import sample


async def main(folder: str, seed: int, counts: Mapping[str, int]) -> None:
    """The pool holds the sample of this seed; `folder` takes the certificate's authority."""
    async with wsman(_answers(seed, counts), Path(folder)) as server:
        await until_closed(server.port)


def _answers(seed: int, counts: Mapping[str, int]) -> Answers:
    inventory, batch = sample(seed, **counts).inventory, Pace().batch
    said: dict[str, tuple[str, ...]] = {}
    for kind in Kind:
        rows = [item.row() for item in inventory.of(kind)]
        batches = (rows[at : at + batch] for at in range(0, len(rows), batch))
        said[f"Get-CsRgs{kind}"] = packed(*(write(kind, some, encoding="utf-8").decode() for some in batches))

    async def answer(asked: Asked, voice: Voice) -> None:
        for clixml in said[str(asked.arguments["Command"])] if asked.text == Script.WHOLE.value else ():
            voice.raw("PIPELINE_OUTPUT", clixml)

    return answer


if __name__ == "__main__":
    asyncio.run(main(**options()))
