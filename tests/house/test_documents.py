"""The documents say what the code says, are short, and lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.__main__ import COMMANDS
from bot.runbooks import RUNBOOKS
from bot.runbooks.table import pages
from bot.settings.settings import file_table, table
from handlers import commands
from tests.scenarios.situations import section

ROOT = Path(__file__).parents[2]
README, CONFIGURATION, COMMAND_LINE, RUNBOOKS_PAGE, TYPED = (
    ROOT / name
    for name in (
        *("README.md", "docs/configuration.md", "docs/command-line.md", "docs/runbooks.md", "docs/commands.md"),
    )
)
PAGES = tuple(sorted((*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"))))
LONGEST_README = 150

FENCED = re.compile(r"^ *```.*?^ *```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"(?<!\\)\[[^\[\]]*(?:`[^`]*`)?[^\[\]]*\]\(([^()\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)

SHELL = re.compile(r"python -m bot ([a-z][a-z-]*)")
SLASH = re.compile(r"/rgs ([a-z][a-z-]*)")
MADE = re.compile(r"(?:`|^|\n)make ([a-z]+)\b")


def test_the_readme_is_read_in_one_go() -> None:
    assert README.read_text("utf-8").count("\n") <= LONGEST_README


def test_the_readme_leads_to_every_page() -> None:
    led = {target for target, _ in _links(README)}
    assert [page.name for page in PAGES if page not in led and page != README] == []


def test_the_page_of_the_configuration_has_the_table_of_every_setting() -> None:
    # Made by: python -c "from bot.settings.settings import *; print(table(), file_table(), sep='\n\n')"
    text = CONFIGURATION.read_text("utf-8")
    assert table() in text and file_table() in text


def test_the_page_of_the_runbooks_has_every_row_of_each() -> None:
    # Made by one line: python -c 'from bot.runbooks import *; from bot.runbooks.table import pages; from pathlib import
    # Path; from tests.scenarios.situations import section; p = Path("docs/runbooks.md"); head =
    # p.read_text("utf-8").partition("\n## ")[0].rstrip();
    # p.write_text(f"{head}\n\n{pages(RUNBOOKS.values())}\n\n{section()}\n", "utf-8")'
    _, _, tables = RUNBOOKS_PAGE.read_text("utf-8").partition("\n## ")
    assert f"## {tables}" == f"{pages(RUNBOOKS.values())}\n\n{section()}\n"


def test_the_page_of_the_command_line_names_every_command() -> None:
    text = COMMAND_LINE.read_text("utf-8")
    assert [command.name for command in COMMANDS if f"| `{command.name}` |" not in text] == []


def test_the_page_of_the_commands_names_every_subcommand() -> None:
    text = TYPED.read_text("utf-8")
    assert [row.name for row in commands.COMMANDS if f"| `/rgs {row.name}" not in text] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_to_a_file_and_a_heading_that_are_there(page: Path) -> None:
    lost = [
        f"{target.name}#{anchor}"
        for target, anchor in _links(page)
        if not target.exists() or (anchor and anchor not in _anchors(target))
    ]
    assert lost == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_is_named_is_there(page: Path) -> None:
    # What a recipe adds is there only where the recipe is applied (test_recipes.py).
    text = re.sub(r"^```python\n.*?^```$", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    shell, slash = {one.name for one in COMMANDS}, {one.name for one in commands.COMMANDS}
    made = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))

    for named, there in ((SHELL, shell), (SLASH, slash), (MADE, made)):
        assert set(named.findall(text)) - there == set(), named.pattern


def test_a_page_that_leads_nowhere_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# A `page` of mine\n\n[here](#a-page-of-mine), [`there`](other.md#x)\n\n```\n[no](link.md)\n```\n")

    assert list(_links(page)) == [(page, "a-page-of-mine"), (tmp_path / "other.md", "x")]
    assert _anchors(page) == {"a-page-of-mine"}


def _links(page: Path) -> Iterator[tuple[Path, str]]:
    """Where the page's links lead inside the repository: a file, and a heading of it or ""."""
    for link in LINK.findall(FENCED.sub("", page.read_text("utf-8"))):
        if not re.match(r"[a-z]+:", link):
            file, _, anchor = link.partition("#")
            yield (page.parent / file).resolve() if file else page, anchor


def _anchors(page: Path) -> set[str]:
    """The headings as GitHub writes them behind a #."""
    headings = HEADING.findall(FENCED.sub("", page.read_text("utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
