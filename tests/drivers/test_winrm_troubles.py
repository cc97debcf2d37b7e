"""Every trouble on the way, at every step of an import: never a second one, never a false success, never a hang."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from bot.domain.deployment.cmdlets import Cmdlet, cmdlet
from bot.domain.errors import DriverError, NeverSent, OutcomeUnknown, SignInRefused
from bot.domain.groups.groups import service
from bot.drivers.winrm.driver import WinRM
from bot.drivers.winrm.pace import Pace
from tests.drivers.wsman import soap, troubles
from tests.drivers.wsman.server import PASSWORD, wsman
from tests.drivers.wsman.table import Table
from tests.drivers.wsman.troubles import Does, Trouble
from tests.patience import PATIENCE_S, until

B = "pool-b.contoso.com"
IMPORT = cmdlet("Import-CsRgsConfiguration", Destination=service(B), FileName="C:\\Switchback\\a.zip")
LARGE = cmdlet("Import-CsRgsConfiguration", Destination=service(B), FileName="x" * 1_200_000)
READ = cmdlet("Get-CsRgsQueue", Identity=service(B))
PACE = Pace(
    connect_s=5, open_s=8, operation_s=2, silence_s=4, poll_s=0.5, read_s=10, change_s=14, mercy_s=1, envelope=512_000
)
LIMIT_S = PACE.change_s + 10 * PACE.mercy_s + PATIENCE_S

DOES: dict[str, Does] = {
    "cut": troubles.cut,
    "half": troubles.half,
    "garbled": troubles.garbled,
    "mute": troubles.mute,
    "drip": troubles.drip,
    "nonsense": troubles.nonsense,
    "other": troubles.other,
    "empty": troubles.empty,
    **{str(code): troubles.status(code) for code in (400, 401, 403, 404, 413, 500, 502, 503)},
    **{f"fault {code}": troubles.fault(code) for code in (5, 995, soap.NO_SHELL, soap.TOO_MANY_COMMANDS)},
    "fault in 200": troubles.fault(5, http=200),
    "nothing yet": troubles.fault(soap.NOTHING_YET),
    "elsewhere": troubles.redirect(9),
}
CERTAIN = {"413", "fault 5", f"fault {soap.NO_SHELL}", f"fault {soap.TOO_MANY_COMMANDS}"}
"""By these at Command the server itself says that it did not begin; a status 401 does, too, unless NTLM takes it up."""


@dataclass(frozen=True)
class Met:
    """What came of one import."""

    trouble: str
    error: DriverError | None
    imports: int
    is_running: bool
    seconds: float


async def met(folder: Path, name: str, at: str, before: bool, command: Cmdlet, times: int = 1) -> Met:
    table = Table()
    async with wsman(table, folder) as server:
        endpoint = server.endpoint()
        driver, error, begun = WinRM({B: (endpoint,)}, PACE), None, time.monotonic()
        server.troubles.append(Trouble(at, DOES[name], before, times))
        try:
            await driver.invoke(B, command)
        except DriverError as raised:
            error = raised
        seconds = time.monotonic() - begun
        imports = sum(one.text == IMPORT.name for one in table.ran)
        running = imports > table.ended.count(IMPORT.name)
        await driver.close()
    return Met(name, error, imports, running, seconds)


async def all_met(folder: Path, at: str, before: bool, command: Cmdlet, without: tuple[str, ...] = ()) -> list[Met]:
    names = [name for name in DOES if name not in without]
    return await asyncio.gather(*(met(folder / name.replace(" ", "-"), name, at, before, command) for name in names))


def held(found: list[Met]) -> None:
    """What holds wherever it strikes."""
    for one in found:
        assert one.imports <= 1 and one.seconds < LIMIT_S, one
        assert one.error is not None or one.imports == 1, one
        assert type(one.error) in (type(None), NeverSent, SignInRefused, OutcomeUnknown), one
        assert not isinstance(one.error, NeverSent) or one.imports == 0, one
        assert not one.is_running, one
        assert one.error is None or "Import-CsRgsConfiguration" in one.error.sentence, one


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("at", ["Create", "Opening"])
async def test_nothing_was_sent_while_a_session_did_not_open(tmp_path: Path, at: str, before: bool) -> None:
    found = await all_met(tmp_path, at, before, IMPORT)
    held(found)
    assert not [one for one in found if isinstance(one.error, OutcomeUnknown)]


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("at", ["First part", "Part"])
async def test_a_large_command_has_not_begun_before_its_last_part(tmp_path: Path, at: str, before: bool) -> None:
    found = await all_met(tmp_path, at, before, LARGE, without=("mute", "drip"))
    held(found)
    assert not [one for one in found if isinstance(one.error, OutcomeUnknown)]


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize(("at", "command"), [("Command", IMPORT), ("Send", LARGE)], ids=["Command", "Send"])
async def test_where_it_may_have_begun_nobody_claims_to_know(
    tmp_path: Path, at: str, command: Cmdlet, before: bool
) -> None:
    """What the server itself refuses never begins; where it did after all, the refusal was no server's."""
    without = () if before else ("401", *CERTAIN)
    found = await all_met(tmp_path, at, before, command, without)
    held(found)
    for one in found:
        if one.trouble not in {*CERTAIN, "401"}:
            assert isinstance(one.error, OutcomeUnknown) and one.imports == (0 if before else 1), one
        else:
            assert isinstance(one.error, NeverSent | None), one


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
async def test_once_it_runs_a_lost_answer_is_never_taken_for_an_end(tmp_path: Path, before: bool) -> None:
    found = await all_met(tmp_path, "Receive", before, IMPORT)
    held(found)
    for one in found:
        assert one.imports == 1, one
        if one.trouble not in ("nothing yet", "401"):
            assert isinstance(one.error, OutcomeUnknown) and "not running any more" in one.error.sentence, one


