"""The main job through the front door: the running bot, real Redis, signed requests, and everybody's eyes on Slack."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.domain.deployment.world import World
from bot.domain.model import PoolState
from bot.domain.runs.run import Phase, Run
from bot.sandbox import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, SOCKET, Message
from tests.drivers.wsman.server import PASSWORD
from tests.sandbox.parts import ANNA, BACKUPS, BORIS, CLARA, EMIL, FINN, GENERAL, GRETA, INCIDENT, PARTNER
from tests.scenarios.beats import ADMIN, FAILBACK, FAILOVER, NUMBER, Beat, awaited, played
from tests.scenarios.front import click, signature
from tests.scenarios.house import House, buttons, everything, house, words_of
from tests.scenarios.stage import A

OURS = ("bot", "handlers", "storage")
CLICKS, FIELDS = 9, 1
"""What a failover costs whoever knows it: clicks that the bot is sent, and fields to fill in."""

DECLARED = replace(FAILOVER[0], filled={"seen": "Nobody reaches any Front End."})
"""The other fields hold what the bot has read, and are only confirmed."""

CARDS = Path(__file__).parents[2] / "docs" / "card.md"
ENDS = ("*Done.*", "🏳️ *Abandoned.*")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What the product writes down, at its own levels."""
    caplog.set_level(logging.WARNING)
    for name in OURS:
        caplog.set_level(logging.INFO, logger=name)
    return caplog


async def test_the_whole_story_over_http(redis: Redis, log: pytest.LogCaptureFixture) -> None:
    async with house(redis) as rooms:
        runs = await story(rooms, FAILBACK)
        await check_everything(rooms, runs, log)


async def test_a_failover_over_socket_mode(redis: Redis, log: pytest.LogCaptureFixture) -> None:
    async with house(redis, SOCKET) as rooms:
        runs = await story(rooms, ())
        await check_everything(rooms, runs, log)


async def test_the_whole_story_over_powershell_remoting(redis: Redis, log: pytest.LogCaptureFixture) -> None:
    async with house(redis, remote=True, bots=1) as rooms:
        runs = await story(rooms, FAILBACK)
        await check_everything(rooms, runs, log)


def test_the_page_about_cards_says_what_it_costs() -> None:
    words = {1: "one field", 9: "Nine presses"}
    assert f"{words[CLICKS]} and {words[FIELDS]}: " in CARDS.read_text("utf-8")


async def story(rooms: House, failback: tuple[Beat, ...]) -> list[Run]:
    backup = await rooms.started(CLARA, "/rgs backup pool-a")
    await rooms.card(backup, "✅ *Done.*")
    await rooms.looked()
    await rooms.take_down(A)
    await rooms.looked()
    over = await rooms.started(ANNA, "/rgs failover pool-a")
    await played(rooms, over, (DECLARED, *FAILOVER[1:]))
    assert await state(rooms) is PoolState.FAILED_OVER
    assert (rooms.clicks, rooms.fields) == (CLICKS, FIELDS)
    if not failback:
        return [backup, over]
    await rooms.bring_up(A)
    back = await rooms.started(ANNA, "/rgs failback pool-a")
    card = await played(rooms, back, failback)
    assert "pool-a is active again." in words_of(card)
    assert await state(rooms) is PoolState.ACTIVE
    return [backup, over, back]


async def state(rooms: House) -> PoolState:
    return (await rooms.bot.runs.records([A]))[A].state


async def check_everything(rooms: House, runs: list[Run], log: pytest.LogCaptureFixture) -> None:
    """What has to be so at every moment of the story, looked up in every version of every message."""
    await rooms.slack.until(lambda: len(rooms.slack.messages(BACKUPS)) >= len(runs))
    check_cards(rooms, runs)
    await check_commands(rooms)
    check_secrets(rooms, await rooms.world(), log)


def check_cards(rooms: House, runs: list[Run]) -> None:
    """One card per run, edited in place; buttons only while somebody is waited for, and none after the end."""
    for run in runs:
        versions = [seen.message for seen in rooms.seen if is_card(seen.message, run)]
        assert len({(card.channel, card.ts) for card in versions}) == 1
        assert len(versions) > 1
        for card in versions:
            words = words_of(card)
            choices = [button for button in buttons(card) if not button.label.startswith("Abandon")]
            assert bool(choices) == ("May press:" in words), words
            assert run.id in card.text and (choices == [] or "May press:" in card.text)
        assert any(end in words_of(versions[-1]) for end in ENDS)
        assert not buttons(versions[-1])


