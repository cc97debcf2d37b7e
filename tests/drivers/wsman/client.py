"""The unmodified client, bare: what it makes of an answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pypsrp.complex_objects import GenericComplexObject, PSInvocationState
from pypsrp.powershell import PowerShell, RunspacePool
from pypsrp.wsman import WSMan as Client

from tests.drivers.wsman.recordings import Case, commands
from tests.drivers.wsman.server import ACCOUNT, PASSWORD, WSMan

_STATES = ("NOT_STARTED", "RUNNING", "STOPPING", "STOPPED", "COMPLETED", "FAILED")


@contextmanager
def pool(server: WSMan, password: str = PASSWORD, **more: Any) -> Iterator[RunspacePool]:
    with Client(
        "localhost",
        port=server.port,
        username=ACCOUNT,
        password=password,
        auth="ntlm",
        cert_validation=server.ca_file,
        no_proxy=True,
        **more,
    ) as client:
        opened = RunspacePool(client)
        opened.open()
        try:
            yield opened
        finally:
            opened.close()


def asked_again(opened: RunspacePool, case: Case) -> PowerShell:
    """The pipeline of a recording, as the client that was recorded was told it."""
    shell = PowerShell(opened)
    for text, is_script, arguments in commands(case):
        if is_script:
            shell.add_script(text)
        else:
            shell.add_cmdlet(text)
        for name, value in arguments:
            shell.add_parameter(name, opened._serializer.deserialize(value))
    return shell


def told(shell: PowerShell) -> dict[str, Any]:
    """What came of it, in the words of the recordings."""
    streams = shell.streams
    return {
        "state": [_STATES[shell.state]],
        "had_errors": shell.had_errors,
        "errors": [(error.fq_error, str(error), error.activity or "") for error in streams.error],
        "warnings": [warning.message for warning in streams.warning],
        "progress": [
            [one.activity, one.description, one.percent_complete, one.current_operation] for one in streams.progress
        ],
        "output": [plain(one) for one in shell.output],
        "information": len(streams.information),
    }


def recorded_as(case: Case) -> dict[str, Any]:
    """The same of a recording."""
    return {
        "state": case["state"],
        "had_errors": case["had_errors"],
        "errors": [(error["id"], error["text"], error["activity"]) for error in case["errors"]],
        "warnings": case["warnings"],
        "progress": case["progress"],
        "output": [said_name(one) for one in case["output"]],
        "information": len(case["information"]),
    }


def plain(value: Any) -> Any:
    """An object by its types, of which the recordings have two; bytes by how many they are."""
    if isinstance(value, GenericComplexObject):
        return value.types[:2]
    return f"bytes:{len(value)}" if isinstance(value, bytes) else value


def said_name(value: Any) -> Any:
    return value["types"] if isinstance(value, dict) and "types" in value else value


def is_over(shell: PowerShell) -> bool:
    return shell.state not in (PSInvocationState.NOT_STARTED, PSInvocationState.RUNNING)
