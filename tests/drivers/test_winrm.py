"""The driver for real servers, over a real socket, TLS and NTLM, against the stand-in that was recorded."""

from __future__ import annotations

import asyncio
import base64
import gzip
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.domain.deployment.cmdlets import Cmdlet, cmdlet
from bot.domain.deployment.endpoints import Endpoint
from bot.domain.deployment.neighbours import BYTES
from bot.domain.errors import CmdletFailed, DriverError, NeverSent, OutcomeUnknown
from bot.domain.groups.groups import service
from bot.drivers.winrm.calls import Script
from bot.drivers.winrm.driver import WinRM
from bot.drivers.winrm.pace import Pace
from bot.exports.clixml import things
from tests.drivers.wsman.server import ACCOUNT, PASSWORD, WSMan, wsman
from tests.drivers.wsman.shells import Asked, Voice
from tests.drivers.wsman.table import DATA, FILES, Table, many, packed, whole
from tests.drivers.wsman.troubles import Trouble, late
from tests.patience import PATIENCE_S, until

A, B = "pool-a.contoso.com", "pool-b.contoso.com"
IMPORT = cmdlet("Import-CsRgsConfiguration", Destination=service(B), FileName="C:\\Switchback\\a.zip")
READ = cmdlet("Get-CsRgsWorkflow", Identity=service(B), ShowAll=True)
QUICK = Pace(connect_s=2, open_s=10, operation_s=5, silence_s=5, poll_s=1, read_s=20, change_s=20, mercy_s=1)


@dataclass
class House:
    table: Table
    server: WSMan
    endpoint: Endpoint
    driver: WinRM

    async def refused(self, kind: type[DriverError], command: Cmdlet) -> DriverError:
        with pytest.raises(kind) as caught:
            await self.driver.invoke(B, command)
        assert type(caught.value) is kind
        return caught.value

    def driver_at(self, *endpoints: Endpoint, pace: Pace = QUICK) -> WinRM:
        return WinRM({B: endpoints}, pace)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    table = Table()
    async with wsman(table, tmp_path) as server:
        at = Endpoint(
            "localhost", ACCOUNT, PASSWORD, server.port, method="ntlm", ca_file=server.ca_file, front_end_of=B
        )
        at = replace(at, front_end_of=B)
        driver = WinRM({B: (at,)}, QUICK)
        yield House(table, server, at, driver)
        await driver.close()


async def test_a_command_goes_as_its_name_and_its_parameters(house: House) -> None:
    assert await house.driver.invoke(B, IMPORT) == ()

    (ran,) = house.table.ran
    assert (ran.text, ran.is_script) == (IMPORT.name, False)
    assert dict(ran.arguments) == {"Destination": str(service(B)), "FileName": "C:\\Switchback\\a.zip"}


async def test_objects_come_as_they_lie_in_an_export(house: House) -> None:
    for name, file in FILES.items():
        rows = await house.driver.invoke(B, cmdlet(name, Identity=service(B)))
        assert [dict(row) for row in rows] == [dict(one.value) for one in things([(DATA / file).read_bytes()], file)]
    assert set(house.table.scripts) == {Script.WHOLE.value}


async def test_objects_come_in_batches(house: House) -> None:
    house.table.batches[READ.name] = packed(many(100), many(100), many(7))
    rows = await house.driver.invoke(B, READ)
    assert len(rows) == 207 and rows[99]["Name"] == "Workflow 99"


@pytest.mark.parametrize("file", ["Workflows-depth-1.xml", "Workflows-default-depth.xml"])
async def test_what_came_flattened_is_an_error_and_never_an_equal(house: House, file: str) -> None:
    house.table.batches[READ.name] = packed(whole(file))
    refusal = await house.refused(CmdletFailed, READ)
    assert refusal.error_id == "Flattened" and "DefaultAction" in refusal.sentence


@pytest.mark.parametrize(
    "batch",
    [
        "<S>Workflow</S>",
        "<BA>AAAA</BA>",
        packed("<Objs")[0],
        f"<BA>{base64.b64encode(gzip.compress(b'<Objs>')[:-4]).decode()}</BA>",
    ],
    ids=("a text", "not packed", "not XML", "cut short"),
)
async def test_what_is_no_batch_of_objects_is_an_error(house: House, batch: str) -> None:
    house.table.batches[READ.name] = (batch,)
    assert (await house.refused(CmdletFailed, READ)).error_id == "Unreadable"
    del house.table.batches[READ.name]
    assert await house.driver.invoke(B, READ)