@pytest.mark.parametrize(("at", "before"), [("Command", False), ("Receive", True), ("Receive", False)])
async def test_nobody_is_told_that_it_is_unknown_while_it_still_runs(tmp_path: Path, at: str, before: bool) -> None:
    table = Table()
    table.held.clear()
    async with wsman(table, tmp_path) as server:
        endpoint = server.endpoint()
        driver = WinRM({B: (endpoint,)}, replace(PACE, change_s=PATIENCE_S))
        server.troubles.append(Trouble(at, troubles.cut, before))
        importing = asyncio.create_task(driver.invoke(B, IMPORT))

        async def asked_whether_it_runs() -> bool:
            return server.steps.count("Command") == 2

        await until(asked_whether_it_runs)
        assert not importing.done() and table.ended == []
        table.held.set()
        with pytest.raises(OutcomeUnknown, match="not running any more"):
            await importing
        assert table.ended == [IMPORT.name, "Get-Command"]
        await driver.close()


@pytest.mark.parametrize("at", ["Command", "Receive"])
async def test_a_read_is_asked_anew(tmp_path: Path, at: str) -> None:
    for name in ("cut", "half", "500", "other"):
        found = await met(tmp_path / name, name, at, False, READ)
        assert found.error is None, found
        found = await met(tmp_path / name, name, at, False, READ, times=2)
        assert isinstance(found.error, OutcomeUnknown) and "nothing was changed" in found.error.sentence


@pytest.mark.parametrize("name", ["mute", "drip", "cut", "empty", "fault in 200"])
@pytest.mark.parametrize("at", ["Signal", "Delete"])
async def test_nothing_hangs_at_a_server_that_is_deaf_to_the_end(tmp_path: Path, at: str, name: str) -> None:
    table = Table()
    table.held.clear()
    async with wsman(table, tmp_path) as server:
        endpoint = server.endpoint()
        driver = WinRM({B: (endpoint,)}, replace(PACE, change_s=1, silence_s=PATIENCE_S))
        server.troubles.append(Trouble(at, DOES[name], times=100))
        begun = time.monotonic()
        with pytest.raises(OutcomeUnknown, match="longer than it may") as told:
            await driver.invoke(B, IMPORT)
        await driver.close()
        assert time.monotonic() - begun < LIMIT_S
        assert ("may still be running" in told.value.sentence) == (at == "Signal")


async def test_a_challenge_without_end_ends(tmp_path: Path) -> None:
    async with wsman(Table(), tmp_path) as server:
        endpoint = server.endpoint()
        driver, server.challenges_for_ever = WinRM({B: (endpoint,)}, replace(PACE, change_s=1)), True
        begun = time.monotonic()
        with pytest.raises(NeverSent):
            await driver.invoke(B, IMPORT)
        await driver.close()
        assert time.monotonic() - begun < LIMIT_S


async def test_a_redirect_takes_nothing_along(tmp_path: Path) -> None:
    other, one = Table(), Table()
    async with wsman(other, tmp_path / "a") as there, wsman(one, tmp_path / "b") as here:
        endpoint = here.endpoint()
        driver = WinRM({B: (endpoint,)}, PACE)
        here.troubles.append(Trouble("Command", troubles.redirect(there.port)))
        with pytest.raises(OutcomeUnknown, match="another address"):
            await driver.invoke(B, IMPORT)
        assert there.connections == 0 and not other.asked
        await driver.close()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"configuration": "Switchback"}, "no session configuration of this name"),
        ({"host": "no-such-host.invalid"}, "its name is not known"),
        ({"ca_file": "/nowhere/ca.pem"}, "the file with the authority"),
        ({"ca_file": ""}, "its certificate is not to be trusted"),
        ({"host": "127.0.0.2"}, "its certificate is not to be trusted|does not answer"),
    ],
    ids=str,
)
async def test_why_there_is_no_session_has_its_sentence(tmp_path: Path, change: dict[str, str], words: str) -> None:
    async with wsman(Table(), tmp_path) as server:
        endpoint = server.endpoint()
        driver = WinRM({B: (replace(endpoint, **change),)}, PACE)
        with pytest.raises(NeverSent, match=words) as told:
            await driver.invoke(B, IMPORT)
        assert PASSWORD not in repr(told.value) and told.value.__context__ is None
        await driver.close()
