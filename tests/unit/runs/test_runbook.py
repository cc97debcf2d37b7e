"""What a row has to say before it may stand in a runbook, and a runbook before anything but people may start it."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.runs.run import Finding, Found
from bot.domain.runs.runbook import Plan, Runbook, Step

LOOKED = {"found": lambda run, seen: Finding(Found.UNKNOWN, "."), "stands": lambda run, seen: ""}


def row(**rest: Any) -> Step:
    return Step(key="send", stretch="send", title="Send", plan=lambda run, seen: Plan({}), **rest)


@pytest.mark.parametrize("said", [{}, {"found": LOOKED["found"]}, {"stands": LOOKED["stands"]}])
def test_a_row_whose_lost_command_nobody_could_look_at_cannot_be_made(said: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match="The row send sends a command: say how a lost one is looked at"):
        row(**said)


def test_a_row_with_a_command_is_looked_at_or_may_be_run_again() -> None:
    assert row(**LOOKED).plan and row(again=True).plan


def test_a_runbook_that_holds_pools_cannot_be_started_by_a_schedule() -> None:
    with pytest.raises(TypeError, match="holds pools, so only people start it"):
        Runbook("move", "Move", (row(again=True),), holds_pools=True, scheduled=True)
    assert Runbook("copy", "Copy", (row(again=True),), scheduled=True).scheduled
