"""Every rule is seen to be broken when something breaks it: a rule that never was red holds nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.walk.key import Living
from tests.walk.plants import PLANTS, Plant
from tests.walk.rules import RULES
from tests.walk.walk import Walk
from tests.walk.walks import begun

MOST = 4000
"""So many states are searched for what was planted."""


@pytest.fixture
def plant(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plant]:
    it: Plant = request.param
    for name, value in it.server.items():
        monkeypatch.setattr(name, value)
    return it


@pytest.mark.parametrize("plant", PLANTS, ids=str, indirect=True)
def test_a_broken_rule_is_seen(plant: Plant) -> None:
    it = plant.bounds
    bounds = {"runs": it.runs, "bad_luck": it.luck, "wrong_words": it.wrong, "living": Living()}
    found = Walk(plant.runbooks, *begun(it), started=it.started, **bounds).searched(MOST, plant.rule)

    assert found.stories[plant.rule]


def test_every_rule_has_its_plant() -> None:
    assert {plant.rule for plant in PLANTS} == {rule.name for rule in RULES}
