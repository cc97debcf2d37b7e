"""How a pool stands, through the front door: no green mark and no “active” for what did not answer just now."""

from __future__ import annotations

import html
import json
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from bot.chores.seeing import Seeing
from handlers import home
from handlers.blocks.wording import utc
from tests.sandbox.parts import ANNA, INCIDENT
from tests.scenarios.front import Front, opened
from tests.scenarios.stage import ESTATE, A, B


@pytest.fixture
async def front(redis: Redis) -> AsyncIterator[Front]:
    async with opened(redis) as front:
        yield front


async def look(front: Front, later_s: float = 60.0) -> float:
    """A round, so much later than the one before."""
    stage = front.stage
    stage.clock.now += later_s
    kept = stage.kept
    await Seeing(stage.driver, kept.readings, kept.answers, kept.runs, kept.notices, ESTATE).work(stage.clock.now)
    return stage.clock.now


async def shown(front: Front) -> dict[str, str]:
    """What status, pools and Home show, as Slack has it."""
    for typed in ("/rgs status", "/rgs pools", "/rgs pools pool-a"):
        assert (await front.slack.command(ANNA, INCIDENT, typed)).ok
    *_, status, pools, one = front.slack.ephemerals(ANNA)
    await home.opened(front.desk, ANNA)
    view = front.slack.home(ANNA)
    assert view
    drawn = {"status": status.blocks, "pools": pools.blocks, "pool": one.blocks, "home": view.blocks}
    return {where: html.unescape(json.dumps(blocks, ensure_ascii=False)) for where, blocks in drawn.items()}


def line(text: str, fqdn: str) -> str:
    """What stands behind the name of the pool, until the end of its line."""
    return text.partition(f"*{fqdn}*")[2].partition("\\n")[0].partition('"')[0]


async def test_a_pool_that_answers_says_how_long_ago_on_status_home_and_pools(front: Front) -> None:
    await look(front)
    front.stage.clock.now += 20
    found = await shown(front)
    assert "🟢 All 3 pools active · answers, 20 s ago" in found["status"]
    for where in ("pools", "pool", "home"):
        assert line(found[where], A).startswith(" · 🟢 active · answers, 20 s ago · backup pool pool-b"), where


async def test_a_dead_pool_is_nowhere_green_or_active_and_says_since_when(front: Front) -> None:
    await look(front)
    await front.stage.take_down(A)
    since = await look(front)
    await look(front)
    for where, text in (await shown(front)).items():
        said = line(text, A)
        assert "🔴 no answer since <!date^" in said and utc(since) in said, where
        assert "🟢" not in said and "active" not in said, where
    text = (await shown(front))["status"]
    assert "🟢 The other 2 pools active · answers, under a second ago" in text and B not in text


async def test_what_was_never_asked_or_not_for_long_is_not_green(front: Front) -> None:
    assert all("🟢" not in line(text, A) for text in (await shown(front)).values())
    await look(front)
    front.stage.clock.now += 1200
    for where, text in (await shown(front)).items():
        assert " · ⚪ answered 20 min ago, not asked since · no outage is declared" in line(text, A), where
