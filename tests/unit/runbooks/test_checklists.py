"""Every dangerous row has a checklist of what has to be so first, each line with how people see and mend it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from functools import cache

import pytest

from bot.domain.runs.prerequisites import MOST, Prerequisite
from bot.domain.runs.runbook import Runbook, Step
from bot.runbooks import RUNBOOKS
from handlers.runs.room import counted
from tests.unit.deployment.deployments import B, C, P
from tests.unit.runbooks.row_walk import Said, walked

WORDS = 8
"""Of a line of the checklist: it stands in one line of a telephone, or two."""


def is_dangerous(book: Runbook, step: Step) -> bool:
    """Its command may not simply be run again, or something has to be proven before people are asked to do it."""
    return (step.plan is not None and not step.again) or any(one.key == f"{step.key}-first" for one in book.steps)


@cache
def rows(runbook: str) -> tuple[Said, ...]:
    return tuple(asyncio.run(walked(RUNBOOKS[runbook], dict.fromkeys((P, B, C), "2015"))))


def checklists(runbook: str) -> Iterator[tuple[Step, tuple[Prerequisite, ...]]]:
    for row in rows(runbook):
        yield row.step, row.step.prerequisites(row.after)


@pytest.mark.parametrize("runbook", RUNBOOKS)
def test_every_dangerous_row_has_a_checklist_of_three_lines_at_most(runbook: str) -> None:
    book = RUNBOOKS[runbook]
    for step, listed in checklists(runbook):
        assert len(listed) <= MOST and len({one.key for one in listed}) == len(listed), step.key
        assert listed or not is_dangerous(book, step), f"{step.key} says nothing of what has to be so first"


@pytest.mark.parametrize("runbook", RUNBOOKS)
def test_each_line_is_short_and_has_lines_to_run_and_what_to_do_where_it_is_not_so(runbook: str) -> None:
    for step, listed in checklists(runbook):
        for one in listed:
            assert counted(one.says) <= WORDS and not one.says.endswith("."), (step.key, one.says)
            assert len(one.how) > 1 and all(how.says for how in one.how), (step.key, one.key)
            runs = [line for how in one.how for line in how.lines]
            says = " ".join(how.says for how in one.how)
            assert runs or "/rgs" in says or "Call" in says or one.key == "frozen", (step.key, one.key)
            assert not re.search(r"<[a-z ]+>|\{|\}", "".join(line for line in runs if "ForEach" not in line)), runs


@pytest.mark.parametrize("runbook", RUNBOOKS)
def test_what_shows_that_it_is_so_comes_before_in_some_runbook_with_the_row(runbook: str) -> None:
    """Rows are shared: one that a runbook does not have leaves the line unchecked, and nowhere ticked."""
    for step, listed in checklists(runbook):
        for one in listed:
            homes = [book for book in RUNBOOKS.values() if any(row.key == step.key for row in book.steps)]
            keys = {row.key for book in homes for row in book.steps[: book.position(step.key) + 1]}
            assert not one.shown_by or keys & set(one.shown_by), (step.key, one.key)


def test_the_rule_itself_is_awake() -> None:
    book = RUNBOOKS["failover"]
    dangerous = {step.key for step in book.steps if is_dangerous(book, step)}
    assert dangerous == {"cms", "lis-import", "hop", "failover", "clear", "import"}
    assert is_dangerous(RUNBOOKS["replace"], RUNBOOKS["replace"].step("topology"))