async def test_bytes_that_a_cmdlet_gives_come_back(house: House) -> None:
    house.table.does["Export-CsLisConfiguration"] = lambda asked, voice: voice.raw("PIPELINE_OUTPUT", "<BA>AAEC</BA>")
    rows = await house.driver.invoke(B, cmdlet("Export-CsLisConfiguration", AsBytes=True))
    assert rows == ({BYTES: b"\0\1\2"},)


async def test_whoever_could_ask_is_told_not_to(house: House) -> None:
    await house.driver.invoke(B, cmdlet("Invoke-CsPoolFailOver", PoolFqdn=A))
    assert house.table.ran[0].arguments["Confirm"] is False


HOSTILE = ("'; Remove-Item C:\\", "$(Get-Date)", "`$x\n`", "‘’‚‛“”", "\0\x01\x1f", "a_x000A_b", "😀 \u202e", "<&>", '"')


async def test_no_value_is_ever_inside_a_script(house: House) -> None:
    for text in HOSTILE:
        await house.driver.invoke(B, replace(IMPORT, arguments=(("FileName", text),)))
        await house.driver.invoke(B, cmdlet("Get-CsRgsWorkflow", Name=text))
    assert [str(one.arguments["FileName"]) for one in house.table.ran] == list(HOSTILE)
    names = [one.arguments["Given"] for one in house.table.asked if one.is_script]
    assert [str(given["Name"]) for given in names] == list(HOSTILE)
    assert set(house.table.scripts) == {Script.WHOLE.value}
    assert {one.text for one in house.table.asked if not one.is_script} == {IMPORT.name}


