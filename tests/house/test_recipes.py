"""The recipes of CONTRIBUTING.md work: each is followed to the letter in a copy of the house, and its commands pass."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
ROOMS = ("bot", "handlers", "storage", "tests", "docs")

FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
WHERE = re.compile(
    r"(?:a new file, |in )`(?P<file>[^`]+)`"
    r"(?:,\s(?P<place>at the end|beside the imports|(?:after|before|instead of) `(?P<line>[^`]+)`))?:$",
    re.IGNORECASE,
)
IMPORTS = "from __future__ import annotations"
RUN = {".venv/bin/pytest": ("-m", "pytest", "-q", "-p", "no:cacheprovider"), ".venv/bin/python": ()}


@dataclass(frozen=True, slots=True)
class Block:
    """Something to be put into `file`: at a place that `line` is a part of, or as a whole new file."""

    file: str
    place: str
    line: str
    text: str

    def put_into(self, house: Path) -> None:
        file = house / self.file
        if not self.place:
            assert not file.exists(), f"{self.file} is there already"
            file.write_text(self.text, "utf-8")
            return
        lines = file.read_text("utf-8").splitlines(keepends=True)
        if self.place == "at the end":
            lines += ["\n\n", self.text]
        else:
            at, through = self._where(lines)
            lines[at:through] = [self.text]
        file.write_text("".join(lines), "utf-8")

    def _where(self, lines: list[str]) -> tuple[int, int]:
        """Which lines give way: none, unless the block stands instead of one."""
        wanted = IMPORTS if self.place == "beside the imports" else self.line
        found = [number for number, line in enumerate(lines) if wanted in line]
        assert len(found) == 1, f"{wanted!r} stands in {len(found)} lines of {self.file}"
        return found[0] + (not self.place.startswith(("before", "instead"))), found[0] + (
            not self.place.startswith("before")
        )


@dataclass(frozen=True, slots=True)
class Recipe:
    title: str
    blocks: tuple[Block, ...]
    commands: tuple[str, ...]

    def followed(self, house: Path) -> subprocess.CompletedProcess[str]:
        """In a copy of everything; what the first command that fails, else the last one, ended with."""
        for room in ROOMS:
            shutil.copytree(ROOT / room, house / room, ignore=shutil.ignore_patterns("__pycache__"))
        for file in ROOT.glob("*.*"):
            if file.is_file():
                shutil.copy(file, house)
        for block in self.blocks:
            block.put_into(house)
        ended = None
        for command in self.commands:
            program, *rest = shlex.split(command)
            argv = [sys.executable, "-B", *RUN[program], *rest]
            ended = subprocess.run(argv, cwd=house, capture_output=True, text=True, timeout=300)
            if ended.returncode:
                break
        assert ended is not None, "a recipe without a command shows nothing"
        return ended


def _recipes(page: str) -> Iterator[Recipe]:
    section = re.search(r"^## Recipes\n(.*?)^## ", page, re.DOTALL | re.MULTILINE)
    assert section
    for part in re.split(r"^### ", section[1], flags=re.MULTILINE)[1:]:
        title, _, text = part.partition("\n")
        blocks, commands, pieces = [], [], FENCED.split(text)
        for before, language, inside in zip(pieces[::3], pieces[1::3], pieces[2::3], strict=False):
            if language:
                where = WHERE.search(" ".join(before.split()))
                assert where, f"{title}: nothing says where this goes:\n{inside}"
                blocks.append(Block(where["file"], where["place"] or "", where["line"] or "", inside))
            else:
                commands += inside.splitlines()
        yield Recipe(title, tuple(blocks), tuple(commands))


RECIPES = tuple(_recipes(PAGE))


def test_every_recipe_says_where_its_blocks_go_and_how_to_see_that_it_works() -> None:
    assert len(RECIPES) >= 6 and all(recipe.blocks and recipe.commands for recipe in RECIPES)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.title)
def test_following_a_recipe_works(recipe: Recipe, tmp_path: Path) -> None:
    ended = recipe.followed(tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_a_recipe_that_lacks_something_is_seen(tmp_path: Path) -> None:
    recipe = next(one for one in RECIPES if one.title == "A check")
    assert replace(recipe, blocks=recipe.blocks[1:]).followed(tmp_path).returncode
