"""What a server can do, over the wire: as a real PowerShell told it, and what of it cannot be had."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.deployment.abilities import Folder
from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.topology import TEXT
from bot.domain.errors import CmdletFailed
from bot.drivers.winrm.calls import Script
from bot.drivers.winrm.driver import WinRM
from bot.drivers.winrm.pace import Pace
from tests.drivers.wsman.recordings import again, recorded
from tests.drivers.wsman.server import WSMan, wsman
from tests.drivers.wsman.shells import Asked, Voice
from tests.drivers.wsman.table import HEAD, TAIL, Does, Table, packed, say_commands

P = "pool-p.contoso.com"
IMPORT, VERSION = "Import-CsRgsConfiguration", "Get-CsServerVersion"
FOLDER = "C:\\Switchback"


class Ward:
    """A server, and the driver that asks it."""

    def __init__(self, server: WSMan) -> None:
        self.server = server
        self.driver = WinRM({P: (server.endpoint(),)}, Pace(read_s=20, change_s=20, mercy_s=2))

    def does(self, text: str, what: Does) -> None:
        """From now on, this is what the command or script does."""

        async def answer(asked: Asked, voice: Voice) -> None:
            if asked.text == text:
                what(asked, voice)
            else:
                voice.fails("CommandNotFoundException", "It is not there.", target=asked.text)

        self.server.answers = answer


@pytest.fixture
async def ward(tmp_path: Path) -> AsyncIterator[Ward]:
    async with wsman(Table(), tmp_path) as server:
        ward = Ward(server)
        yield ward
        await ward.driver.close()


async def test_parameters_are_read_as_a_real_powershell_told_them(ward: Ward) -> None:
    said = again(recorded("constrained")["get-command-one"])

    async def answer(asked: Asked, voice: Voice) -> None:
        if asked.text == "Get-Command":
            await said(asked, voice)
        else:
            voice.fails("CommandNotFoundException", "It is not there.", target=asked.text)

    ward.server.answers = answer
    known = await ward.driver.parameters(P)
    assert list(known) == [IMPORT]
    assert {"Destination", "FileName", "OverwriteOwner", "Confirm"} < known[IMPORT]
    assert "ReplaceExistingRgsSettings" not in known[IMPORT]


async def test_what_is_missing_is_only_missing(ward: Ward) -> None:
    ward.does("Get-Command", lambda asked, voice: say_commands(voice, asked.arguments["Name"], {IMPORT: ("FileName",)}))
    assert set(await ward.driver.parameters(P)) == {IMPORT}


async def test_any_other_error_is_no_word_that_nothing_is_there(ward: Ward) -> None:
    def does(asked: Asked, voice: Voice) -> None:
        say_commands(voice, asked.arguments["Name"], {IMPORT: ("FileName",)})
        voice.error("System.OutOfMemoryException", "Kein Platz.")

    ward.does("Get-Command", does)
    with pytest.raises(CmdletFailed, match="ran out of memory"):
        await ward.driver.parameters(P)


async def test_a_server_that_lets_nobody_ask_is_told(ward: Ward) -> None:
    ward.does("Get-Command", lambda asked, voice: voice.fails("CommandNotFoundException", "Get-Command", "Get-Command"))
    with pytest.raises(CmdletFailed, match="does not know this command"):
        await ward.driver.parameters(P)


async def test_a_text_comes_as_a_row_and_only_where_one_is_given(ward: Ward) -> None:
    text = f"{HEAD}<S>Skype for Business Server 2019 (7.0.2046.0)</S>{TAIL}"
    ward.does(Script.WHOLE.value, lambda asked, voice: voice.raw("PIPELINE_OUTPUT", *packed(text)))
    assert await ward.driver.invoke(P, cmdlet(VERSION)) == ({TEXT: "Skype for Business Server 2019 (7.0.2046.0)"},)
    with pytest.raises(CmdletFailed) as refused:
        await ward.driver.invoke(P, cmdlet("Get-CsRgsQueue"))
    assert refused.value.error_id == "Unreadable"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("12345 writable", Folder(True, 12345)),
        ("0 read-only", Folder(False, 0)),
    ],
)
async def test_a_folder_is_as_the_server_says(ward: Ward, line: str, found: Folder) -> None:
    ward.does(Script.STATE.value, lambda asked, voice: voice.output(line))
    assert await ward.driver.folder(P, FOLDER) == found


@pytest.mark.parametrize("line", ["", "5", "perhaps writable", "5 writable\n", "99999999999999999999 writable"])
async def test_what_is_no_word_of_a_folder_is_an_error(ward: Ward, line: str) -> None:
    ward.does(Script.STATE.value, lambda asked, voice: voice.output(line))
    with pytest.raises(CmdletFailed, match="does not say how its folder"):
        await ward.driver.folder(P, FOLDER)


async def test_a_folder_that_is_not_there_and_one_that_has_no_full_path_are_errors(ward: Ward) -> None:
    ward.does(Script.STATE.value, lambda asked, voice: voice.fails("PathNotFound", "There is no such folder."))
    with pytest.raises(CmdletFailed) as refused:
        await ward.driver.folder(P, FOLDER)
    assert refused.value.error_id == "PathNotFound"
    with pytest.raises(CmdletFailed) as unsent:
        await ward.driver.folder(P, "Switchback")
    assert unsent.value.error_id == "NotSendable"