def _with(key: str, value: object) -> Cmdlet:
    return Cmdlet("Import-CsRgsConfiguration", ((key, value),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "command",
    [
        *(_with("FileName", text) for text in ("a\ufffe", "\uffff", "\ud83d", "a\udc00b")),
        _with("", "a"),
        _with("File Name", "a"),
        _with("FileName", 2**31),
        _with("FileName", 1.5),
        _with("WhatIf", True),
        Cmdlet("Get-CsRgsWorkflow; Remove-Item x"),
        Cmdlet("Get-CsUnknown"),
        Cmdlet("import"),
    ],
    ids=str,
)
async def test_what_silences_a_server_is_not_sent(house: House, command: Cmdlet) -> None:
    refusal = await house.refused(CmdletFailed, command)
    assert refusal.error_id == "NotSendable" and refusal.sentence.endswith("Nothing was changed.")
    assert house.server.connections == 0


def _fails(id: str, activity: str = "") -> Callable[[Asked, Voice], None]:
    return lambda asked, voice: voice.fails(id, "Sch\u00f6ner Text, 555-0100.", activity)


async def test_an_error_is_told_by_its_id_and_its_text_only_to_who_may_read_it(house: House) -> None:
    house.table.does[IMPORT.name] = _fails("NamedParameterNotFound,Rgs.Import", IMPORT.name)
    told = await house.refused(CmdletFailed, IMPORT)
    assert told.sentence.endswith("did not run: nothing was changed. `python -m bot check` says what is missing there.")
    assert "555" not in told.sentence
    assert told.error_id == "NamedParameterNotFound,Rgs.Import" and "555" in told.detail


async def test_a_text_in_place_of_an_id_is_shown_to_nobody_else_either(house: House) -> None:
    """What is thrown as a text has that text as its id (facts: powershell §3)."""
    house.table.does[IMPORT.name] = _fails("Der Agent 555-0100 fehlt, sagt <!channel>.", IMPORT.name)
    told = await house.refused(CmdletFailed, IMPORT)
    assert "555" not in told.sentence + told.error_id and "555-0100 fehlt" in told.detail


async def test_a_binding_error_of_another_command_is_no_word_that_nothing_happened(house: House) -> None:
    house.table.does[IMPORT.name] = _fails("NamedParameterNotFound,Set-Something", "Set-Something")
    told = await house.refused(CmdletFailed, IMPORT)
    assert "A part of its work may be done." in told.sentence


async def test_a_question_ends_the_command_and_is_named(house: House) -> None:
    house.table.does[IMPORT.name] = _fails("HostFunctionNotImplemented,Rgs.Import", IMPORT.name)
    assert "asked a question" in (await house.refused(CmdletFailed, IMPORT)).sentence


async def test_what_completed_with_errors_did_not_go_well(house: House) -> None:
    def does(asked: Asked, voice: Voice) -> None:
        voice.error("First,Rgs.Import", "Erstens.", IMPORT.name)
        voice.error("Second,Rgs.Import", "Zweitens.", IMPORT.name)

    house.table.does[IMPORT.name] = does
    told = await house.refused(CmdletFailed, IMPORT)
    assert told.error_id == "First,Rgs.Import" and "2 errors" in told.sentence


async def test_reads_and_changes_have_a_connection_each_and_keep_it(house: House) -> None:
    house.table.held.clear()
    importing = asyncio.create_task(house.driver.invoke(B, IMPORT))
    await until(_later(lambda: house.driver.said(B) == f"{IMPORT.name}: Step 1"))
    assert await house.driver.invoke(B, READ) and await house.driver.invoke(B, READ)
    house.table.held.set()
    assert await importing == () and house.driver.said(B) == ""
    assert len(house.server.shells) == 2 and house.server.steps.count("Create") == 2
    await house.driver.close()
    assert not house.server.shells


async def test_a_session_is_renewed_before_the_server_has_had_enough(house: House) -> None:
    driver = house.driver_at(house.endpoint, pace=replace(QUICK, renewed_after=2))
    for _ in range(5):
        await driver.invoke(B, READ)
    assert house.server.steps.count("Create") == 3 and len(house.server.shells) == 1
    await driver.close()


async def test_a_read_that_takes_too_long_is_stopped(house: House) -> None:
    slow = replace(QUICK, read_s=1, change_s=1)
    driver = house.driver_at(house.endpoint, pace=slow)
    house.table.held.clear()
    with pytest.raises(OutcomeUnknown, match=r"longer than it may\. It is not running any more"):
        await driver.invoke(B, IMPORT)
    assert "Signal" in house.server.steps and house.table.ended[:1] == ["Get-Command"]
    await driver.close()


async def test_whoever_gives_up_stops_the_command(house: House) -> None:
    driver = house.driver_at(house.endpoint, pace=replace(QUICK, change_s=10 * PATIENCE_S))
    house.table.held.clear()
    importing = asyncio.create_task(driver.invoke(B, IMPORT))
    await house.table.begun.wait()
    importing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await importing
    await until(_later(lambda: "Signal" in house.server.steps))
    house.table.held.set()
    assert await driver.invoke(B, IMPORT) == ()
    await driver.close()


async def test_closing_waits_for_no_import(house: House) -> None:
    driver = house.driver_at(house.endpoint, pace=replace(QUICK, change_s=10 * PATIENCE_S))
    house.table.held.clear()
    importing = asyncio.create_task(driver.invoke(B, IMPORT))
    await house.table.begun.wait()
    async with asyncio.timeout(PATIENCE_S):
        await driver.close()
    with pytest.raises(OutcomeUnknown):
        await importing
    assert not house.server.shells


async def test_whoever_gives_up_while_a_session_opens_sends_nothing(house: House) -> None:
    house.server.troubles.append(Trouble("Opening", late(0.5), before=False))
    importing = asyncio.create_task(house.driver.invoke(B, IMPORT))
    await until(_later(lambda: "Create" in house.server.steps))
    importing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await importing
    assert await house.driver.invoke(B, IMPORT) == ()
    assert len(house.table.ran) == 1


async def test_the_next_server_is_tried_and_remembered(house: House, unused_tcp_port: int) -> None:
    nobody = replace(house.endpoint, port=unused_tcp_port)
    driver = house.driver_at(nobody, house.endpoint)
    await driver.invoke(B, READ)
    assert driver._lanes[B, False].servers == (house.endpoint, nobody)
    await driver.close()


async def test_a_wrong_password_is_tried_once(house: House) -> None:
    wrong = replace(house.endpoint, password="wrong-horse")
    driver = house.driver_at(wrong, replace(wrong, path="other"))
    with pytest.raises(NeverSent, match=r"refuses the account or its password\. Nothing was changed") as told:
        await driver.invoke(B, READ)
    assert told.value.sentence.count("refuses") == 1 and "horse" not in repr(told.value) + repr(wrong)
    await driver.close()


async def test_what_the_client_logs_is_silent(house: House, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        await house.driver.invoke(B, IMPORT)
        await house.driver.invoke(B, READ)
    names = {record.name.partition(".")[0] for record in caplog.records}
    assert not names & {"pypsrp", "spnego", "urllib3", "requests"}


def _later(holds: Callable[[], object]) -> Callable[[], object]:
    async def held() -> object:
        return holds()

    return held
