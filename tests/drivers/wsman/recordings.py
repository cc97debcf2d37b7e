"""What a real PowerShell said, as it was recorded, said again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from tests.drivers.wsman.shells import Answers, Asked, Voice

_FOLDER = Path(__file__).parents[1] / "recordings"
Case = Mapping[str, Any]


@cache
def recorded(name: str) -> Mapping[str, Case]:
    """All cases of `conversations` (an ordinary endpoint) or `constrained` (one without a language)."""
    return json.loads((_FOLDER / f"{name}.json").read_text("utf-8"))


def said(case: Case) -> tuple[tuple[str, str], ...]:
    """What the server said, in order: the type of each message and its CliXml."""
    return tuple((one["type"], one["clixml"]) for one in case["messages"] if one["from"] == "server")


def sent(case: Case) -> str:
    """The CliXml by which the client asked for a pipeline."""
    return next(one["clixml"] for one in case["messages"] if one["type"] == "CREATE_PIPELINE")


def again(case: Case) -> Answers:
    """Whatever is asked, the server says what it said then."""

    async def answer(asked: Asked, voice: Voice) -> None:
        for kind, clixml in () if voice.is_over else said(case):
            voice.raw(kind, clixml)

    return answer


def commands(case: Case) -> tuple[tuple[str, bool, tuple[tuple[str | None, ElementTree.Element], ...]], ...]:
    """The commands of the pipeline: text, whether it is a script, and arguments by name as CliXml elements."""
    found = []
    for one in ElementTree.fromstring(sent(case)).iter("MS"):
        texts = {child.get("N"): child for child in one}
        if "Cmd" not in texts:
            continue
        arguments = [
            ({child.get("N"): child for child in pair}["N"].text, {child.get("N"): child for child in pair}["V"])
            for pair in texts["Args"].iter("MS")
        ]
        found.append((texts["Cmd"].text or "", texts["IsScript"].text == "true", tuple(arguments)))
    return tuple(found)
