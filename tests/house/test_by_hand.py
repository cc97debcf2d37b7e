"""Failover and failback are manual, always: nothing starts a run but people and the schedules of copies (seed 004)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PRODUCT = ("bot", "handlers", "storage")
COPIES = {"backup", "companion"}
"""What a schedule may have taken by itself."""


def calls(*rooms: str) -> Iterator[tuple[str, ast.Call]]:
    for file in sorted(file for room in rooms for file in (ROOT / room).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                yield file.relative_to(ROOT).as_posix(), node


def taken(call: ast.Call) -> str:
    """The runbook of a schedule; without one it is a backup."""
    given = [*call.args[3:4], *(one.value for one in call.keywords if one.arg == "runbook")]
    return ast.literal_eval(given[0]) if given else "backup"


def test_only_what_answers_people_starts_a_run() -> None:
    starting = {file for file, call in calls(*PRODUCT) if ast.unparse(call.func).endswith("engine.start")}
    assert starting and all(file.startswith("handlers/") for file in starting), starting


def test_the_schedules_take_copies_only() -> None:
    slots = {file for file, call in calls(*PRODUCT) if ast.unparse(call.func).endswith(".start_slot")}
    assert slots == {"bot/app.py"}
    schedules = [call for _, call in calls(*PRODUCT) if ast.unparse(call.func) == "Schedule"]
    assert {taken(call) for call in schedules} == COPIES


def test_the_rules_themselves_are_awake() -> None:
    (call,) = (node for node in ast.walk(ast.parse('Schedule(a, b, c, "failover")')) if isinstance(node, ast.Call))
    assert taken(call) == "failover"
