"""No state that can be reached breaks a rule of the seeds, and the walk sees it when one does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from bot.domain.model import Mark, PoolState, Verdict
from bot.domain.runs.acts import Acts, Attempt, ReadState
from bot.domain.runs.run import Run
from bot.domain.runs.runbook import Runbook
from bot.runbooks import RUNBOOKS
from tests.walk.by_hand import lodged
from tests.walk.key import Living, key_of
from tests.walk.rules import RULES
from tests.walk.walk import Start, Walk, beginning
from tests.walk.world import A, B, C

HOLD = ("failover", "failback", "rebuild", "adopt", "clean-up", "import-again", "undo", "prestage")
"""The runbooks that hold a pair, all of which people may start wherever they can be."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Which runbooks are `started`, the `last` of a story with `luck` after those before it without.

    `wrong` is what a wrong word costs of the luck; `pools` are three where one takes the place of another.
    """

    started: tuple[str, ...]
    luck: int = 0
    wrong: int = 0
    runs: int = 1
    after: tuple[str, ...] = ()
    settings: bool = False
    pools: tuple[str, ...] = (A, B)


WALKS = {
    "two runs, no bad luck": Bounds(HOLD, runs=2),
    "two runs, settings": Bounds(HOLD, runs=2, settings=True),
    "one run, bad luck": Bounds(HOLD, luck=1, wrong=1),
    "failback, bad luck": Bounds(("failback",), luck=1, wrong=1, runs=2, after=("failover",)),
    "replacement, bad luck": Bounds(("replace",), luck=1, wrong=1, runs=2, after=("failover",), pools=(A, B, C)),
}
LIVING = Living()
"""What one walk has learnt of facts that matter is right for the next."""


def _begun(bounds: Bounds) -> list[Start]:
    """Where the story begins, or what a failover that imported the groups leaves."""
    first = beginning(*bounds.pools, settings=bounds.settings)
    if len(bounds.pools) == len((A, B, C)):
        first = replace(first, world=lodged(first.world))
    if not bounds.after:
        return [Start(first)]
    ends = Walk(RUNBOOKS, first, started=bounds.after, runs=1, bad_luck=0, living=LIVING).walked().ends
    there = [one for one in ends if one.state.records[A].state is PoolState.FAILED_OVER]
    carried = ((one, one.state.records[A].carry) for one in there if one.state.world.pools[A].up)
    return [one for one, carry in carried if carry.get("imported") and not carry.get("replaced")]


@pytest.mark.parametrize("name", WALKS)
def test_no_reachable_state_breaks_a_rule(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    it = WALKS[name]
    bounds = {"runs": it.runs, "bad_luck": it.luck, "wrong_words": it.wrong, "living": LIVING}
    walked = Walk(RUNBOOKS, *_begun(it), started=it.started, **bounds).walked()
    with capsys.disabled():
        print(f"\n{name}: {walked}")  # noqa: T201

    broken = walked.stories.items()
    assert not broken, "\n\n".join("\n".join((f"{rule}:", *story)) for rule, story in broken)
    assert not walked.faults, walked.faults


def _planted(runbook: str, **rows: Mapping[str, Any]) -> Mapping[str, Runbook]:
    """The runbooks with other fields in these rows of one."""
    book = RUNBOOKS[runbook]
    steps = tuple(replace(step, **rows.get(step.key, {})) for step in book.steps)
    return {**RUNBOOKS, runbook: replace(book, steps=steps)}


def _passes(run: Any, seen: Any) -> Verdict:
    return Verdict(Mark.PASS, "It is as it should be.")


def _reads_itself(run: Run) -> Acts:
    """The guard of the order, which asks of the wrong pool."""
    return {"other": Attempt(ReadState(run.primary.fqdn, run.primary.fqdn))}


def _left_out(run: Run) -> str:
    return "Left out."


PASS, SKIP = {"judge": _passes}, {"skip": _left_out}
FAILOVER, FAILBACK, REPLACING = (WALKS[name] for name in list(WALKS)[2:])
PLANTS: tuple[tuple[str, str, Mapping[str, Mapping[str, Any]], Bounds], ...] = (
    ("order", "failover", {"order": PASS, "failover": {"reads": _reads_itself}}, Bounds(("failover",), runs=2)),
    ("failed over is true", "failover", {"failover-after": PASS}, FAILOVER),
    ("imported is true", "failover", {"import": SKIP, "verify": PASS, "audio": SKIP}, Bounds(("failover",))),
    ("home is true", "failback", {"failback-after": PASS, "reread": PASS, "import": SKIP, "verify": PASS}, FAILBACK),
    ("nothing is lost", "failback", {"spare": SKIP}, FAILBACK),
    ("second person", "failback", {"import": {"approvals": lambda run: 1}}, FAILBACK),
    ("no way back", "replace", {"users-first": SKIP}, REPLACING),
    ("services stopped", "replace", {"built-seen": PASS, "users-first": PASS, "userdata-first": PASS}, REPLACING),
    ("replaced is true", "replace", {"topology-first": PASS, "park-seen": PASS}, REPLACING),
)
"""A rule, and the rows that hold it, taken away."""


@pytest.mark.parametrize(("rule", "runbook", "rows", "it"), PLANTS, ids=[one[0] for one in PLANTS])
def test_a_broken_rule_is_seen(rule: str, runbook: str, rows: Mapping[str, Mapping[str, Any]], it: Bounds) -> None:
    bounds = {"runs": it.runs, "bad_luck": it.luck, "wrong_words": it.wrong, "living": LIVING}
    found = Walk(_planted(runbook, **rows), *_begun(it), started=it.started, **bounds).searched(4000, rule)

    assert found.stories[rule]


def test_three_pools_are_walked_as_two_are() -> None:
    found = Walk(RUNBOOKS, beginning(A, B, C), bad_luck=1).searched(200)

    assert found.states == 200


def test_a_state_and_its_mirror_image_are_one() -> None:
    state = beginning(A, B)
    down = [replace(state, world=state.world.with_pool(replace(state.world.pools[fqdn], up=False))) for fqdn in (A, B)]

    assert key_of(down[0], Living()) == key_of(down[1], Living()) != key_of(state, Living())


def test_every_rule_has_its_sentence_and_its_place() -> None:
    assert all(rule.sentence.endswith(".") and rule.source[:3] in ("000", "001", "002", "003", "004") for rule in RULES)
    assert len({rule.name for rule in RULES}) == len(RULES)
