"""What a run knows: declared facts fit, and the names of a lost export are known to whoever looks for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.deployment.server_state import ServerState
from bot.domain.model import Pool, Who
from bot.domain.runs.acts import Collect, Invoke
from bot.domain.runs.facts import FILE, KEPT_AS, KIND, Fact
from bot.domain.runs.moves import claim, launch
from bot.domain.runs.run import Phase, Run
from bot.domain.runs.runbook import Plan, Step
from bot.runbooks.failback import FAILBACK
from bot.runbooks.failback.end import REMOVE
from bot.runbooks.rows.facts import OWN_GROUPS
from tests.rules import misfits
from tests.unit.deployment.deployments import IMPORTED, B, P

NOW = 1_795_000_000.0
HOME, PARTNER = Pool(P, backup_pool=B), Pool(B, backup_pool=P)
RUN = Run("failback-1", "failback", HOME, PARTNER, Who("T:U", "Anna"), NOW, "clean", attempt=4)


def removal() -> tuple[Step, Plan]:
    copies = IMPORTED.pools[B].inventory().owned_by(P)
    own = IMPORTED.pools[B].inventory().owned_by(B)
    return REMOVE, REMOVE.plan(RUN, {"copies": copies, "export": copies, "own": own, "place": ServerState("Active")})


def test_what_a_plan_chose_is_known_from_the_commit_that_launches_it() -> None:
    step, plan = removal()
    run = launch(RUN, step, plan, NOW, 60.0).run
    sent, collected = plan.acts["removed"], plan.acts["collected"]
    assert isinstance(sent, Invoke) and isinstance(collected, Collect)
    assert FILE.of(run) == sent.command.get("FileName") == collected.file
    assert KEPT_AS.of(run) == collected.backup


def test_a_removal_that_the_version_before_launched_is_looked_for_under_the_names_it_had() -> None:
    step, plan = removal()
    launched = launch(RUN, step, plan, NOW, 60.0).run
    known = OWN_GROUPS.to(OWN_GROUPS.of(launched))
    old = replace(launched, facts=known)
    assert not FILE.of(old)

    claimed = claim(old, FAILBACK, NOW + 61.0, 60.0)
    assert claimed is not None and claimed.phase is Phase.LOOKING
    assert claimed.facts == launched.facts
    (saved,) = step.saves(claimed, {}).values()
    assert saved.act == plan.acts["collected"]


def test_the_names_of_a_newer_export_are_left_alone_and_other_rows_get_none() -> None:
    step, plan = removal()
    launched = launch(RUN, step, plan, NOW, 60.0).run
    known = replace(launched, facts=FILE.to("C:\\other.zip") | KEPT_AS.to("other"))
    assert claim(known, FAILBACK, NOW + 61.0, 60.0).facts == known.facts

    moved = replace(launched, step="failback", facts={}, proposal=replace(launched.proposal, commands=("Invoke-X",)))
    assert claim(moved, FAILBACK, NOW + 61.0, 60.0).facts == {}


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (KIND.to("lis"), []),
        ({"kindd": "lis"}, ["kindd is declared nowhere"]),
        ({"kind": 7}, ["kind is 7, and should be <class 'str'>"]),
        ({"moved": None}, []),
    ],
)
def test_what_is_declared_nowhere_or_of_another_type_is_named(facts: dict[str, object], said: list[str]) -> None:
    assert list(misfits(facts, (Fact("moved", str | None, None),))) == said
