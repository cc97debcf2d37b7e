"""Which number people read before each row: rows of one stretch share theirs."""

from __future__ import annotations

import pytest

from bot.runbooks import RUNBOOKS

NUMBERS = {
    "backup": "answers 1, export 2, fetch 3, owners 4, live 5, audit 6, rehearse 7, "
    "size 8, store 8, shrunk 8, whole 8, told 9",
    "failover": "declare 1, quiet 1, order 2, pair 3, mode 4, find 5, backup 5, clear 5, rehearse 6, hand 7, "
    "failover 7, "
    "settings 8, keep 8, import 9, verify 10, audio 11, complete 12, routes 12, inside 13, outside 13, agents 14, "
    "done 15",
    "failback": "back 1, rebuild 1, freeze 2, names 3, export 3, changes 4, hand 5, failback 5, complete 5, reread 6, "
    "import 7, verify 8, extras 8, audio 8, routes 9, inside 9, outside 9, agents 9, cleanup 10, clean 10, done 11",
    "verify": "check 1, told 2",
    "companion": "take 1, told 2",
}


@pytest.mark.parametrize("key", RUNBOOKS)
def test_rows_have_the_numbers_that_the_written_procedure_gives_them(key: str) -> None:
    assert ", ".join(f"{row} {number}" for row, number in RUNBOOKS[key].numbers.items()) == NUMBERS[key]


@pytest.mark.parametrize("key", RUNBOOKS)
def test_a_stretch_is_walked_through_once(key: str) -> None:
    """Else its rows would have two numbers, and a sentence that names one would be taken for the other."""
    steps = RUNBOOKS[key].steps
    assert len({step.stretch for step in steps}) == len(set(RUNBOOKS[key].numbers.values()))
