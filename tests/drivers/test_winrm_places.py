"""Several servers of one pool: what one wrote is looked for there, and a pool is moved on its own Front Ends."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.domain.deployment.abilities import Folder
from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.endpoints import Endpoint
from bot.domain.errors import CmdletFailed, DriverError, NeverSent, OutcomeUnknown
from bot.domain.groups.groups import service
from bot.drivers.winrm.driver import WinRM
from bot.drivers.winrm.files import PIECE
from tests.drivers.test_winrm import IMPORT, QUICK, READ, A, B
from tests.drivers.wsman.server import WSMan, wsman
from tests.drivers.wsman.table import Table
from tests.drivers.wsman.troubles import Trouble, cut

FILE, DATA = "C:\\Switchback\\a.zip", b"an export"
EXPORT = cmdlet("Export-CsRgsConfiguration", Source=service(B), FileName=FILE)
MOVE = cmdlet("Invoke-CsPoolFailOver", PoolFqdn=A, DisasterMode=True)


@dataclass
class Server:
    table: Table
    server: WSMan
    endpoint: Endpoint

    def falls_silent(self) -> None:
        """For whoever comes anew: the sessions that it has are gone, too."""
        for shell in self.server.shells.values():
            shell.close()
        self.server.shells.clear()
        self.server.troubles.append(Trouble("Create", cut, before=True, times=1_000))

    @property
    def ran(self) -> list[str]:
        return [asked.text for asked in self.table.ran if not asked.is_script]


@pytest.fixture
async def servers(tmp_path: Path) -> AsyncIterator[tuple[Server, Server]]:
    async with AsyncExitStack() as stack:
        found = []
        for name in ("one", "two"):
            table = Table()
            server = await stack.enter_async_context(wsman(table, tmp_path / name))
            found.append(Server(table, server, server.endpoint(front_end_of=B)))
        yield found[0], found[1]


@pytest.fixture
async def driver(servers: tuple[Server, Server]) -> AsyncIterator[WinRM]:
    driver = WinRM({B: tuple(one.endpoint for one in servers)}, QUICK)
    yield driver
    await driver.close()


async def test_what_is_imported_lies_on_the_server_that_imports_it(
    driver: WinRM, servers: tuple[Server, Server]
) -> None:
    one, two = servers
    await driver.put(B, FILE, DATA)
    one.falls_silent()
    with pytest.raises(NeverSent, match="The file lies there, so no other server can be asked"):
        await driver.invoke(B, IMPORT)
    assert two.ran == []

    await driver.put(B, FILE, DATA)
    await driver.invoke(B, IMPORT)
    assert (one.ran, two.ran) == ([], [IMPORT.name])


async def test_no_file_is_written_half_on_one_server_and_half_on_another(
    driver: WinRM, servers: tuple[Server, Server]
) -> None:
    one, two = servers
    one.server.troubles.append(Trouble("Send", cut, before=True, pass_by=1, times=1_000))
    one.server.troubles.append(Trouble("Create", cut, before=True, pass_by=1, times=1_000))
    with pytest.raises(NeverSent, match="The file lies there"):
        await driver.put(B, FILE, os.urandom(PIECE + 1_000_000))
    assert len(one.table.files[FILE]) == PIECE and two.table.files == {}


async def test_an_export_is_fetched_from_the_server_that_wrote_it_also_when_its_answer_was_lost(
    driver: WinRM, servers: tuple[Server, Server]
) -> None:
    one, two = servers
    one.server.troubles.append(Trouble("Receive", cut, before=False))
    with pytest.raises(OutcomeUnknown):
        await driver.invoke(B, EXPORT)
    one.table.files[FILE] = DATA
    one.falls_silent()
    await driver.invoke(B, cmdlet("Export-CsRgsConfiguration", Source=service(B), FileName="C:\\Switchback\\b.zip"))
    assert two.ran == [EXPORT.name]
    with pytest.raises(NeverSent, match="The file lies there"):
        await driver.fetch(B, FILE)
    one.server.troubles.clear()
    assert await driver.fetch(B, FILE) == DATA


async def test_what_was_never_sent_ties_no_file_to_a_server(driver: WinRM, servers: tuple[Server, Server]) -> None:
    one, two = servers
    for server in servers:
        server.falls_silent()
    with pytest.raises(NeverSent):
        await driver.invoke(B, EXPORT)
    two.server.troubles.clear()
    await driver.invoke(B, EXPORT)
    assert (one.ran, two.ran) == ([], [EXPORT.name])


async def test_a_file_is_found_behind_a_server_that_opens_and_then_says_nothing(
    driver: WinRM, servers: tuple[Server, Server]
) -> None:
    """Its place is known to nobody, as after a restart."""
    one, two = servers
    two.table.files[FILE] = DATA
    one.server.troubles.append(Trouble("Receive", cut, before=True, times=1_000))
    assert await driver.fetch(B, FILE) == DATA


async def test_a_process_that_begins_anew_looks_for_a_file_on_every_server(
    driver: WinRM, servers: tuple[Server, Server]
) -> None:
    one, two = servers
    two.table.files[FILE] = DATA
    assert await driver.fetch(B, FILE) == DATA
    await driver.delete(B, FILE)
    assert two.table.files == {}
    with pytest.raises(CmdletFailed) as gone:
        await driver.fetch(B, FILE)
    assert gone.value.error_id == "PathNotFound"

    two.table.files[FILE] = DATA
    await (afresh := WinRM({B: (one.endpoint, two.endpoint)}, QUICK)).delete(B, FILE)
    await afresh.close()
    assert two.table.files == {}


async def test_a_file_is_not_gone_while_a_server_where_it_may_lie_cannot_be_asked(
    driver: WinRM, servers: tuple[Server, Server]
) -> None:
    servers[1].falls_silent()
    with pytest.raises(NeverSent):
        await driver.digest(B, FILE)


async def test_each_server_has_a_folder_of_its_own_that_is_made_where_it_is_missing(
    driver: WinRM, servers: tuple[Server, Server]
) -> None:
    folder = "C:\\Switchback"
    one, two = servers
    with pytest.raises(CmdletFailed) as missing:
        await driver.folder(B, folder)
    assert missing.value.error_id == "PathNotFound"
    assert await driver.folder(B, folder, make=True) == Folder(True, 1000)
    assert list(one.table.files) == list(two.table.files) == [f"{folder}\\"]
    two.table.files[FILE] = bytes(900)
    assert await driver.folder(B, folder) == Folder(True, 100), "as it is at its worst"
    two.falls_silent()
    assert await driver.folder(B, folder) == Folder(True, 1000), "of those that answer"
    one.falls_silent()
    with pytest.raises(NeverSent):
        await driver.folder(B, folder)


async def test_a_pool_is_moved_on_a_front_end_of_the_pool_that_is_asked(servers: tuple[Server, Server]) -> None:
    host, front_end = replace(servers[0].endpoint, front_end_of=""), servers[1].endpoint
    driver = WinRM({B: (host, front_end)}, QUICK)
    await driver.invoke(B, EXPORT)
    await driver.invoke(B, MOVE)
    assert (servers[0].ran, servers[1].ran) == ([EXPORT.name], [MOVE.name])
    await driver.close()

    driver = WinRM({B: (host, replace(front_end, front_end_of=A))}, QUICK)
    assert await driver.invoke(B, READ)
    with pytest.raises(NeverSent, match=r"has to run on a Front End of pool-b\.contoso\.com, and none is configured"):
        await driver.invoke(B, MOVE)
    assert servers[1].ran == [MOVE.name]
    await driver.close()


async def test_whether_it_is_the_pool_that_is_asked_or_another_server_in_its_place(
    servers: tuple[Server, Server],
) -> None:
    host, front_end = replace(servers[0].endpoint, front_end_of=""), servers[1].endpoint
    only, both = WinRM({B: (host,)}, QUICK), WinRM({B: (front_end, host)}, QUICK)
    assert (only.through(B), both.through(B)) == (host.host, ""), "before anything is asked"
    await only.invoke(B, READ)
    await both.invoke(B, READ)
    assert (only.through(B), both.through(B)) == (host.host, "")

    servers[1].falls_silent()
    with suppress(DriverError):
        await both.invoke(B, READ)
    await both.invoke(B, READ)
    assert both.through(B) == host.host, "its Front End is dead, and the other one speaks"
    servers[0].falls_silent()
    for driver in (only, both):
        with suppress(DriverError):
            await driver.invoke(B, READ)
    assert (only.through(B), both.through(B)) == (host.host, ""), "its own were asked as well"
    await only.close()
    await both.close()
