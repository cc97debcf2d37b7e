"""No state that can be reached breaks a rule of the seeds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.runbooks import RUNBOOKS
from tests.walk.key import Living, key_of
from tests.walk.rules import RULES
from tests.walk.walk import Walk, beginning
from tests.walk.walks import LIVING, WALKS, begun
from tests.walk.world import A, B, C


@pytest.mark.parametrize("name", WALKS)
def test_no_reachable_state_breaks_a_rule(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    it = WALKS[name]
    bounds = {"runs": it.runs, "bad_luck": it.luck, "wrong_words": it.wrong, "living": LIVING}
    walked = Walk(RUNBOOKS, *begun(it), started=it.started, **bounds).walked()
    with capsys.disabled():
        print(f"\n{name}: {walked}")  # noqa: T201

    broken = walked.stories.items()
    assert not broken, "\n\n".join("\n".join((f"{rule}:", *story)) for rule, story in broken)
    assert not walked.faults, walked.faults


def test_three_pools_are_walked_as_two_are() -> None:
    found = Walk(RUNBOOKS, beginning(A, B, C), bad_luck=1).searched(200)

    assert found.states == 200


def test_a_state_and_its_mirror_image_are_one() -> None:
    state = beginning(A, B)
    down = [replace(state, world=state.world.with_pool(replace(state.world.pools[fqdn], up=False))) for fqdn in (A, B)]

    assert key_of(down[0], Living()) == key_of(down[1], Living()) != key_of(state, Living())


def test_every_rule_has_its_sentence_and_its_place() -> None:
    places = ("000", "001", "002", "003", "004", "facts: ")
    assert all(rule.sentence.endswith(".") and rule.source.startswith(places) for rule in RULES)
    assert len({rule.name for rule in RULES}) == len(RULES)
