"""A changed address is accepted, and break-glass is opened, through the front door: who may, and what is said."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.domain.runs.run import Run
from tests.directory import contents
from tests.directory.contents import address
from tests.directory.forests import at
from tests.directory.impostors import WHOLE, Relay, relay
from tests.directory.samba import Domain
from tests.patience import until
from tests.sandbox.parts import ANNA, BORIS, CLARA, EMIL, FINN, GRETA, INCIDENT
from tests.scenarios.beats import KEEP
from tests.scenarios.directory_house import DAVID, Guarded, guarded
from tests.scenarios.house import button_of, everything, house, words_of
from tests.scenarios.slack_stage import TEAM
from tests.scenarios.stage import A
from tests.scenarios.test_directory_story import RG, SERVERS, failing_over, member

LIST = frozenset(f"{TEAM}:{user}" for user in (ANNA, BORIS, DAVID, FINN))
OVER_TWO_MINUTES_S = 121.0
SILENT = "No domain controller answers, so nobody can tell who holds a role."
OPEN = "🚨 Break-glass: Anna Berg and Boris Lind hold both roles here until"


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    return caplog


async def moved(here: Guarded, user: str, email: str) -> None:
    """Slack tells one process that this person has another address; the others hear of it."""
    person = here.rooms.slack.workspace.person(user)
    assert person is not None
    await here.rooms.slack.change_person(replace(person, email=email))
    for bot in here.rooms.bots:
        people = bot._people
        assert people is not None
        await until(lambda people=people: nobody_knows(people, user))


async def nobody_knows(people: object, user: str) -> bool:
    return people._users.recall(user) is None  # type: ignore[attr-defined]


async def nothing_shows(here: Guarded, log: pytest.LogCaptureFixture, run: Run | None = None) -> None:
    """The password of the bot's own account is in nothing that anybody could read."""
    rooms = here.rooms
    told = [text for user in (ANNA, BORIS, CLARA, EMIL, FINN) for text in rooms.told(user)]
    entries = await rooms.bot.runs.audit(run.id, 1000) if run else []
    kept = [key + b"".join(await _bytes(rooms.redis, key)) for key in await rooms.redis.keys("*")]
    arguments = await asyncio.to_thread(command_lines)
    assert len(arguments) > 1
    everywhere = (everything([one.message for one in rooms.seen]), log.text, repr(entries), repr(kept))
    for words in (*told, *everywhere, *arguments):
        assert contents.PASSWORD not in words
    assert contents.PASSWORD not in repr(rooms.bot._settings) + repr(rooms.bot._roles)


def command_lines() -> list[str]:
    """The arguments of this process and of all that it has started."""
    children = Path("/proc/self/task").glob("*/children")
    numbers = ["self", *(number for one in children for number in one.read_text().split())]
    return [Path(f"/proc/{number}/cmdline").read_text() for number in numbers]


async def _bytes(redis: Redis, key: bytes) -> list[bytes]:
    return [await redis.dump(key) or b""]


async def test_an_address_that_has_changed_is_accepted_by_another_holder_and_by_nobody_else(
    redis: Redis, domain: Domain, log: pytest.LogCaptureFixture
) -> None:
    async with guarded(redis, domain, bots=2) as here, member(domain, "lea", RG):
        rooms = here.rooms
        for process in (0, 1):
            assert "Roles: none" in await here.says(EMIL, "/rgs whoami", process)
        await moved(here, EMIL, address("lea"))
        for process in (0, 1):
            said = await here.says(EMIL, "/rgs whoami", process)
            assert "has changed since they were known here" in said and "/rgs accept" in said
        for user, typed, word in (
            (EMIL, f"<@{EMIL}>", f"This needs {SERVERS}, which you do not hold."),
            (CLARA, f"<@{EMIL}>", f"This needs {SERVERS}, which you do not hold."),
            (FINN, f"<@{EMIL}>", "Guests cannot do this"),
            (ANNA, f"<@{ANNA}>", "Nobody accepts their own e-mail address. Ask another holder of"),
            (ANNA, "<@U0NOBODY01>", "Slack does not say who U0NOBODY01 is. Look at the name, or try again."),
            (ANNA, f"<@{FINN}>", "Finn (guest) is a guest of this workspace now, so no address of theirs"),
            (ANNA, f"<@{GRETA}>", "belongs to another organisation, so no address of theirs"),
            (ANNA, "<@U0BOT00001>", "is a bot, so no address of theirs"),
            (ANNA, "emil", "Name one person with @, as Slack offers them. Usage: `/rgs accept"),
            (ANNA, "", "Who? Name one person with @. Usage: `/rgs accept &lt;person&gt;`"),
        ):
            assert word in await here.says(user, f"/rgs accept {typed}"), (user, typed)
        assert "has changed" in await here.says(EMIL, "/rgs whoami", 0)

        said = await here.says(ANNA, f"/rgs accept <@{EMIL}>", 0)
        assert said == (
            "Anna Berg accepted the changed e-mail address of Emil Hansen. Their roles come from that account now."
        )
        for process in (0, 1):
            await until(lambda process=process: holds(here, EMIL, process), "the other process never hears of it")
        await moved(here, EMIL, address("nobody"))
        assert "has changed" in await here.says(EMIL, "/rgs whoami"), "nor does the old one count any more"
        noted = [(entry.what, entry.who.name) for entry in await rooms.bot.runs.audit(count=100)]
        assert ("accepted", "Anna Berg") in noted and noted.count(("refused", "Anna Berg")) == 5, noted
        await nothing_shows(here, log)


