"""The few texts that run as script: constant, in the language of Windows PowerShell 3, and sent from one place."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from bot.domain.deployment.cmdlets import CMDLETS
from bot.drivers.winrm.calls import Script
from tests.drivers.wsman.powershell import parsed

ROOM = Path(__file__).parents[2] / "bot" / "drivers" / "winrm"

LATER = ("::new(", "AsByteStream", "ToHexString", "using namespace", "class ", "??", "?.", " -NoEnumerate", "&&", "||")
"""What 3.0 does not have yet (facts: powershell §9)."""


@pytest.mark.parametrize("script", Script, ids=lambda one: one.name)
def test_a_script_is_whole_and_old_enough(script: Script) -> None:
    text = script.value
    parsed(text)
    assert text.startswith("param(")
    assert not [word for word in LATER if word in text]
    assert "Invoke-Expression" not in text and "ScriptBlock" not in text


@pytest.mark.parametrize("script", Script, ids=lambda one: one.name)
def test_every_parameter_is_typed_and_none_is_in_a_text_that_is_run(script: Script) -> None:
    head = script.value[: re.search(r"\)\n", script.value).end()]
    names = set(re.findall(r"\$(\w+)", head))
    assert names and all(re.search(rf"\[\w+(\[\])?\]\${name}\b", head) for name in names)
    body = script.value[len(head) :]
    assert re.findall(r"& (\S+)", body.replace("& $pack", "")) == (["$Command"] if script is Script.WHOLE else [])


def test_only_what_reads_is_read_whole() -> None:
    listed = re.search(r"ValidateSet\((.*)\)", Script.WHOLE.value)
    assert re.findall(r"'([\w-]+)'", listed[1]) == [name for name in CMDLETS if name.startswith("Get-")]


def test_script_text_is_sent_from_one_place_and_is_one_of_them() -> None:
    sent = []
    for file in sorted(ROOM.glob("*.py")):
        calls = (node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call))
        named = ((node, node.func) for node in calls if isinstance(node.func, ast.Attribute))
        sent += [ast.unparse(node) for node, func in named if func.attr in ("add_script", "Command")]
    assert sent == ["shell.add_script(call.what.value)"]
