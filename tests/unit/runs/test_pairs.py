"""Which runbooks need a pair: whatever holds its pools, and what moves something to the other one."""

from __future__ import annotations

import pytest

from bot.domain.model import Pool, PoolRecord
from bot.domain.runs.opening import Estate, Stand, why_not
from bot.runbooks import RUNBOOKS

A = Pool("pool-a.contoso.com")
B = Pool("pool-b.contoso.com")
ALONE = Estate({A.fqdn: A}, {}, {A.fqdn: f"{A.fqdn} has no backup pool."})
PAIR = Estate({A.fqdn: A, B.fqdn: B}, {A.fqdn: B.fqdn, B.fqdn: A.fqdn}, {})
SINGLE = {"backup", "verify", "companion", "edge", "xmpp", "edge-of-pool", "mirror"}


@pytest.mark.parametrize("key", RUNBOOKS)
def test_only_what_keeps_to_one_pool_starts_without_a_pair(key: str) -> None:
    book = RUNBOOKS[key]
    stands = {A.fqdn: Stand(PoolRecord(A.fqdn, sorted(book.opens)[0])), B.fqdn: Stand(PoolRecord(B.fqdn))}
    assert not why_not(book, A, PAIR, stands)
    assert bool(why_not(book, A, ALONE, stands)) is (key not in SINGLE)