async def holds(here: Guarded, user: str, process: int) -> bool:
    return f"Roles: {RG}" in await here.says(user, "/rgs whoami", process)


async def test_whoever_accepts_holds_the_role_now_and_not_a_minute_ago(redis: Redis, domain: Domain) -> None:
    async with guarded(redis, domain) as here, member(domain, "lea", SERVERS):
        await failing_over(here.rooms, 0)
        here.has(EMIL, address("lea"))
        assert SERVERS in await here.says(EMIL, "/rgs whoami")
        await here.read()
        domain.take_out("lea", SERVERS)
        here.later.ahead_s += 10
        assert f"Roles: {SERVERS}" in await here.says(EMIL, "/rgs whoami")
        assert f"This needs {SERVERS}, which you do not hold." in await here.says(EMIL, f"/rgs accept <@{CLARA}>")


async def test_while_the_directory_is_silent_or_without_one_nothing_is_accepted(redis: Redis, domain: Domain) -> None:
    async with relay(domain) as way, guarded(redis, domain, forest={"controllers": at(way.port)}) as here:
        assert "Roles: none" in await here.says(EMIL, "/rgs whoami")
        assert SERVERS in await here.says(ANNA, "/rgs whoami")
        dead(way)
        assert SILENT in await here.says(ANNA, f"/rgs accept <@{EMIL}>")
    async with house(redis) as rooms:
        await rooms.slack.command(ANNA, INCIDENT, f"/rgs accept <@{EMIL}>")
        assert rooms.told(ANNA)[-1].startswith("Roles come from the configuration here, not by e-mail address")
        await rooms.slack.command(ANNA, INCIDENT, "/rgs break-glass some-run down")
        assert "There is no run" in rooms.told(ANNA)[-1]


def dead(way: Relay) -> None:
    """From now on whoever asks is cut off at once."""
    way.ends_after = 0
    way.cut()


@asynccontextmanager
async def silent_night(redis: Redis, domain: Domain) -> AsyncIterator[tuple[Guarded, Relay, Run]]:
    """A failover that waits at the row that moves the pool, when the directory dies with it."""
    async with (
        relay(domain) as way,
        guarded(redis, domain, bots=2, forest={"controllers": at(way.port)}, break_glass=LIST) as here,
    ):
        run = await failing_over(here.rooms, 1)
        dead(way)
        await here.read()
        yield here, way, run


