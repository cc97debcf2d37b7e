"""Which role a row takes may be configured, but nothing that would let anybody move servers, or nobody finish."""

from __future__ import annotations

import pytest

from bot.domain.access import Need
from bot.domain.errors import BadInput
from bot.domain.model import Asks, Role
from bot.runbooks import RUNBOOKS
from bot.runbooks.needs import asking, unfinishable

TWO = {Role.SERVER_ADMIN: {"T:U1"}, Role.RG_ADMIN: {"T:U2"}}


def test_without_a_table_every_row_takes_what_it_says_itself() -> None:
    assert asking(RUNBOOKS, ()) == RUNBOOKS


def test_a_row_and_a_start_take_what_the_table_says_and_nothing_else_changes() -> None:
    table = (Asks("failover", Role.SERVER_ADMIN, "import"), Asks("failback", Role.SERVER_ADMIN))
    changed = asking(RUNBOOKS, table)

    assert changed["failover"].step("import").need is Need.SERVER_ADMIN and changed["failover"].need is Need.ADMIN
    assert changed["failback"].need is Need.SERVER_ADMIN
    needs = {(key, step.key): step.need for key, book in RUNBOOKS.items() for step in book.steps}
    now = {(key, step.key): step.need for key, book in changed.items() for step in book.steps}
    assert {row for row in needs if needs[row] != now[row]} == {("failover", "import")}


def test_a_row_without_a_command_may_be_anybodys() -> None:
    changed = asking(RUNBOOKS, (Asks("failover", "anybody", "agents"),))
    assert changed["failover"].step("agents").need is Need.ANYONE


@pytest.mark.parametrize(
    ("asks", "word"),
    [
        (Asks("failovr", Role.RG_ADMIN), "the runbook “failovr”, which there is not"),
        (Asks("failover", Role.RG_ADMIN, "imprt"), "the row “imprt”, which failover has not"),
        (Asks("failover", "anybody"), "lets anybody start failover"),
        (Asks("failover", "anybody", "import"), "lets anybody run the command of the row “import”"),
    ],
)
def test_what_cannot_be_is_refused_with_its_name(asks: Asks, word: str) -> None:
    with pytest.raises(BadInput) as refused:
        asking(RUNBOOKS, (asks,))
    assert word in refused.value.sentence


def test_a_table_that_asks_for_more_people_than_hold_the_role_is_told() -> None:
    assert list(unfinishable(RUNBOOKS, TWO)) == []
    changed = asking(RUNBOOKS, (Asks("failback", Role.SERVER_ADMIN, "import"),))
    (said,) = unfinishable(changed, TWO)
    assert said.startswith("Nobody could finish a failback: its row import takes 2") and "1 of them" in said
    assert list(unfinishable(changed, {**TWO, Role.SERVER_ADMIN: None})) == [], "a group may hold any number"
    assert list(unfinishable(RUNBOOKS, {Role.SERVER_ADMIN: {"T:U1"}, Role.RG_ADMIN: {"T:U1"}}))
