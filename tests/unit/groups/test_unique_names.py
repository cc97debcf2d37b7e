"""Names are unique across the whole deployment, for each of the five types (seed 000)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.groups.audit import audit
from bot.domain.groups.groups import Inventory, Kind
from tests.unit.deployment.deployments import B, P, thing


@pytest.mark.parametrize("kind", Kind)
def test_a_name_that_two_pools_have_clashes_whatever_its_type(kind: Kind) -> None:
    mine, theirs = thing(kind, P, 1, "Berlin"), thing(kind, B, 2, "Berlin")
    (clash,) = audit(Inventory((mine,)), elsewhere=[theirs]).clashes
    assert "Berlin" in str(clash)
    assert audit(Inventory((mine,)), elsewhere=[replace(theirs, name="Munich")]).clashes == ()