async def test_two_of_the_list_go_on_and_everybody_sees_it_until_the_directory_answers(
    redis: Redis, domain: Domain, log: pytest.LogCaptureFixture
) -> None:
    async with silent_night(redis, domain) as (here, way, run):
        rooms, typed = here.rooms, f"/rgs break-glass {run.id}"
        card = await rooms.card(run, "Step 6 of")
        await rooms.press(BORIS, card, "Fail the pool over now")
        assert SILENT in rooms.told(BORIS)[-1] and "So nobody can tell who may do this." in rooms.told(BORIS)[-1]
        assert "roles come from there. Break-glass is for when it has been silent for 2 min" in await here.says(
            ANNA, f"{typed} the directory lies in the dead site"
        )
        here.later.ahead_s += OVER_TWO_MINUTES_S
        for user, reason, word in (
            (EMIL, " down", "Only the people who are named for break-glass"),
            (FINN, " down", "Guests cannot do this"),
            (ANNA, "", "Say why: `/rgs break-glass"),
        ):
            assert word in await here.says(user, typed + reason), (user, reason)
        assert OPEN not in words_of(await rooms.card(run, "Step 6 of"))

        asked = await here.says(ANNA, f"{typed} the directory lies in the dead site", 0)
        assert asked.startswith("Anna Berg asks for break-glass in ") and "the directory lies in the dead site" in asked
        assert "You asked for this yourself." in await here.says(ANNA, f"{typed} again", 1)
        opened = await here.says(BORIS, typed, 1)
        assert f"BREAK-GLASS is open in {run.id}: Anna Berg and Boris Lind hold both roles there for 2 h" in opened
        await seen(here, "asks for break-glass", "BREAK-GLASS is open in")
        card = await rooms.card(run, OPEN)
        assert OPEN in card.text, "whoever cannot see blocks reads it as well"
        assert "It is open already" in await here.says(DAVID, f"{typed} me too")

        for user in (CLARA, DAVID):
            await rooms.press(user, card, "Fail the pool over now")
            assert SILENT in rooms.told(user)[-1]
        abandon = button_of(card, "Abandon the run")
        assert (await rooms.slack.click(ANNA, card, abandon.action_id, abandon.value, block_id=abandon.block_id)).ok
        form = rooms.slack.modal(ANNA)
        assert form is not None, "forms open for the two as well"
        await rooms.slack.close(ANNA, form.id)
        await rooms.press(BORIS, card, "Fail the pool over now")
        card = await rooms.card(run, "Step 7 of", KEEP, OPEN)
        await rooms.press(ANNA, card, KEEP)
        card = await rooms.card(run, "Step 12 of", OPEN)

        way.ends_after = WHOLE
        await here.read()
        await until(lambda: is_drawn(here, run), "the card goes on showing it")
        card = await rooms.card(run, "Step 12 of")
        assert OPEN not in words_of(card) + card.text
        await seen(here, "The directory answers again. Break-glass has ended.")
        await rooms.press(CLARA, card, "Import the groups now")
        await rooms.card(run, "Step 14 of")
        entries = await rooms.bot.runs.audit(run.id, 1000)
        assert {"break-glass asked", "break-glass opened", "break-glass ended"} <= {entry.what for entry in entries}
        await nothing_shows(here, log, run)


async def is_drawn(here: Guarded, run: Run) -> bool:
    return OPEN not in words_of(await here.rooms.card(run, "Step 12 of"))


async def seen(here: Guarded, *words: str) -> None:
    """All of this stands in the run's channel, and not in a thread of it."""

    async def stands() -> bool:
        texts = [one.text for one in here.rooms.slack.messages(INCIDENT) if one.thread_ts is None]
        return all(any(one in text for text in texts) for one in words)

    await until(stands, f"{words} are never seen", here.rooms.slack.messages(INCIDENT))


async def test_it_is_opened_for_one_run_and_lends_nothing_elsewhere(redis: Redis, domain: Domain) -> None:
    async with silent_night(redis, domain) as (here, _, run):
        here.later.ahead_s += OVER_TWO_MINUTES_S
        await here.says(ANNA, f"/rgs break-glass {run.id} down")
        await here.says(BORIS, f"/rgs break-glass {run.id}")
        assert SILENT in await here.says(ANNA, "/rgs backup pool-c"), "what it lends is for its own run"


async def test_a_directory_that_comes_back_while_the_command_is_on_its_way_holds_it_back(
    redis: Redis, domain: Domain
) -> None:
    """At the press it is silent; when the command is to be sent it answers, and knows that they hold no role."""
    async with silent_night(redis, domain) as (here, way, run):
        rooms = here.rooms
        here.later.ahead_s += OVER_TWO_MINUTES_S
        await here.says(DAVID, f"/rgs break-glass {run.id} down")
        await here.says(ANNA, f"/rgs break-glass {run.id}")
        card = await rooms.card(run, "🚨 Break-glass: David Okoye and Anna Berg")
        way.whole_at = way.taken + 2
        await rooms.press(DAVID, card, "Fail the pool over now")
        await rooms.card(run, "Step 6 of", "The directory answers again, so what was approved under break-glass")
        assert "approved" in [entry.what for entry in await rooms.bot.runs.audit(run.id, 10)]
        assert not (await rooms.world()).pools[A].failed_over
