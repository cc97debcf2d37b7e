"""The whole way to a server, good and bad, with every log on: what signs in shows nowhere."""

from __future__ import annotations

import asyncio
import base64
import logging
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.domain.deployment.cmdlets import Cmdlet, cmdlet
from bot.domain.deployment.endpoints import PASSWORD as VARIABLE
from bot.domain.deployment.endpoints import Endpoint
from bot.domain.errors import CmdletFailed, DriverError, OutcomeUnknown, SignInRefused
from bot.domain.groups.groups import service
from bot.drivers.winrm.driver import WinRM
from bot.drivers.winrm.pace import Pace
from storage.embedded import start
from tests.drivers.wsman import troubles
from tests.drivers.wsman.server import ACCOUNT, PASSWORD, wsman
from tests.drivers.wsman.table import Table
from tests.drivers.wsman.troubles import Trouble

B = "pool-b.contoso.com"
IMPORT = cmdlet("Import-CsRgsConfiguration", Destination=service(B), FileName="C:\\Switchback\\a.zip")
EXPORT = cmdlet("Export-CsRgsConfiguration", Source=service(B), FileName="C:\\Switchback\\b.zip")
READ = cmdlet("Get-CsRgsQueue", Identity=service(B))
PACE = Pace(connect_s=5, open_s=10, operation_s=2, silence_s=2, poll_s=0.5, read_s=10, change_s=10, mercy_s=1)
WRONG = "Hush-Horse-8-battery"
PROC = Path("/proc/self")


def spellings(secret: str) -> set[str]:
    """As text, and as those write it who hand it on."""
    wide = secret.encode("utf-16-le")
    coded = (base64.b64encode(data).decode().rstrip("=") for data in (secret.encode(), wide, f":{secret}".encode()))
    return {secret, repr(wide)[2:-1], wide.hex(), secret.encode().hex(), *coded}


def everything(error: BaseException | None) -> Iterator[str]:
    """All that an exception holds: what was raised before it, its fields, and what stood in every frame."""
    if error is not None:
        whole = traceback.TracebackException.from_exception(error, capture_locals=True)
        yield from (*whole.format(), repr(error), str(error), repr(vars(error)))
        yield from everything(error.__cause__)
        yield from everything(error.__context__)


def shown_by_processes() -> Iterator[str]:
    """The arguments of this process, and arguments and environment of all that it started."""
    yield (PROC / "cmdline").read_text("utf-8", "replace")
    for task in PROC.glob("task/*/children"):
        waiting = task.read_text().split()
        while waiting:
            one = Path("/proc") / waiting.pop()
            yield from ((one / name).read_text("utf-8", "replace") for name in ("cmdline", "environ"))
            waiting += (one / "task" / one.name / "children").read_text().split()


async def met(driver: WinRM, command: Cmdlet, kind: type[DriverError]) -> list[str]:
    with pytest.raises(kind) as told:
        await driver.invoke(B, command)
    assert type(told.value) is kind
    return list(everything(told.value))


@pytest.mark.skipif(not PROC.exists(), reason="Only Linux shows what processes were given.")
@pytest.mark.parametrize("is_in_a_file", [False, True], ids=["in the settings", "in a file"])
async def test_what_signs_in_shows_nowhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, is_in_a_file: bool
) -> None:
    def known(secret: str) -> dict[str, Any]:
        (tmp_path / secret[:4]).write_text(f"{secret}\n")
        return {"password_file": str(tmp_path / secret[:4])} if is_in_a_file else {"password": secret}

    monkeypatch.setenv(VARIABLE, PASSWORD)
    table, texts = Table(), list[str]()
    table.does[EXPORT.name] = lambda asked, voice: voice.fails("NamedParameterNotFound,Rgs", "Nein.", EXPORT.name)
    with caplog.at_level(logging.DEBUG):
        async with wsman(table, tmp_path / "server") as server:
            to = Endpoint("localhost", ACCOUNT, "", server.port, method="ntlm", ca_file=server.ca_file)
            good, bad = replace(to, **known(PASSWORD)), replace(to, **known(WRONG))
            for method in ("ntlm", "negotiate"):
                driver = WinRM({B: (replace(bad, method=method),)}, PACE)
                texts += await met(driver, READ, SignInRefused)
                texts += await met(driver, READ, SignInRefused)
                await driver.close()
            driver = WinRM({B: (good,)}, PACE)
            await driver.invoke(B, READ)
            texts += await met(driver, EXPORT, CmdletFailed)
            await server.hang_up()
            server.troubles.append(Trouble("Receive", troubles.cut))
            texts += await met(driver, IMPORT, OutcomeUnknown)
            await driver.invoke(B, READ)
            lanes = tuple(driver._lanes.values())
            held = (
                good,
                bad,
                driver,
                vars(driver),
                *lanes,
                *map(vars, lanes),
                *(vars(lane._line.wire) for lane in lanes if lane._line.wire),
            )
            texts += [*map(repr, held), *map(str, held)]
            redis = await start(tmp_path / "redis")
            texts += await asyncio.to_thread(lambda: list(shown_by_processes()))
            await redis.close()
            await driver.close()
            assert len(server.visitors.came) >= 3 and server.visitors.refused == 2
    texts += [caplog.text, *(repr(vars(record)) for record in caplog.records)]

    assert any("refuses the account" in text for text in texts) and any("appendonly" in text for text in texts)
    secrets = {spelling for secret in (PASSWORD, WRONG) for spelling in spellings(secret)}
    assert not [text for text in texts for secret in secrets if secret in text]