def is_card(message: Message, run: Run) -> bool:
    return "opened by" in message.text and run.id in message.text


async def check_commands(rooms: House) -> None:
    """Whatever people approve stood on the card, to the letter, before it ran."""
    effects = [effect for effect in (await rooms.world()).effects if approved(effect.line)]
    assert len(effects) >= 2
    for effect in effects:
        before = [seen.message for seen in rooms.seen if seen.at <= effect.at]
        shown = [one for one in before if effect.line in words_of(one) and "exactly so:" in words_of(one)]
        assert shown, f"{effect.line} ran unseen"
        assert effect.line in shown[-1].text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def approved(line: str) -> bool:
    return line.startswith(("Import-", "Invoke-")) or "-RemoveExportedConfiguration" in line


def check_secrets(rooms: House, world: World, log: pytest.LogCaptureFixture) -> None:
    """No token, phone number or stack trace in anything that anybody could read."""
    said = everything([seen.message for seen in rooms.seen])
    homes = [json.dumps(home.body) for user in (ANNA, CLARA) if (home := rooms.slack.home(user))]
    for words in (said, *homes, log.text):
        for secret in (BOT_TOKEN, APP_TOKEN, SIGNING_SECRET, PASSWORD, "xoxb-", "xapp-", "Traceback", 'File "'):
            assert secret not in words
        joined = re.sub(r"[ ()./-]", "", words)
        for number in (*numbers(world), digits(NUMBER)):
            assert number not in joined, number
    assert not [record for record in log.records if record.levelno >= logging.ERROR or record.exc_info]


def numbers(world: World) -> Iterator[str]:
    uris = [item.properties.get("LineUri") for pool in world.pools.values() for item in pool.objects.values()]
    found = [digits(str(uri)) for uri in uris if uri]
    assert len(found) > 20
    yield from found


def digits(text: str) -> str:
    return re.sub(r"\D", "", text)


async def test_a_wrong_word_is_answered_with_the_nearest_one_to_that_person_only(redis: Redis) -> None:
    async with house(redis) as rooms:
        await rooms.slack.command(ANNA, INCIDENT, "/rgs failovr pool-a")
        await rooms.slack.command(ANNA, INCIDENT, "/rgs failover poool-a")
        await rooms.slack.command(ANNA, INCIDENT, "/rgs failover")
        command, pool, which = rooms.told(ANNA)
        assert "Did you mean `/rgs failover pool-a`?" in command and "Usage: `/rgs failover" in command
        assert "There is no pool “poool-a”. Nothing was started. Failover: which pool?" in pool
        assert "Nothing was started. Failover: which pool?" in which
        assert not await rooms.bot.runs.page()
        assert not rooms.slack.messages(INCIDENT) and not rooms.told(BORIS)


async def test_a_card_goes_to_the_incident_channel_when_it_cannot_go_where_it_was_asked_for(redis: Redis) -> None:
    async with house(redis) as rooms:
        run = await rooms.started(ANNA, "/rgs backup pool-a", GENERAL)
        card = await rooms.card(run, "✅ *Done.*")
        assert card.channel == INCIDENT and f"<#{GENERAL}>" in words_of(card)
        assert "incident channel" in rooms.told(ANNA)[0]
        assert not rooms.slack.messages(GENERAL)
        shared = await rooms.started(ANNA, "/rgs backup pool-b", PARTNER)
        card = await rooms.card(shared, "✅ *Done.*")
        assert card.channel == INCIDENT and not rooms.slack.messages(PARTNER)


async def test_whoever_may_not_is_told_why_alone_and_nothing_changes(redis: Redis) -> None:
    async with house(redis) as rooms:
        run, card = await at_pool_failover(rooms)
        refusals = {
            EMIL: ("needs RTCUniversalServerAdmins, which you do not hold", "which they do not hold"),
            CLARA: ("needs RTCUniversalServerAdmins, which you do not hold", "which they do not hold"),
            FINN: ("Guests cannot do this", "guests cannot do this"),
        }
        for user, (reason, told) in refusals.items():
            assert (await rooms.press(user, card, "Fail the pool over now")).ok
            await refused(rooms, run, user, reason, told)
        body = click(run, "approve", GRETA, user_team="T0PARTNER1")
        assert await posted(rooms, body) == 200
        await logged(rooms, run, GRETA, "people of other organisations cannot do this")
        for user in (FINN, EMIL):
            await rooms.slack.command(user, INCIDENT, "/rgs backup pool-b")
        assert "Guests cannot do this" in rooms.told(FINN)[-1]
        assert "can do this." in rooms.told(EMIL)[-1] and ADMIN in rooms.told(EMIL)[-1]
        assert len(await rooms.bot.runs.page()) == 2
        assert not (await rooms.world()).pools[A].failed_over


