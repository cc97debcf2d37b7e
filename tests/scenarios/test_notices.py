"""Notices reach Slack: one message each, updated in its place, calm when it is over, whatever Slack answers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from bot.sandbox import Trouble
from storage.notices import COUNT_S
from tests.sandbox.parts import ANNA, BACKUPS, INCIDENT
from tests.scenarios.slack_stage import SlackStage, gathered, slack_stage


@pytest.fixture
async def stage(redis: Redis) -> AsyncIterator[SlackStage]:
    async with slack_stage(redis) as stage:
        yield stage


async def say(stage: SlackStage, sentence: str = "The disk is full.", *details: str) -> None:
    await stage.desk.notices.say("disk", sentence, stage.story.clock.now, details)


async def over(stage: SlackStage) -> None:
    await stage.desk.notices.end("disk", "There is room again.", stage.story.clock.now)


def texts(stage: SlackStage) -> list[str]:
    return [message.text for message in stage.posted(BACKUPS)]


async def test_a_notice_is_one_loud_message_where_notices_go(stage: SlackStage) -> None:
    await say(stage, "The disk is full.", "Make room on it.")
    await stage.drain()
    (message,) = stage.posted(BACKUPS)
    assert message.text == "⚠️ The disk is full.\n•  Make room on it.\nSince 2026-11-18 11:06 UTC."
    assert "Needs attention" in str(message.blocks) and "Make room" in str(message.blocks)
    assert not stage.posted(INCIDENT) and not await stage.waiting()


async def test_said_again_its_message_says_how_often_at_most_once_an_hour(stage: SlackStage) -> None:
    await say(stage)
    await stage.drain()
    for _ in range(3):
        await say(stage)
        await stage.drain(5)
    assert stage.posted(BACKUPS)[0].edited is None
    await stage.drain(COUNT_S)
    (text,) = texts(stage)
    assert "Since 2026-11-18 11:06 UTC, 4 times, last 2026-11-18 11:06 UTC." in text


async def test_other_words_take_the_place_of_those_before(stage: SlackStage) -> None:
    await say(stage)
    await stage.drain()
    (first,) = stage.posted(BACKUPS)
    await say(stage, "The disk is broken.")
    await stage.drain()
    (second,) = stage.posted(BACKUPS)
    assert second.ts == first.ts and "broken" in second.text and "full" not in second.text


async def test_when_it_is_over_the_message_is_calm_and_the_next_one_is_news(stage: SlackStage) -> None:
    await say(stage)
    await stage.drain()
    await over(stage)
    await stage.drain()
    (text,) = texts(stage)
    assert text.startswith("✅ There is room again.\nOver since 2026-11-18 11:06 UTC. It stood since")
    assert "⚠️" not in str(stage.posted(BACKUPS)[0].blocks) and not await stage.waiting()

    await say(stage)
    await stage.drain()
    assert [text[:2] for text in texts(stage)] == ["✅ ", "⚠️"]


async def test_what_is_over_before_anybody_was_told_needs_no_message(stage: SlackStage) -> None:
    await say(stage)
    await over(stage)
    await stage.until_drained()
    assert not stage.posted(BACKUPS) and await stage.desk.notices.find("disk") is None


async def test_a_message_that_somebody_deleted_is_posted_anew_while_it_stands(stage: SlackStage) -> None:
    await say(stage)
    await stage.drain()
    await stage.desk.slack.chat_delete(channel=BACKUPS, ts=stage.posted(BACKUPS)[0].ts)
    await say(stage, "The disk is broken.")
    await stage.drain()
    assert "broken" in texts(stage)[0]

    await stage.desk.slack.chat_delete(channel=BACKUPS, ts=stage.posted(BACKUPS)[0].ts)
    await over(stage)
    await stage.until_drained()
    assert not stage.posted(BACKUPS) and await stage.desk.notices.find("disk") is None


async def test_two_processes_that_drain_at_once_make_one_message(stage: SlackStage) -> None:
    await say(stage)
    await gathered(stage.drawer, stage.another_drawer(), stage.another_drawer(), now=stage.story.clock.now)
    await stage.until_drained()
    assert len(stage.posted(BACKUPS)) == 1


@pytest.mark.parametrize("trouble", [Trouble.RATELIMITED, Trouble.SERVER_ERROR, Trouble.DROPPED])
async def test_whatever_slack_answers_it_arrives_and_ends(stage: SlackStage, trouble: Trouble) -> None:
    await say(stage)
    stage.trouble(2, trouble)
    await stage.until_drained()
    await over(stage)
    stage.trouble(2, trouble)
    await stage.until_drained()
    (text,) = texts(stage)
    assert text.startswith("✅ There is room again.")


async def test_without_a_notification_channel_it_goes_where_incidents_go(stage: SlackStage) -> None:
    await say(stage)
    await stage.another_drawer(notifications="").drain(stage.story.clock.now)
    assert len(stage.posted(INCIDENT)) == 1


async def test_a_stranger_s_words_stay_words(stage: SlackStage) -> None:
    await say(stage, f"“<!channel> <@{ANNA}>” of +49 30 5550 1234 cannot be read.", "<https://evil.example|here>")
    await stage.drain()
    (message,) = stage.posted(BACKUPS)
    for said in (message.text, str(message.blocks)):
        assert "<!channel>" not in said and "<@" not in said and "<http" not in said and "5550" not in said
