"""The stand-in server says to an unmodified client what a real PowerShell said: same request, same kind of answer."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from pypsrp.exceptions import AuthenticationError

from tests.drivers.wsman.client import asked_again, is_over, pool, recorded_as, told
from tests.drivers.wsman.recordings import again, recorded, sent
from tests.drivers.wsman.server import wsman
from tests.drivers.wsman.shells import Asked, Voice

STOPPED = ("stop", "stop-deaf")
CASES = [
    (name, case)
    for name in ("conversations", "constrained")
    for case in recorded(name)
    if case not in ("open", "objects-typedata-20", *STOPPED)
]


@pytest.mark.parametrize(("name", "key"), CASES, ids=lambda value: value)
async def test_a_recorded_conversation_goes_the_same_way_again(tmp_path: Path, name: str, key: str) -> None:
    case = recorded(name)[key]
    async with wsman(again(case), tmp_path) as server:

        def converse() -> dict[str, object]:
            with pool(server) as opened:
                shell = asked_again(opened, case)
                shell.invoke()
                return told(shell)

        found = await asyncio.to_thread(converse)
    expected = recorded_as(case)
    assert found == expected
    assert [step for step in server.steps if step != "Receive"] == ["Create", "Opening", "Command", "Delete"]


async def test_what_the_client_cannot_read_is_its_own_exception(tmp_path: Path) -> None:
    case = recorded("conversations")["objects-typedata-20"]
    async with wsman(again(case), tmp_path) as server:

        def converse() -> None:
            with pool(server) as opened:
                asked_again(opened, case).invoke()

        with pytest.raises(KeyError):
            await asyncio.to_thread(converse)


async def test_a_command_that_is_told_to_stop_ends_as_it_did(tmp_path: Path) -> None:
    case, heard = recorded("conversations")["stop"], asyncio.Event()

    async def answer(asked: Asked, voice: Voice) -> None:
        voice.progress("Failing over the pool", "Step 0", 0)
        heard.set()
        await asyncio.Event().wait()

    async with wsman(answer, tmp_path) as server:

        def converse() -> tuple[dict[str, object], bool]:
            with pool(server) as opened:
                shell = asked_again(opened, case)
                shell.begin_invoke()
                shell.poll_invoke()
                shell.stop()
                return told(shell), is_over(shell)

        found, over = await asyncio.to_thread(converse)
    assert heard.is_set() and over and found["state"] == case["state"] and found["errors"] == []
    assert server.steps[-2:] == ["Signal", "Delete"]


async def test_the_request_is_the_recorded_one_to_the_letter(tmp_path: Path) -> None:
    case = recorded("conversations")["both-sets"]
    asked: list[bytes] = []
    async with wsman(again(case), tmp_path) as server:

        def converse() -> None:
            with pool(server) as opened:
                pack = opened._fragmenter.fragment
                opened._fragmenter.fragment = lambda *it: asked.extend(found := pack(*it)) or found
                asked_again(opened, case).invoke()

        await asyncio.to_thread(converse)
    body = asked[0].decode("utf-8", "replace")
    assert re.sub(r"\s+", " ", sent(case)) in re.sub(r"\s+", " ", body)


async def test_nobody_gets_in_without_the_password(tmp_path: Path) -> None:
    async with wsman(again(recorded("conversations")["ok"]), tmp_path) as server:

        def converse() -> None:
            with pool(server, password="wrong"):
                pass

        with pytest.raises(AuthenticationError):
            await asyncio.to_thread(converse)
    assert server.steps == []
