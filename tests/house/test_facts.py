"""What rows leave for later rows is declared once, so that a misspelt one fails the build."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DECIDES = ("bot/runbooks", "bot/domain/runs")
"""Where facts are written; everywhere they are read by their declaration only."""


def text(node: ast.AST | None) -> bool:
    return isinstance(node, ast.Constant | ast.JoinedStr)


def by_hand(node: ast.AST | None) -> bool:
    """A mapping whose keys are spelt out."""
    return isinstance(node, ast.Dict) and any(text(key) for key in node.keys)


def read_by_name(tree: ast.AST) -> Iterator[int]:
    """`run.fact("…")`, `run.facts["…"]`, `run.facts.get("…")`, and the same of what was carried."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and text(node.slice) and is_facts(node.value):
            yield node.lineno
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args and text(node.args[0]):
            by_name = node.func.attr == "fact" or (node.func.attr == "get" and is_facts(node.func.value))
            yield from [node.lineno] if by_name else []


def is_facts(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr in ("facts", "carry")


def written_by_name(tree: ast.AST) -> Iterator[int]:
    """Facts in a verdict, a choice, a plan or a row, and the field of a form that becomes one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and by_hand(node.value):
            if any(isinstance(one, ast.Name) and one.id == "facts" for one in node.targets):
                yield node.lineno
        elif isinstance(node, ast.Call):
            named = ast.unparse(node.func)
            facts = [one.value for one in node.keywords if one.arg in ("facts", "accepted")]
            facts += node.args[3:4] if named in ("Choice", "Verdict", "Plan") else []
            if any(by_hand(one) for one in facts) or (named == "Field" and node.args and text(node.args[0])):
                yield node.lineno


def lines(rooms: tuple[str, ...], rule: Callable[[ast.AST], Iterator[int]]) -> list[str]:
    files = sorted(file for room in rooms for file in (ROOT / room).rglob("*.py"))
    return [f"{file.relative_to(ROOT)}:{line}" for file in files for line in rule(ast.parse(file.read_text("utf-8")))]


def test_no_fact_is_read_by_its_name() -> None:
    assert lines(("bot", "handlers", "storage"), read_by_name) == []


def test_no_fact_is_written_by_its_name() -> None:
    found = [line for line in lines(DECIDES, written_by_name) if not line.startswith("bot/domain/runs/press.py")]
    assert found == [], "press.py has the form of abandoning, which becomes no fact"


def test_the_rules_themselves_are_awake() -> None:
    read = ast.parse('run.fact("moved")\nrun.facts["moved"]\nrun.facts.get("moved")\nrecord.carry.get("imported")')
    assert list(read_by_name(read)) == [1, 2, 3, 4]
    written = 'Verdict(1, "", (), {"a": 1})\nChoice("", "", "", facts={"a": 1})\nfacts = {"a": 1}\nField("a", "")'
    assert sorted(written_by_name(ast.parse(written))) == [1, 2, 3, 4]
