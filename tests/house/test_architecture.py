"""The page about the house names only rooms, files and functions that are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("bot", "handlers", "storage", "tests")
PAGE = (ROOT / "ARCHITECTURE.md").read_text("utf-8")

FILE = re.compile(r"`((?:\w+/)*\w+\.(?:py|lua|toml))`")
SAID = re.compile(r"`((?:\w+\.)+\w+|_\w+|[A-Z]\w+)[`(]")


def test_every_file_that_the_page_names_is_there() -> None:
    named = set(FILE.findall(PAGE))
    missing = {name for name in named if not any((ROOT / room / name).exists() for room in ("", "bot", "bot/domain"))}
    assert len(named) > 10 and not missing


def test_every_function_and_class_that_the_page_names_is_there() -> None:
    code = "\n".join(file.read_text("utf-8") for room in ROOMS for file in (ROOT / room).rglob("*.py"))
    there = set(re.findall(r"(?:def|class) (\w+)", code)) | {file.stem for file in ROOT.glob("*/**/*.py")}
    there |= {folder.name for folder in ROOT.glob("bot/*")}
    named = {name.rpartition(".")[2] for name in SAID.findall(PAGE) if not FILE.fullmatch(f"`{name}`")}
    assert len(named) > 20 and not named - there
