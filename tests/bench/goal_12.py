"""Goal 12: a command costs little more than its protocol does, and verifying a large pool stops nobody.

12.1 is the driver's command against the bare client's. 12.2 is the longest pause (seconds) of the event loop while two
thousand workflows are read from a server, compared and let go, and 12.3 what that takes against reading the same
objects from an export; both are worked out as the bot does it.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from time import perf_counter

from pypsrp.powershell import PowerShell

from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.endpoints import Endpoint
from bot.domain.groups.groups import service
from bot.domain.model import Mark
from bot.domain.runs.acts import ReadGroups
from bot.drivers.winrm.driver import WinRM
from bot.drivers.winrm.pace import Pace
from bot.exports.export_zip import read_inventory, write_export
from bot.hands.reading import Reading
from bot.hands.thinking import Thinking, let_clicks_pass
from bot.runbooks import RUNBOOKS
from bot.runbooks.rows.verifying import compared
from tests.bench.findings import Finding, alternated_async, paired_async
from tests.bench.house import House
from tests.bench.pauses import Longest, watched
from tests.bench.servers import served
from tests.drivers.wsman.client import pool
from tests.drivers.wsman.server import ACCOUNT, PASSWORD
from tests.worlds import POOL_A, sample

ROUNDS, TIMES, PAIRS = 12, 20, 3
SEED, COUNTS = 12, {"workflows": 2000, "queues": 200, "groups": 200}
"""Every other workflow has menus of two levels."""

COMMAND = cmdlet("Import-CsRgsConfiguration", Destination=service(POOL_A), FileName="C:\\Switchback\\a.zip")


def measured(house: House) -> Iterator[Finding]:
    let_clicks_pass()
    with (
        tempfile.TemporaryDirectory(prefix="sb-wsman-") as folder,
        served("wsman", folder=folder, seed=SEED, counts=COUNTS) as server,
    ):
        at = Endpoint("localhost", ACCOUNT, PASSWORD, server.port, method="ntlm", ca_file=f"{folder}/ca.pem")
        yield Finding("12.1", asyncio.run(_command(at)), 1.2)
        pause, ratio = asyncio.run(_verification(at))
    yield Finding("12.2", pause, 0.010)
    yield Finding("12.3", ratio, 3)


async def _command(at: Endpoint) -> float:
    """One that says nothing; each side keeps its session."""
    driver = WinRM({POOL_A: (at,)}, Pace(renewed_after=10 * ROUNDS * TIMES))
    with pool(at) as opened:

        async def bare() -> None:
            shell = PowerShell(opened)
            shell.add_cmdlet(COMMAND.name)
            for key, value in COMMAND.arguments:
                shell.add_parameter(key, str(value))
            shell.invoke()

        async def ours() -> None:
            await driver.invoke(POOL_A, COMMAND)

        await ours()
        took = await alternated_async(ROUNDS, TIMES, {"ours": ours, "bare": bare})
    await driver.close()
    return took["ours"] / took["bare"]


async def _verification(at: Endpoint) -> tuple[float, float]:
    made, think, longest = sample(SEED, **COUNTS), Thinking(RUNBOOKS), Longest()
    export = write_export(made.inventory, made.blobs.__getitem__, 1_795_000_000.0)
    driver = WinRM({POOL_A: (at,)}, think=think.apart)
    read = Reading(driver).performers[ReadGroups]

    async def verify() -> None:
        verdict = await think(compared, made.inventory, await read(ReadGroups(POOL_A, POOL_A)), POOL_A)
        if verdict.mark is not Mark.PASS:
            raise RuntimeError(f"the same objects were found to differ: {verdict.sentence}")

    async def load() -> None:
        if len((await think(read_inventory, export)).objects) != len(made.inventory.objects):
            raise RuntimeError("the export was not read whole")

    try:
        await load()
        ratio = await paired_async(PAIRS, lambda: _seconds(verify), lambda: _seconds(load))
        async with watched(longest):
            await verify()
    finally:
        await driver.close()
        await think.close()
    return longest.seconds, ratio


async def _seconds(work: Callable[[], Awaitable[object]]) -> float:
    """Unwatched: a loop that never sleeps takes one core of two."""
    begun = perf_counter()
    await work()
    return perf_counter() - begun
