"""The documents say what the code says."""

from __future__ import annotations

from pathlib import Path

from bot.__main__ import COMMANDS
from bot.settings.settings import file_table, table

README = Path(__file__).parents[2] / "README.md"


def test_the_readme_has_the_table_of_every_setting() -> None:
    # Made by: python -c "from bot.settings.settings import *; print(table(), file_table(), sep='\n\n')"
    text = README.read_text("utf-8")
    assert table() in text and file_table() in text


def test_the_readme_names_every_command() -> None:
    text = README.read_text("utf-8")
    assert [command.name for command in COMMANDS if f"bot {command.name}" not in text] == []
