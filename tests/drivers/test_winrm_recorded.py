"""What a real PowerShell said when it was recorded, as the driver takes it: by ids, and never as success."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from bot.domain.deployment.cmdlets import Cmdlet
from bot.domain.deployment.endpoints import Endpoint
from bot.domain.errors import CmdletFailed
from bot.drivers.winrm.driver import WinRM
from bot.drivers.winrm.objects import Rows
from bot.drivers.winrm.pace import Pace
from tests.drivers.wsman.recordings import again, commands, recorded, said
from tests.drivers.wsman.server import ACCOUNT, PASSWORD, wsman

B = "pool-b.contoso.com"
BOUND = {
    "wrong-parameter",
    "ambiguous-parameter",
    "missing-mandatory",
    "both-sets",
    "null-for-mandatory",
    "empty-for-mandatory",
    "text-for-number",
    "list-for-text",
    "text-for-switch",
    "unknown-cmdlet",
    "outside-range",
    "outside-set",
    "unknown-enum",
    "value-outside-pattern",
    "parameter-not-listed",
    "cmdlet-not-visible",
    "write-output",
    "function-bad",
}
"""Those in which the command that was sent was not bound, so that it did nothing."""

QUESTIONS = {"confirm-high-unanswered", "failover-unanswered"} | {
    f"ask-{kind}" for kind in ("ShouldContinue", "Choice", "ReadLine", "Credential", "Secure", "Prompt")
}
CASES = [
    (name, key)
    for name in ("conversations", "constrained")
    for key, case in recorded(name).items()
    if key != "open" and "stop" not in key.split("-")[:1] and not case["raised"] and not commands(case)[0][1]
]


def _plain(value: ElementTree.Element) -> Any:
    return value.text == "true" if value.tag == "B" else value.text or ""


async def taken(folder: Path, case: Any) -> CmdletFailed | None:
    """What the driver makes of it when the recorded command changes something."""
    text, _, arguments = commands(case)[0]
    async with wsman(again(case), folder) as server:
        endpoint = Endpoint(
            "localhost", ACCOUNT, PASSWORD, server.port, method="ntlm", ca_file=server.ca_file, front_end_of=B
        )
        driver = WinRM({B: (replace(endpoint, front_end_of=B),)}, Pace(mercy_s=1))
        try:
            # What reads is asked by a script of ours, which the recordings do not have.
            name = re.sub("^Get-", "Set-", text)
            await driver.invoke(B, Cmdlet(name, tuple((str(key), _plain(value)) for key, value in arguments if key)))
        except CmdletFailed as refusal:
            return refusal
        finally:
            await driver.close()
    return None


@pytest.mark.parametrize(("name", "key"), CASES, ids=lambda value: value)
async def test_a_recorded_answer_is_judged_by_its_error_stream(tmp_path: Path, name: str, key: str) -> None:
    case = recorded(name)[key]
    refusal = await taken(tmp_path, case)

    assert (refusal is not None) == (bool(case["errors"]) or key == "whatif")
    if refusal is not None:
        assert refusal.error_id in {error["id"] for error in case["errors"]} | {"NotSendable"}
        texts = {error["text"].strip() for error in case["errors"] if len(error["text"]) > 12}
        assert not any(text in refusal.sentence for text in texts)
    if refusal is not None and refusal.error_id != "NotSendable":
        named = re.sub("^Get-", "Set-", commands(case)[0][0]) == commands(case)[0][0]
        assert ("did not run: nothing was changed." in refusal.sentence) == (key in BOUND and named)
        assert ("asked a question" in refusal.sentence) == (key in QUESTIONS)


def test_objects_that_a_real_server_packed_are_unpacked() -> None:
    """A function at a constrained endpoint serialised a value, packed it and gave its bytes (facts: powershell §8)."""
    ((_, clixml),) = [one for one in said(recorded("constrained")["function"]) if one[0] == "PIPELINE_OUTPUT"]
    rows = Rows("Get-CsRgsWorkflow")
    batch = base64.b64decode(ElementTree.fromstring(clixml).text or "")
    rows.take(batch)
    assert [row["Name"] for row in rows.taken()]
