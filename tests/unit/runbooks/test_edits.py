"""What the outage changed, three ways: the last backup, the backup pool now, and home now (runbooks: failback 4)."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from bot.domain.groups.groups import Inventory, Kind, Value
from bot.runbooks.failback.changes import Edits, edits
from tests.unit.deployment.deployments import PRIMARY, P, thing

LAST = PRIMARY.inventory()
NAME = "Holidays"
KEY = (Kind.HOLIDAY_SET, NAME.casefold())
NEW = thing(Kind.QUEUE, P, 90, "New")
NOTHING = Edits((), (), (), ())


def edited(**properties: Value) -> Inventory:
    return replace(
        LAST,
        objects=tuple(
            replace(item, properties=MappingProxyType({**item.properties, **properties})) if item.name == NAME else item
            for item in LAST.objects
        ),
    )


def without(inventory: Inventory) -> Inventory:
    return replace(inventory, objects=tuple(item for item in inventory.objects if item.name != NAME))


def also(inventory: Inventory) -> Inventory:
    return replace(inventory, objects=(*inventory.objects, NEW))


@pytest.mark.parametrize(
    ("away", "here", "found"),
    [
        (LAST, LAST, NOTHING),
        (edited(Shown=30), LAST, replace(NOTHING, home=(KEY,))),
        (LAST, edited(Shown=30), replace(NOTHING, gone=(KEY,))),
        (edited(Shown=40), edited(Shown=30), replace(NOTHING, gone=(KEY,))),
        (edited(Shown=30), edited(Shown=30), NOTHING),
        (without(LAST), LAST, replace(NOTHING, deleted=(KEY,))),
        (LAST, without(LAST), NOTHING),
        (also(LAST), LAST, replace(NOTHING, home=(NEW.key,))),
        (LAST, also(LAST), replace(NOTHING, only=(NEW.key,))),
    ],
    ids=[
        "nothing",
        "edited away",
        "edited at home",
        "edited on both",
        "edited alike",
        "deleted away",
        "deleted at home",
        "new away",
        "new at home",
    ],
)
def test_what_becomes_of_an_object_by_which_side_changed_it(away: Inventory, here: Inventory, found: Edits) -> None:
    assert edits(LAST, away, here) == found
