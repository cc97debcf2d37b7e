"""`/rgs retention` tells what would go and why, and changes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from bot.domain.backups.backup import Backup
from tests.sandbox.parts import ANNA, INCIDENT
from tests.scenarios.front import Front, opened
from tests.scenarios.stage import A

DAY = 86_400.0


@pytest.fixture
async def front(redis: Redis) -> AsyncIterator[Front]:
    async with opened(redis) as front:
        yield front


async def keep(front: Front, *days_ago: float) -> None:
    now = front.stage.clock()
    for days in days_ago:
        sha256 = hashlib.sha256(b"zip").hexdigest()
        await front.stage.backups.save(
            Backup(f"b{days:g}", A, A, now - days * DAY, sha256, 3, {}, "", "run"), b"zip", {}
        )


async def asked(front: Front, text: str) -> str:
    assert (await front.slack.command(ANNA, INCIDENT, f"/rgs {text}")).ok
    return front.told(ANNA)[-1]


async def test_of_a_pool_it_groups_by_reason_what_goes_and_what_stays(front: Front) -> None:
    await keep(front, 0, 1, 10, 10.1, 1000, *(700.001 + place / 100 for place in range(9)))
    await front.stage.keepings.pin("b1000", "failover-1", "<!channel> used it")
    before = await front.everything()
    said = await asked(front, "retention pool-a")
    assert await front.everything() == before
    assert said.startswith("Retention of pool-a:\n➖ *1 would go* · Another one of its day stays.")
    assert "➖ *8 would go* · Another one of its month stays." in said and "and 2 more" in said
    assert "✅ *1 stays* · Pinned: &lt;!channel&gt; used it" in said and "Not older than 7 days." in said
    assert "Nothing was changed" in said and "of each week for 26 weeks" in said


async def test_without_a_pool_it_counts_for_every_pool(front: Front) -> None:
    await keep(front, 0, 10, 10.1)
    said = await asked(front, "retention")
    assert "*pool-a* · 2 of 3 stay, 1 would go" in said and "*pool-b* · no backup yet" in said
