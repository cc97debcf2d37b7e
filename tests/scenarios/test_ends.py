"""Every runbook comes to its end through the front door, on every release, with a new engine after every commit."""

from __future__ import annotations

import re
from itertools import product

import pytest
from redis.asyncio import Redis

from bot.domain.deployment.answers import PoolAnswer
from bot.domain.deployment.world import HOME, World
from bot.domain.model import PoolState
from bot.domain.runs.run import Run
from bot.runbooks import RUNBOOKS
from bot.sandbox import Message
from tests.sandbox import parts
from tests.scenarios.ends import GONE, RELEASES, REPLICATED, REPLICATING, SYNC, WAYS, Way, changes
from tests.scenarios.house import buttons, words_of
from tests.scenarios.recovery import changed
from tests.scenarios.stage import A
from tests.scenarios.walking import Walk, walking

CASES = [
    *((book, release, way) for (book, way), release in product(WAYS.items(), RELEASES)),
    *((book, release, way) for (book, way), release in product(REPLICATED.items(), REPLICATING)),
]


def has(book: str, release: str) -> bool:
    return (RELEASES | REPLICATING)[release].version in GONE.get(book, ("2013", "2015", "2019"))


@pytest.mark.parametrize(
    ("release", "way"),
    [pytest.param(name, way, id=f"{book}, {name}") for book, name, way in CASES if has(book, name)],
)
async def test_it_comes_to_its_end(redis: Redis, release: str, way: Way) -> None:
    servers = (RELEASES | REPLICATING)[release]
    async with walking(redis, servers.estate) as walk:
        await changed(walk.stage, servers.servers)
        await way.begun(walk.stage)
        before = (await walk.stage.worlds.load())[0]
        run, card = await walk.walked(way.typed, way.script, way.hands)
        told = {record.step for record in run.records if record.mark != "skipped"}
        assert walk.deaths >= len(told), "the engine died at every row at least once"
        await ended(walk, way, run, card, before)


async def ended(walk: Walk, way: Way, run: Run, card: Message | None, before: World) -> None:
    """The run, its card, the deployment and what is remembered of the pool all say the same."""
    assert run.phase is way.phase, run.sentence
    world, record = (await walk.stage.worlds.load())[0], (await walk.stage.runs.records([A]))[A]
    assert changes(world)[len(changes(before)) :] == way.sent
    assert sum(SYNC in line for one in run.records for line in one.commands) == way.synced
    assert way.holds(before, world)
    assert (record.state, record.held_by) == (way.state, "")
    assert {key: record.carry.get(key) for key in way.known} == dict(way.known)
    if way.state is not PoolState.RETIRED:
        assert (world.pools[A].registrar in HOME) == (record.state is PoolState.ACTIVE)
    if card is not None:
        assert run.sentence.partition(". ")[0] in words_of(card) and not buttons(card), words_of(card)
        assert way.says in card.text, card.text
        await asked_again(walk, record.state)


async def asked_again(walk: Walk, state: PoolState) -> None:
    """Whoever asks for the pool is told the same."""
    await walk.front.desk.answers.note(A, PoolAnswer(walk.stage.clock()))
    await walk.front.slack.command(parts.ANNA, parts.INCIDENT, "/rgs pools pool-a")
    said = walk.front.slack.ephemerals(parts.ANNA)[-1]
    assert re.search(rf"\*{re.escape(A)}\* · \S+ {state} (· answers|since)", words_of(said)), words_of(said)


@pytest.mark.parametrize(("book", "release"), [(book, name) for book, name, _ in CASES if not has(book, name)])
async def test_what_a_version_has_not_is_refused_with_the_reason(redis: Redis, book: str, release: str) -> None:
    async with walking(redis, RELEASES[release].estate) as walk:
        await changed(walk.stage, RELEASES[release].servers)
        await walk.front.slack.command(parts.ANNA, parts.INCIDENT, WAYS[book].typed)
        assert "gone in 2019" in walk.front.told(parts.ANNA)[-1]
        assert not await walk.stage.runs.page()


def test_no_runbook_is_forgotten() -> None:
    assert WAYS.keys() == RUNBOOKS.keys()
