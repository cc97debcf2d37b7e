"""The last row of a run says on the card and in the channel what holds now, silent groups included."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.deployment.server_state import ServerState
from bot.domain.groups.agents import Agent
from bot.domain.model import Edition, Mark
from bot.domain.runs.run import Run, Tell
from bot.domain.runs.runbook import Step
from bot.runbooks import RUNBOOKS
from bot.runbooks.rows.facts import FORMAL
from bot.runbooks.rows.people import said_silent
from tests.unit.deployment.deployments import B, C, P
from tests.unit.runbooks.row_walk import NOW, SWITCHES, run_of

QUIET = ("clean-up", "prestage", "undo")
SIGNED = ("failover", "failback", "rebuild", "replace", "import-again")
AWAY = ServerState("FailedOver")
NAMED = "1 formal group silent, since no agent said that they signed in: Sales."


def last(key: str) -> tuple[Run, Step]:
    first = {name: values[0] for name, values in SWITCHES[key].items()}
    run = run_of(RUNBOOKS[key], {"edition": Edition.STANDARD, **first}, {P: "2015", B: "2015", C: "2015"})
    return replace(run, facts={**run.facts, **FORMAL.to(["Sales"])}), RUNBOOKS[key].steps[-1]


def told(run: Run, step: Step) -> Tell:
    (tell,) = (one for one in step.tells(run) if one.to == "notifications")
    return tell


@pytest.mark.parametrize("key", QUIET)
def test_the_channel_reads_what_the_card_says(key: str) -> None:
    run, step = last(key)
    verdict = step.judge(run, {})
    assert verdict.mark is Mark.PASS and verdict.sentence and told(run, step).sentence == verdict.sentence


@pytest.mark.parametrize("key", SIGNED)
def test_a_silent_group_is_a_warning_and_named_in_the_channel(key: str) -> None:
    run, step = last(key)
    verdict = step.judge(run, {"now": NOW, "state": AWAY, "agents": (Agent(("Sales",)),)})
    assert verdict.mark is Mark.WARN and verdict.details[-1] == NAMED and verdict.facts["silent"] == ["Sales"]
    assert told(replace(run, facts={**run.facts, **verdict.facts}), step).details[-1] == NAMED


def test_three_silent_groups_are_named_and_the_others_counted() -> None:
    said = said_silent(["Sales", "Desk", "Billing", "Wards", "Night"])
    assert said == ("5 formal groups silent, since no agent said that they signed in: Sales, Desk, Billing and 2 more.")
    assert said_silent(["Sales", "Desk", "Billing"]).endswith("Sales, Desk, Billing.")


@pytest.mark.parametrize("key", SIGNED)
def test_what_is_covered_is_named_nowhere(key: str) -> None:
    run, step = last(key)
    verdict = step.judge(run, {"now": NOW, "state": AWAY, "agents": (Agent(("Sales",), signed_at=NOW),)})
    # A replacement always warns: the configuration has to be changed.
    assert verdict.mark is (Mark.WARN if key == "replace" else Mark.PASS)
    assert verdict.facts["silent"] == []
    tell = told(replace(run, facts={**run.facts, **verdict.facts}), step)
    assert "silent" not in " ".join((verdict.sentence, *verdict.details, tell.sentence, *tell.details))
