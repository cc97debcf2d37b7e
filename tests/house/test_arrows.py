"""Imports go downward only, and the ground floor is pure."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]

# What a pure function has no use for: clocks, chance, files, sockets, processes, threads, the event loop.
WORLDLY = frozenset(
    """asyncio concurrent ctypes glob http io logging multiprocessing os pathlib random secrets shutil signal
    socket sqlite3 ssl subprocess sys tempfile threading time urllib zoneinfo""".split()  # noqa: SIM905
)
WORLDLY_CALLS = frozenset({"now", "utcnow", "today", "open", "print", "input", "getenv", "uuid1", "uuid4"})


def imported(tree: ast.AST) -> Iterator[str]:
    """The first names of everything that is imported, such as `bot` or `dataclasses`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def called(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute | ast.Name):
            yield node.func.attr if isinstance(node.func, ast.Attribute) else node.func.id


def test_imports_go_downward_only() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    ended = subprocess.run([linter, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_domain_uses_only_the_standard_library_and_nothing_of_the_world() -> None:
    allowed = (sys.stdlib_module_names - WORLDLY) | {"bot"}
    found = {}
    for file in sorted((ROOT / "bot" / "domain").rglob("*.py")):
        tree = ast.parse(file.read_text("utf-8"))
        found[file.name] = (set(imported(tree)) - allowed) | (WORLDLY_CALLS & set(called(tree)))
    assert len(found) > 10 and not any(found.values()), {name: words for name, words in found.items() if words}
