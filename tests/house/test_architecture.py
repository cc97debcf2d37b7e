"""The page about the house names only rooms, files and functions that are there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from inspect import signature
from pathlib import Path

from storage import keys

ROOT = Path(__file__).parents[2]
ROOMS = ("bot", "handlers", "storage", "tests")
PAGE = (ROOT / "ARCHITECTURE.md").read_text("utf-8")

FILE = re.compile(r"`((?:\w+/)*\w+\.(?:py|lua|toml))`")
SAID = re.compile(r"`((?:\w+\.)+\w+|_\w+|[A-Z]\w+)[`(]")

TAKEN = re.compile(r"<[^>]*>")


def test_the_table_of_what_lies_in_redis_has_every_key_and_no_other() -> None:
    table = re.search(r"## State in Redis.*?\n\n(.*?)\n\n", PAGE, re.DOTALL)
    assert table
    cells = [line.split("|")[1] for line in table[1].splitlines()[2:]]
    named = [TAKEN.sub("<>", name) for cell in cells for name in re.findall(r"`([^`]+)`", cell)]

    assert sorted(named) == sorted(_keys())


def _keys() -> Iterator[str]:
    for name, value in vars(keys).items():
        if name.isupper():
            yield value
        elif callable(value) and value.__module__ == keys.__name__:
            key = value(*("<>" for _ in signature(value).parameters))
            yield from (key,) if isinstance(key, str) else ()


def _block(title: str) -> list[str]:
    """The lines of the first block under this heading."""
    return PAGE.partition(f"\n## {title}\n")[2].partition("```\n")[2].partition("```")[0].splitlines()


def test_the_tree_of_rooms_has_every_room_and_no_other() -> None:
    named, above = set(), [""]
    for line in _block("Rooms"):
        name = line.split()[0]
        depth = (len(line) - len(line.lstrip())) // 2
        above[depth + 1 :] = [above[depth] + name]
        named.add(above[depth] + name)

    assert named == {*_rooms(), "tests/"}


def _rooms() -> Iterator[str]:
    """Every folder with code in it, and every module that stands by itself on a floor."""
    for floor in ("bot", "handlers", "storage"):
        yield f"{floor}/"
        for one in (ROOT / floor).rglob("*"):
            name = one.relative_to(ROOT).as_posix()
            inside = one.is_dir() and one.name != "__pycache__" and not name.startswith("bot/sandbox/")
            if inside and any(one.glob("*.*")):
                yield f"{name}/"
            elif one.parent.parent == ROOT and one.suffix == ".py" and one.stem != "__init__":
                yield name


def test_the_arrows_lead_between_all_rooms_and_no_others() -> None:
    named = {name for line in _block("Arrows") for name in re.findall(r"bot\.\w+", line[:44])}
    inside = ROOT / "bot"
    there = {f"bot.{one.stem}" for one in inside.iterdir() if one.suffix == ".py" or (one / "__init__.py").exists()}

    assert named == there - {"bot.__init__"}


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


def test_a_class_of_the_glossary_has_its_word_to_itself() -> None:
    glossary = PAGE.partition("## Glossary")[2].partition("\n## ")[0]
    classes = set(re.findall(r"`([A-Z]\w+)`", glossary))
    product = [file for room in ROOMS[:3] for file in (ROOT / room).rglob("*.py")]
    there = [name for file in product for name in re.findall(r"^class (\w+)", file.read_text("utf-8"), re.MULTILINE)]

    assert len(classes) > 20 and {name: there.count(name) for name in classes if there.count(name) != 1} == {}
