"""Whatever people read in Slack while the main job is done stands in the list of sentences."""

from __future__ import annotations

from collections.abc import Iterator

from redis.asyncio import Redis

from bot.domain.deployment.impact import Stage
from handlers.commands import COMMANDS
from tests.sandbox.parts import ANNA, CLARA, INCIDENT
from tests.scenarios.beats import FAILBACK, FAILOVER, played
from tests.scenarios.house import House, house
from tests.scenarios.stage import A
from tests.sentences.ease import LONGEST, words
from tests.sentences.heard import heard, unlisted

ASKS = tuple(one.example for one in COMMANDS if one.reads)
OTHERS = (
    *("Anna", "Boris", "Clara", "David", "Emil", "pool-a", "pool-b", "pool-c"),
    *("Duty manager", "Head of telephony"),
    *(stage.name.lower().replace("_", "-") for stage in Stage if "_" in stage.name),
)
"""Names that the house was given, what people typed, and what is made of names in the code."""


async def asked(rooms: House) -> None:
    """Types everything that only shows something, and opens App Home."""
    for line in ASKS:
        assert (await rooms.slack.command(ANNA, INCIDENT, line)).ok, line
    await rooms.slack.open_home(ANNA)


def read(rooms: House) -> Iterator[str]:
    """Each sentence of every version of each message, and of App Home."""
    home = rooms.slack.home(ANNA)
    assert home is not None
    yield from heard(home.body)
    for one in rooms.seen:
        yield from heard({"text": one.message.text, "blocks": one.message.blocks})


async def test_whatever_is_heard_while_a_pool_goes_and_comes_home_is_listed_and_short(redis: Redis) -> None:
    async with house(redis) as rooms:
        await asked(rooms)
        backup = await rooms.started(CLARA, "/rgs backup pool-a")
        await rooms.card(backup, "✅ *Done.*")
        await rooms.take_down(A)
        await played(rooms, await rooms.started(ANNA, "/rgs failover pool-a"), FAILOVER)
        await rooms.bring_up(A)
        await asked(rooms)
        await played(rooms, await rooms.started(ANNA, "/rgs failback pool-a"), FAILBACK)
        await asked(rooms)
        said = set(read(rooms))

    assert len(said) > 500
    left = [f"{one} {small}" for one in sorted(said) if (small := unlisted(one, OTHERS))]
    assert not left, "\n".join(left)
    assert [one for one in sorted(said) if words(one) > LONGEST] == []
