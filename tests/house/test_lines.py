"""Lines that people run themselves are whole: at night nobody fills in what stands between angle brackets."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_TO_FILL_IN = re.compile(r"(?<![/\w ])<[a-z][a-z ]*>")


def test_no_line_of_a_runbook_has_anything_to_fill_in() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.value}"
        for path in sorted((ROOT / "bot" / "runbooks").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _TO_FILL_IN.search(node.value)
    ]
    assert not found
