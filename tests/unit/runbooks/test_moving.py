"""A pool is moved on a Front End: where Switchback reaches none, people do it, and the row names where."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.access import Need
from bot.domain.deployment.server_state import ServerState
from bot.domain.model import Mark, PoolState
from bot.domain.runs.acts import ReadState
from bot.domain.runs.run import Phase, Run
from bot.domain.runs.runbook import Runbook, Step
from bot.runbooks import RUNBOOKS
from bot.runbooks.rows.facts import SERVER_SAID
from tests.unit.deployment.deployments import B, P
from tests.unit.runbooks.row_walk import run_of

LINES = {
    "failover": f'Invoke-CsPoolFailOver -PoolFqdn "{P}" -DisasterMode -Confirm:$false',
    "failback": f'Invoke-CsPoolFailBack -PoolFqdn "{P}" -Confirm:$false',
}
WHERE = {"failover": B, "failback": P}


def rows(key: str, reached: bool) -> tuple[Runbook, Run, Step, Step]:
    book = RUNBOOKS[key]
    run = run_of(book, {}, {P: "2015", B: "2015"})
    pools = {pool.fqdn: replace(pool, front_end=reached or pool.fqdn != WHERE[key]) for pool in run.pools}
    return book, replace(run, primary=pools[P], partner=pools[B]), book.step("hand"), book.step(key)


@pytest.mark.parametrize("key", LINES)
def test_where_a_front_end_is_reached_nobody_does_it_by_hand(key: str) -> None:
    _, run, hand, move = rows(key, reached=True)
    assert hand.skip(run) == f"Skipped: Switchback reaches a Front End of {WHERE[key].partition('.')[0]}."
    assert move.skip(run) is None


@pytest.mark.parametrize("key", LINES)
def test_where_none_is_reached_the_row_says_where_to_run_which_line(key: str) -> None:
    _, run, hand, _ = rows(key, reached=False)
    assert hand.skip(run) is None and hand.asks and hand.need is Need.SERVER_ADMIN
    assert hand.explain(run).startswith(f"This has to run on a Front End of {WHERE[key].partition('.')[0]}, and")
    assert hand.explain(run).endswith(f"run: `{LINES[key]}`")


@pytest.mark.parametrize("key", LINES)
@pytest.mark.parametrize("way", ["elsewhere", "moved"])
def test_what_people_say_of_it_is_never_run_again_and_read_all_the_same(key: str, way: str) -> None:
    book, run, hand, move = rows(key, reached=False)
    (choice,) = (one for one in hand.choices(replace(run, phase=Phase.ASKING)) if one.key == way)
    assert [field.key for field in choice.fields] == ["note"] and choice.confirm
    run = replace(run, facts={**run.facts, **choice.facts})
    assert move.skip(run) == hand.skip(run) == book.step(f"{key}-before").skip(run) == "Done before."
    after = book.step(f"{key}-after")
    assert after.skip(run) is None and list(after.reads(run).values()) == [ReadState(WHERE[key], P)]
    assert hand.leaves is move.leaves in (PoolState.FAILING_OVER, PoolState.FAILING_BACK)


def said(word: str, *, old: bool = False) -> dict[str, ServerState]:
    return {"state": ServerState(word, old)}


@pytest.mark.parametrize(
    ("key", "word", "mark"),
    [
        ("failover", "FailedOver", Mark.PASS),
        ("failover", "Active", Mark.STOP),
        ("failover", "FailedBack", Mark.STOP),
        ("failover", "FailingOver", Mark.STOP),
        ("failover", "", Mark.STOP),
        ("failback", "Active", Mark.PASS),
        ("failback", "FailedBack", Mark.PASS),
        ("failback", "FailedOver", Mark.STOP),
        ("failback", "FailingBack", Mark.STOP),
        ("failback", "", Mark.STOP),
    ],
)
def test_only_what_its_server_says_makes_a_pool_moved(key: str, word: str, mark: Mark) -> None:
    book, run, _, _ = rows(key, reached=True)
    after = book.step(f"{key}-after")
    verdict = after.judge(run, said(word))
    assert (verdict.mark, SERVER_SAID.among(verdict.facts)) == (mark, word)
    stopped = replace(run, phase=Phase.STOPPED, facts={**run.facts, **verdict.facts})
    choices = [choice.key for choice in after.choices(stopped)]
    assert choices == (["here"] if word else ["here", "seen"]), "a word counts only where no server says anything"


@pytest.mark.parametrize("key", LINES)
def test_a_copy_that_may_be_old_is_no_reading(key: str) -> None:
    book, run, _, _ = rows(key, reached=True)
    for word in ("FailedOver", "Active", "FailedBack"):
        verdict = book.step(f"{key}-after").judge(run, said(word, old=True))
        assert verdict.mark is Mark.STOP and "it may be old" in verdict.sentence


def test_a_pool_between_two_states_is_never_moved_again_and_its_way_out_is_shown() -> None:
    book, run, _, _ = rows("failover", reached=True)
    verdict = book.step("failover-before").judge(run, said("FailingOver"))
    assert verdict.mark is Mark.STOP
    line = f'`Set-CsRegistrarConfiguration -Identity "service:Registrar:{P}" -PoolState Active`'
    assert verdict.sentence.endswith(line)
