"""The rules of the house that a machine can hold: size, a word at every door, clean lint, no mocks, no silence."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_type_hints

import pytest

from bot.stores import Stores

ROOT = Path(__file__).parents[2]
ROOMS = ("bot", "handlers", "storage", "tests")
LONGEST_FILE, LONGEST_TEST_FILE, LONGEST_FUNCTION = 400, 500, 50

Rule = Callable[[str, ast.Module, bool], Iterator[str]]
"""Given a file's text, its tree and whether it is a test, says what breaks the rule."""


def every_file_is_read_in_one_go(text: str, tree: ast.Module, is_test: bool) -> Iterator[str]:
    lines = text.count("\n")
    if lines > (LONGEST_TEST_FILE if is_test else LONGEST_FILE):
        yield f"{lines} lines"


def every_function_is_held_in_mind(text: str, tree: ast.Module, is_test: bool) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not is_test:
            lines = node.end_lineno - node.lineno + 1
            if lines > LONGEST_FUNCTION:
                yield f"{node.name}: {lines} lines"


def every_module_says_what_it_is_for(text: str, tree: ast.Module, is_test: bool) -> Iterator[str]:
    if text and not (ast.get_docstring(tree) or "").partition("\n")[0].endswith((".", ":")):
        yield "no sentence at its top"


def nothing_is_mocked(text: str, tree: ast.Module, is_test: bool) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = {alias.name for alias in node.names} | {getattr(node, "module", None) or ""}
            if any("mock" in name.lower() for name in names):
                yield f"line {node.lineno}"


def no_error_is_swallowed_whole(text: str, tree: ast.Module, is_test: bool) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler):
            everything = node.type is None or ast.unparse(node.type) in ("Exception", "BaseException")
            if everything and all(isinstance(line, ast.Pass | ast.Continue) for line in node.body):
                yield f"line {node.lineno}"


RULES = (
    every_file_is_read_in_one_go,
    every_function_is_held_in_mind,
    every_module_says_what_it_is_for,
    nothing_is_mocked,
    no_error_is_swallowed_whole,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_in_this_house(rule: Rule) -> None:
    broken = []
    for file in sorted(file for room in ROOMS for file in (ROOT / room).rglob("*.py")):
        name, text = file.relative_to(ROOT), file.read_text("utf-8")
        broken += [f"{name}: {fault}" for fault in rule(text, ast.parse(text), name.parts[0] == "tests")]
    assert broken == []


@pytest.mark.parametrize("command", [("check",), ("format", "--check")], ids=" ".join)
def test_ruff_is_content(command: tuple[str, ...]) -> None:
    ruff = Path(sys.executable).with_name("ruff")
    argv = [ruff, *command, "--no-cache", *ROOMS]
    ended = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stdout + ended.stderr


BAD = """
from unittest import mock
try:
    mock.patch
except Exception:
    pass
"""


def test_the_rules_themselves_are_awake() -> None:
    tree, long = ast.parse(BAD), "x = 1\n" * (LONGEST_FILE + 1)
    function = ast.parse("def long():\n" + "    x = 1\n" * LONGEST_FUNCTION)
    assert list(every_file_is_read_in_one_go(long, ast.parse(long), False)) and not list(
        every_file_is_read_in_one_go(long, ast.parse(long), True)
    )
    assert list(every_function_is_held_in_mind("", function, False)) == [f"long: {LONGEST_FUNCTION + 1} lines"]
    for rule in (every_module_says_what_it_is_for, nothing_is_mocked, no_error_is_swallowed_whole):
        assert list(rule(BAD, tree, False)), rule.__name__


def test_redis_is_asked_for_its_time_in_one_place() -> None:
    asked = []
    for file in sorted(file for room in ("bot", "handlers", "storage") for file in (ROOT / room).rglob("*.py")):
        awaited = (node.value for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Await))
        asked += [str(file.relative_to(ROOT)) for call in awaited if ast.unparse(call).endswith(".time()")]
    assert asked == ["storage/redis_time.py"]


def test_what_is_kept_is_opened_in_one_place() -> None:
    stores = {kind.__name__ for kind in get_type_hints(Stores).values()} - {"Redis"}
    opened = []
    for file in sorted(file for room in ("bot", "handlers") for file in (ROOT / room).rglob("*.py")):
        calls = (node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call))
        opened += [
            f"{file.relative_to(ROOT)}: {call.func.id}"
            for call in calls
            if isinstance(call.func, ast.Name) and call.func.id in stores
        ]
    assert len(opened) == len(stores) and all(one.startswith("bot/stores.py: ") for one in opened), opened
