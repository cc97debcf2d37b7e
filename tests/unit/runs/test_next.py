"""What comes next for a pool is the same in a refusal and on a button, and can start from there."""

from __future__ import annotations

import pytest

from bot.domain.model import Pool, PoolRecord, PoolState
from bot.domain.runs.opening import NEXT, Estate, Stand, why_not
from bot.runbooks import RUNBOOKS
from handlers.runs.matters import of_pool

A = Pool("pool-a.contoso.com", backup_pool="pool-b.contoso.com")
B = Pool("pool-b.contoso.com", backup_pool="pool-a.contoso.com")
PAIR = Estate({A.fqdn: A, B.fqdn: B}, {A.fqdn: B.fqdn, B.fqdn: A.fqdn}, {})


@pytest.mark.parametrize("state", NEXT)
def test_it_can_start_from_there(state: PoolState) -> None:
    assert state in RUNBOOKS[NEXT[state]].opens


@pytest.mark.parametrize("state", [state for state in NEXT if state is not PoolState.REPLACING])
def test_the_button_starts_what_the_refusal_names(state: PoolState) -> None:
    record = PoolRecord(A.fqdn, state)
    button = of_pool(A, record).button
    other = next(book for book in RUNBOOKS.values() if state not in book.opens)
    refused = why_not(other, A, PAIR, {A.fqdn: Stand(record), B.fqdn: Stand(PoolRecord(B.fqdn))})

    assert button and (button["text"]["text"], button["value"]) == (f"Start {NEXT[state]}", f"{NEXT[state]} {A.fqdn}")
    assert refused.endswith(f"Next: `/rgs {NEXT[state]} pool-a`.")
