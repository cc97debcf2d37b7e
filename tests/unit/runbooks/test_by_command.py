"""What commands do is two rows: they are sent once somebody approved, and a reading shows what holds then."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.access import Need
from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Invoke
from bot.domain.runs.run import Finding, Found, Phase, Run
from bot.domain.runs.runbook import Choice, Plan
from bot.runbooks import RUNBOOKS
from bot.runbooks.rows.by_command import After, ByCommand, Lost
from tests.unit.deployment.deployments import B, P
from tests.unit.runbooks.row_walk import run_of

READ = {"settings": Invoke(P, cmdlet("Get-CsBackupServiceConfiguration"))}
AGAIN, OTHER, LOOK = (Choice(key, key, f"{key}.") for key in ("again", "other", "look"))

SET = ByCommand(
    key="set",
    stretch="change",
    title="Set it",
    plan=lambda run, seen: Plan(READ),
    after=After("See it", lambda run: READ, lambda run, seen: Verdict(Mark.PASS, "So it is."), lambda run: (AGAIN,)),
    lost=Lost(lambda run: READ, lambda run, seen: "as before", lambda run, seen: Finding(Found.PARTLY, "In part.")),
    facts={"moved": "here"},
    unsent=lambda run: "Done by hand.",
    ways=lambda run: (OTHER,),
    refused=(LOOK,),
)


@pytest.fixture
def run() -> Run:
    return run_of(RUNBOOKS["cms"], {}, {P: "2015", B: "2015"})


def test_one_person_approves_and_what_ended_proves_nothing(run: Run) -> None:
    sent, seen = SET.rows()
    assert (sent.key, seen.key, seen.title, sent.stretch, seen.stretch) == (
        "set",
        "set-after",
        "See it",
        *["change"] * 2,
    )
    assert sent.need is seen.need is Need.SERVER_ADMIN and (sent.approvals(run), seen.approvals(run)) == (1, 0)
    verdict = sent.judge(run, {})
    assert verdict.sentence == "The command ended. What it did is read next." and verdict.facts == {"moved": "here"}
    assert sent.accepted == {"moved": "here"} and seen.judge(run, {}).sentence == "So it is." and not seen.plan


def test_a_lost_one_is_looked_at_and_what_has_no_look_is_sent_again(run: Run) -> None:
    sent, _ = SET.rows()
    assert not sent.again and sent.look(run) == READ
    assert (sent.stands(run, {}), sent.found(run, {}).found) == ("as before", Found.PARTLY)
    again, _ = replace(SET, lost=None).rows()
    assert again.again and not again.look(run)


def test_it_is_read_also_where_nothing_is_sent(run: Run) -> None:
    sent, seen = SET.rows()
    assert (sent.skip(run), seen.skip(run)) == ("Done by hand.", None)
    sent, seen = replace(SET, skip=lambda run: "Not needed.").rows()
    assert sent.skip(run) == seen.skip(run) == "Not needed."


@pytest.mark.parametrize("phase", Phase)
def test_ways_are_offered_only_where_people_decide(run: Run, phase: Phase) -> None:
    sent, seen = SET.rows()
    offered = {Phase.WAITING: (OTHER,), Phase.STOPPED: (LOOK, OTHER)}
    assert sent.choices(replace(run, phase=phase)) == offered.get(phase, ())
    assert seen.choices(replace(run, phase=phase)) == ((AGAIN,) if phase is Phase.STOPPED else ())


def test_a_row_may_be_called_otherwise_and_what_is_read_later_has_none(run: Run) -> None:
    _, seen = replace(SET, after=replace(SET.after, key="is-set")).rows()
    assert seen.key == "is-set"
    (sent,) = replace(SET, after=None).rows()
    assert sent.key == "set"
