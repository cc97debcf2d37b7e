"""Every statement of the five seed documents stands beside the tests that cover it (tests/data/seeds, a page each).

A statement is a sentence that says must, should, need, have to, cannot, required, recommended, be sure or verify, or
says what is lost or what can be done ahead; a step of a procedure; an assumption; a NOTE, IMPORTANT, CAUTION or TIP box
as a whole; each bullet of a cell of 002 (the three equal notes there once); and a page of 004's list, whose procedure
has to be walkable. So counted 000 has 46, 001 has 17, 002 has 65, 003 has 33 and 004 has 21: 182, in short words.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

import pytest

from tests.unit.deployment.test_impact import SEED as CELLS
from tests.unit.runbooks.test_seed_lines import LINES

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "tests" / "data" / "seeds"

COUNTED = {
    "000": (46, "a952181421816a60"),
    "001": (17, "525fc10990d537e7"),
    "002": (65, "59d0272da00a1705"),
    "003": (33, "6a37999244fa043d"),
    "004": (21, "78c48b74536f2bc8"),
}
"""How many statements each has, and the beginning of the SHA-256 of them: whoever changes one means it."""

STATEMENT = re.compile(r"(\d+)\. (\S.*)")
TEST = re.compile(r"(tests/\S+\.py)::(test_\w+)(?:\[([^]]+)\])?")
REASON = re.compile(r"not ours: \S.*")
AROUND = re.compile(r"#{1,2} \S.*|")


@dataclass(frozen=True, slots=True)
class Statement:
    """`covers` are the lines below it: tests by their pytest id, or why it is not ours."""

    number: int
    text: str
    covers: tuple[str, ...] = ()


def read(page: str) -> list[Statement]:
    """Raises ValueError for a line that is none of a page's."""
    found: list[Statement] = []
    for line in page.splitlines():
        if one := STATEMENT.fullmatch(line):
            found.append(Statement(int(one[1]), one[2]))
        elif line.startswith("   - ") and found:
            last = found.pop()
            found.append(Statement(last.number, last.text, (*last.covers, line[5:])))
        elif not AROUND.fullmatch(line):
            raise ValueError(line)
    return found


@cache
def statements(seed: str) -> list[Statement]:
    return read((PAGES / f"{seed}.md").read_text("utf-8"))


def digest(found: list[Statement]) -> str:
    return sha256("\n".join(f"{one.number}. {one.text}" for one in found).encode()).hexdigest()[:16]


@cache
def functions_of(file: str) -> frozenset[str]:
    """The functions of a file; none when there is no such file."""
    path = ROOT / file
    tree = ast.parse(path.read_text("utf-8")) if path.is_file() else ast.Module([], [])
    return frozenset(node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def faults(one: Statement) -> Iterator[str]:
    """What keeps a statement from being covered."""
    if not one.covers:
        yield f"{one.number}: no test and no reason"
    if len(one.covers) > 1 and any(REASON.fullmatch(cover) for cover in one.covers):
        yield f"{one.number}: a reason beside tests"
    for cover in one.covers:
        if test := TEST.fullmatch(cover):
            yield from [] if test[2] in functions_of(test[1]) else [f"{one.number}: there is no {cover}"]
        elif not REASON.fullmatch(cover):
            yield f"{one.number}: neither a test nor a reason: {cover}"


def test_the_five_documents_have_a_page_each() -> None:
    assert sorted(page.name for page in PAGES.iterdir()) == [f"{seed}.md" for seed in COUNTED]


@pytest.mark.parametrize("seed", COUNTED)
def test_no_statement_is_lost_added_or_changed_by_accident(seed: str) -> None:
    found = statements(seed)
    assert [one.number for one in found] == [*range(1, len(found) + 1)]
    assert (len(found), digest(found)) == COUNTED[seed]


@pytest.mark.parametrize("seed", COUNTED)
def test_every_statement_has_tests_that_are_there_or_a_reason_why_none_can(seed: str) -> None:
    assert [fault for one in statements(seed) for fault in faults(one)] == []


def test_each_cell_of_002_has_a_statement_for_each_of_its_bullets() -> None:
    covers = (TEST.fullmatch(cover) for one in statements("002") for cover in one.covers)
    cells = Counter(test[3] for test in covers if test and test[2] == "test_every_cell_has_every_bullet_of_the_seed")
    bullets = {f"{stage.name}-{subject.name}".lower(): len(lines) for (stage, subject), lines in CELLS.items()}
    assert cells == bullets


def test_every_line_of_a_document_that_a_statement_names_is_one_that_is_looked_for() -> None:
    covers = [TEST.fullmatch(cover) for seed in COUNTED for one in statements(seed) for cover in one.covers]
    named = {test[3] for test in covers if test and test[1].endswith("test_seed_lines.py") and test[3]}
    assert len(named) > 20 and named <= LINES.keys()


def test_the_rules_themselves_are_awake() -> None:
    here = f"tests/house/{Path(__file__).name}::test_the_rules_themselves_are_awake"
    page = f"# A seed\n\n1. It must.\n   - {here}[one id]\n2. It should.\n   - not ours: Nobody can.\n"
    assert [list(faults(one)) for one in read(page)] == [[], []]
    bad = ("", f"   - {here}x", "   - tests/house/test_none.py::test_a", "   - not ours: ")
    for covers in bad:
        assert len(list(faults(*read(f"1. It must.\n{covers}")))) == 1, covers
    assert len(list(faults(*read(f"1. It must.\n   - {here}\n   - not ours: a")))) == 1
    with pytest.raises(ValueError, match="loose"):
        read("loose words")
    assert digest(read("1. It must.")) != digest(read("1. It may."))
