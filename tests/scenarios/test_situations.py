"""Each line of the table of situations is brought about and compared with what people read on the card."""

from __future__ import annotations

import re

import pytest
from redis.asyncio import Redis

from bot.domain.model import BOT
from bot.domain.runs.run import Phase, Run
from tests.scenarios.happenings import CHANGES, Sound, sound
from tests.scenarios.house import words_of
from tests.scenarios.situations import MOVES, TABLE, Situation, Way

SITUATIONS = [one for group in TABLE.values() for one in group]
WAYS = [(one, way) for one in SITUATIONS for way in one.ways]
ABANDON = "Abandon the run"


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda one: one.what)
async def test_the_card_says_and_offers_what_the_table_says(redis: Redis, situation: Situation) -> None:
    async with sound(redis) as walk:
        run = await situation.begun(walk)
        assert (run.runbook, run.step if run.is_open else "") == situation.row
        assert situation.says in words_of(await walk.card(run))
        labels = list(await walk.labels(run))
        assert labels == ([ABANDON, *situation.offers] if run.is_open else [])
        if run.is_open:
            run = await walk.pressed(run, "abandon", "Anna")
            assert situation.left in words_of(await walk.card(run))
        assert await startable(walk) == situation.starts


@pytest.mark.parametrize(("situation", "way"), WAYS, ids=[f"{one.what}: {way.press}, {way.when}" for one, way in WAYS])
async def test_the_way_on_leads_where_the_table_says(redis: Redis, situation: Situation, way: Way) -> None:
    async with sound(redis) as walk:
        run = await situation.begun(walk)
        if way.when:
            await CHANGES[way.when](walk.stage)
        run = await taken(walk, run, way)
        run = await walk.until(run, way.row[1], way.script) if way.script else run
        assert (run.runbook, run.step if run.is_open else "") == way.row, run.sentence
        assert run.is_open or run.phase is Phase.DONE
        assert any(way.proof in said for said in proofs(run, way.word)), [*proofs(run, way.word)]


async def taken(walk: Sound, run: Run, way: Way) -> Run:
    """The button is pressed; or the run is abandoned, and the line is typed."""
    if not way.press.startswith("/"):
        return await walk.pressed(run, (await walk.labels(run))[way.press], "Anna")
    if run.is_open:
        await walk.pressed(run, "abandon", "Anna")
    return await walk.rest((await walk.started(way.press)).id)


def proofs(run: Run, word: bool) -> list[str]:
    """What the bot read, or what people said; nobody's word records a command."""
    said = [one for one in run.records if (one.who != BOT) is word]
    assert not word or not any(one.commands for one in said)
    return [*(f"{one.sentence} {' '.join(one.details)}" for one in said), run.sentence]


async def startable(walk: Sound) -> tuple[str, ...]:
    """What can be started for pool-a now, as the list of runbooks says it."""
    said = await walk.typed("/rgs runbooks")
    found = dict(re.findall(r"\*`([\w-]+)`\*.*?\n\s+(now for [^·]*|for no pool now) ·", said))
    return tuple(key for key in MOVES if "pool-a" in found[key])
