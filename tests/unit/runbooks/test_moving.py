"""A pool is moved on a Front End: where Switchback reaches none, people do it, and the row names where."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.access import Need
from bot.domain.model import PoolState
from bot.domain.runs.run import Phase, Run
from bot.domain.runs.runbook import Runbook, Step
from bot.runbooks import RUNBOOKS
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
    assert hand.skip(run) == f"Not needed: Switchback reaches a Front End of {WHERE[key].partition('.')[0]}."
    assert move.skip(run) is None


@pytest.mark.parametrize("key", LINES)
def test_where_none_is_reached_the_row_says_where_to_run_which_line(key: str) -> None:
    _, run, hand, _ = rows(key, reached=False)
    assert hand.skip(run) is None and hand.asks and hand.need is Need.SERVER_ADMIN
    assert hand.explain(run).startswith(f"This has to run on a Front End of {WHERE[key].partition('.')[0]}, and")
    assert hand.explain(run).endswith(f"run: `{LINES[key]}`")


@pytest.mark.parametrize("key", LINES)
@pytest.mark.parametrize(("way", "asks_on"), [("elsewhere", True), ("moved", False)])
def test_what_people_say_of_it_is_never_run_again(key: str, way: str, asks_on: bool) -> None:
    book, run, hand, move = rows(key, reached=False)
    (choice,) = (one for one in hand.choices(replace(run, phase=Phase.ASKING)) if one.key == way)
    run = replace(run, facts={**run.facts, **choice.facts})
    assert move.skip(run) == hand.skip(run) == "Done before."
    assert (book.step("complete").skip(run) is None) is asks_on
    assert hand.leaves is move.leaves in (PoolState.FAILING_OVER, PoolState.FAILING_BACK)
