"""What servers said of a pool counts for a start only while it is fresh, and read after the pool was left there."""

from __future__ import annotations

import pytest

from bot.domain.deployment.pool_reading import PoolReading
from bot.domain.deployment.server_state import UNKNOWN, ServerState
from bot.domain.model import PoolRecord, PoolState
from bot.domain.runs.opening import BELIEVED_S, stand

NOW = 1_795_000_000.0
HOME = ServerState("FailedBack")


@pytest.mark.parametrize(
    ("read", "left", "said"),
    [
        (NOW - 60, NOW - 120, HOME),
        (NOW - 60, 0.0, HOME),
        (NOW - 60, NOW - 30, UNKNOWN),
        (NOW - BELIEVED_S, 0.0, UNKNOWN),
        (None, 0.0, UNKNOWN),
    ],
)
def test_a_reading_of_long_ago_or_from_before_the_move_says_nothing(
    read: float | None, left: float, said: ServerState
) -> None:
    record = PoolRecord("pool-a.contoso.com", PoolState.FAILED_OVER, left)
    seen = None if read is None else PoolReading(read, "pool-a.contoso.com", HOME, read)
    assert stand(record, seen, NOW).said == said