async def refused(rooms: House, run: Run, user: str, reason: str, others: str) -> None:
    """Said to this person alone, written in the log, and the run is as it was."""
    (told,) = rooms.told(user)
    assert reason in told
    assert not [one for one in rooms.slack.messages(INCIDENT) if reason in one.text]
    await logged(rooms, run, user, others)


async def logged(rooms: House, run: Run, user: str, reason: str) -> None:
    assert await rooms.bot.runs.load(run.id) == run
    entry = (await rooms.bot.runs.audit(run.id, 1))[0]
    assert (entry.what, entry.who.id.rpartition(":")[2]) == ("refused", user) and reason in entry.sentence


async def posted(rooms: House, body: bytes) -> int:
    """The status of what only the wire can bring: Slack shows external people no card of ours."""
    session = rooms.bot.slack.session
    headers = {**FORM, **signature(body, int(rooms.slack.slack.clock()))}
    async with session.post(f"{rooms.url}/slack/events", data=body, headers=headers) as answer:
        return answer.status


async def at_pool_failover(rooms: House) -> tuple[Run, Message]:
    backup = await rooms.started(ANNA, "/rgs backup pool-a")
    await rooms.card(backup, "✅ *Done.*")
    await rooms.take_down(A)
    run = await rooms.started(ANNA, "/rgs failover pool-a")
    for beat in FAILOVER[:1]:
        card = await awaited(rooms, run, beat)
        await rooms.press(beat.who, card, beat.label, **beat.filled)
    card = await awaited(rooms, run, FAILOVER[1])
    return await rooms.bot.runs.load(run.id), card


async def test_a_second_person_is_somebody_else_and_an_old_button_tells_what_happened(redis: Redis) -> None:
    async with house(redis) as rooms:
        run, card = await at_pool_failover(rooms)
        await rooms.press(BORIS, card, "Fail the pool over now")
        choosing = await awaited(rooms, run, FAILOVER[2])
        await rooms.press(ANNA, card, "Fail the pool over now")
        assert rooms.told(ANNA)[-1].endswith("Nothing was done twice.")

        await rooms.press(ANNA, choosing, "Use it, choose settings next")
        settings = await rooms.card(run, "choose the application-level settings")
        await rooms.press(CLARA, settings, "Replace with pool-a's")
        beat = Beat("12 · Import the groups", CLARA, "Ask for a second person", ADMIN, FAILOVER[3].command)
        first = await awaited(rooms, run, beat)
        await rooms.press(CLARA, first, beat.label)
        second = await rooms.card(run, "Asked for by", "Approve as second person")
        waiting = await rooms.bot.runs.load(run.id)
        await rooms.press(CLARA, second, "Approve as second person")
        assert "you cannot be the second person" in rooms.told(CLARA)[-1]
        await logged(rooms, waiting, CLARA, "somebody else has to be the second person")

        await rooms.press(ANNA, second, "Approve as second person")
        await awaited(rooms, run, FAILOVER[4])
        imports = [one for one in (await rooms.world()).effects if one.cmdlet == "Import-CsRgsConfiguration"]
        assert len(imports) == 1 and "-ReplaceExistingRgsSettings" in imports[0].line


async def test_an_abandoned_run_says_what_it_leaves_and_has_no_buttons(redis: Redis) -> None:
    async with house(redis) as rooms:
        run, card = await at_pool_failover(rooms)
        await rooms.press(ANNA, card, "Abandon the run", reason=f"A drill, call {NUMBER}.")
        ended = await rooms.card(run, "🏳️ *Abandoned.*")
        assert "ABANDONED" in ended.text and "A drill" in ended.text and not buttons(ended)
        assert digits(NUMBER)[-6:] not in re.sub(r"\D", "", words_of(ended).replace(run.id, ""))
        await rooms.press(BORIS, card, "Fail the pool over now")
        assert "This run has ended." in rooms.told(BORIS)[-1]
        assert (await rooms.bot.runs.load(run.id)).phase is Phase.ABANDONED
