"""A place that takes nothing is left for the next one, and one that is full holds up no other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.domain.runs.press import Press
from bot.domain.runs.run import Change, Run, Tell
from bot.sandbox import Message
from bot.sandbox.faults import ANY
from handlers import commands, home
from handlers.blocks import actions
from handlers.blocks.kit import validate
from tests.sandbox.parts import ANNA, BACKUPS, CLARA, GENERAL, INCIDENT
from tests.scenarios.slack_stage import ANNA_BERG, SlackStage, slack_stage
from tests.scenarios.stage import A

POST, EDIT, PUBLISH = "chat.postMessage", "chat.update", "views.publish"
OF_A_PLACE = (
    *("no_permission", "access_denied", "ekm_access_denied", "team_access_not_granted", "channel_is_limited_access"),
    *("restricted_action_thread_locked", "block_mismatch", "user_not_visible", "something_that_slack_invents_later"),
)


@pytest.fixture
async def stage(redis: Redis) -> AsyncIterator[SlackStage]:
    async with slack_stage(redis) as stage:
        yield stage


async def failover(stage: SlackStage, channel: str = INCIDENT) -> Run:
    run = await stage.story.engine.start("failover", A, ANNA_BERG, channel=channel)
    return await stage.story.settle(run.id)


async def told(stage: SlackStage, run: Run, *tells: Tell) -> None:
    await stage.story.runs.commit(Change(await stage.story.runs.load(run.id), (), tells), stage.story.clock.now)


async def abandon(stage: SlackStage, run: Run) -> None:
    press = Press(run.step, "abandon", run.question, {"reason": "a drill"})
    await stage.story.engine.press(run.id, press, ANNA_BERG)


def archive(stage: SlackStage, *channels: str) -> None:
    for id in channels:
        channel = stage.sandbox.workspace.channel(id)
        assert channel is not None
        stage.sandbox.workspace.put(replace(channel, archived=True))


def cards(stage: SlackStage, run: Run, channel: str) -> list[Message]:
    return [message for message in stage.posted(channel) if run.id in message.text and not message.thread_ts]


def direct(stage: SlackStage, user: str = ANNA) -> str:
    return stage.sandbox.workspace.direct(user).id


@pytest.mark.parametrize("code", OF_A_PLACE)
async def test_a_card_that_one_place_refuses_is_in_the_next_one_at_once(stage: SlackStage, code: str) -> None:
    stage.sandbox.faults.refused[POST, INCIDENT] = code
    run = await failover(stage)
    await stage.drain()
    (card,) = cards(stage, run, BACKUPS)
    assert f"<#{INCIDENT}>, where Switchback cannot post" in str(card.blocks)


@pytest.mark.parametrize("code", OF_A_PLACE)
async def test_an_edit_that_is_refused_is_posted_anew_at_once(stage: SlackStage, code: str) -> None:
    run = await failover(stage)
    await stage.drain()
    stage.sandbox.faults.refused[EDIT, INCIDENT] = code
    await abandon(stage, run)
    await stage.drain()
    assert ["ABANDONED" in card.text for card in cards(stage, run, INCIDENT)] == [False, True]


@pytest.mark.parametrize("code", OF_A_PLACE)
async def test_messages_and_notices_that_one_place_refuses_are_in_the_next_one(stage: SlackStage, code: str) -> None:
    run = await failover(stage)
    await stage.until_drained()
    stage.sandbox.faults.refused[POST, BACKUPS] = code
    await told(stage, run, Tell("notifications", "one"))
    await stage.desk.notices.say("disk", "The disk is full.", stage.story.clock.now)
    await stage.drain()
    await stage.drain()
    said = {message.text.splitlines()[0] for message in stage.posted()}
    assert {"one", "⚠️ The disk is full."} <= said


async def test_an_archived_incident_channel_moves_card_and_calls_and_the_card_says_so(stage: SlackStage) -> None:
    run = await failover(stage)
    await stage.until_drained()
    archive(stage, INCIDENT)
    await abandon(stage, run)
    await told(stage, run, Tell("thread", "Call the gateways' owner."))
    await stage.until_drained()
    (card,) = cards(stage, run, BACKUPS)
    assert "ABANDONED" in card.text and f"<#{INCIDENT}>, where Switchback cannot post" in str(card.blocks)
    replies = [message for message in stage.posted(BACKUPS) if message.text == "Call the gateways' owner."]
    assert [reply.thread_ts for reply in replies] == [card.ts]


async def test_when_both_channels_are_archived_whoever_must_act_has_the_card_directly(stage: SlackStage) -> None:
    run = await failover(stage)
    await stage.until_drained()
    archive(stage, INCIDENT, BACKUPS)
    await told(stage, run, Tell("thread", "Call."))
    await stage.story.runs.commit(Change(replace(await stage.story.runs.load(run.id), sentence="New.")), 0.0)
    await stage.until_drained()
    (card,) = cards(stage, run, direct(stage))
    assert any(block["type"] == "actions" for block in card.blocks)


async def test_when_nobody_takes_anything_one_notice_stands_and_home_has_the_buttons(stage: SlackStage) -> None:
    run = await failover(stage)
    await stage.until_drained()
    closed = [(method, channel) for method in (POST, EDIT) for channel in (INCIDENT, BACKUPS)]
    stage.sandbox.faults.refused.update(dict.fromkeys(closed, "no_permission"))
    stage.sandbox.faults.refused |= {(POST, user): "cannot_dm_bot" for user in (ANNA, CLARA)}
    await stage.desk.cards.opened_home(ANNA, stage.story.clock.now)
    await stage.story.runs.commit(Change(replace(await stage.story.runs.load(run.id), sentence="New.")), 0.0)
    for _ in range(3):
        await stage.drain(61.0)
    (notice,) = await stage.desk.notices.standing()
    home = stage.sandbox.home(ANNA)
    assert notice.key == "slack-places" and home is not None
    assert notice.sentence in str(home.blocks)
    assert any(
        element["action_id"].startswith(actions.RUN) or element["action_id"].startswith(actions.NOW)
        for block in home.blocks
        for element in block.get("elements", [])
        if "action_id" in element
    )

    anna = await stage.desk.people.person(ANNA)
    said = (await commands.run(stage.desk, anna, INCIDENT, "status")).message["text"]
    assert notice.sentence in said and "Invite Switchback" in said
    assert validate((await commands.run(stage.desk, anna, INCIDENT, "status")).message, "message") == []

    stage.sandbox.faults.refused.clear()
    await stage.until_drained()
    assert notice.sentence not in (await commands.run(stage.desk, anna, INCIDENT, "status")).message["text"]
    assert await stage.desk.notices.standing() == () and len(cards(stage, run, INCIDENT)) == 2


async def test_a_full_channel_holds_up_no_other(stage: SlackStage) -> None:
    stage.sandbox.faults.limited[POST, INCIDENT] = 300.0
    run = await failover(stage)
    other = await failover_of_another_pool(stage)
    await told(stage, run, Tell("notifications", "one"))
    await stage.drain()
    assert [message.text for message in stage.posted(BACKUPS)] == ["one"]
    assert cards(stage, other, GENERAL)
    stage.sandbox.faults.limited.clear()
    await stage.drain(200.0)
    assert not cards(stage, run, INCIDENT), "Slack said how long it wants to be left alone there"
    await stage.drain(110.0)
    assert cards(stage, run, INCIDENT)


async def test_edits_of_living_cards_go_on_where_posting_is_limited(stage: SlackStage) -> None:
    run = await failover(stage)
    await stage.until_drained()
    stage.sandbox.faults.limited[POST, INCIDENT] = 300.0
    await told(stage, run, Tell("thread", "one"), Tell("thread", "two"))
    await abandon(stage, run)
    await stage.drain()
    assert ["ABANDONED" in card.text for card in cards(stage, run, INCIDENT)] == [True]


async def test_a_burst_into_one_channel_is_paced_and_keeps_its_order(stage: SlackStage) -> None:
    run = await failover(stage)
    said = [f"line {number}" for number in range(5)]
    await told(stage, run, *(Tell("thread", line) for line in said))
    for count in range(1, 7):
        await stage.drain(1.1)
        assert len(stage.posted()) == count
    assert [message.text for message in stage.posted()][1:] == said


@pytest.mark.parametrize(("limit", "early"), [(90.0, 60.0), (None, None)])
async def test_an_app_home_that_slack_did_not_take_stays_owed(
    stage: SlackStage, limit: float | None, early: float | None
) -> None:
    faults = stage.sandbox.faults
    if limit:
        faults.limited[PUBLISH, ANY] = limit
    else:
        faults.refused[PUBLISH, ANY] = "internal_error"
    await stage.desk.cards.opened_home(CLARA, stage.story.clock.now)
    await failover(stage)
    await stage.drain()
    assert stage.sandbox.home(CLARA) is None
    faults.limited.clear()
    faults.refused.clear()
    if early:
        await stage.drain(early)
        assert stage.sandbox.home(CLARA) is None, "Slack said how long it wants to be left alone"
    await stage.until_drained()
    assert stage.sandbox.home(CLARA) is not None


async def test_a_first_app_home_that_slack_did_not_take_is_drawn_again(stage: SlackStage) -> None:
    stage.sandbox.faults.refused[PUBLISH, ANY] = "internal_error"
    await home.opened(stage.desk, CLARA)
    await stage.drain()
    assert stage.sandbox.home(CLARA) is None
    stage.sandbox.faults.refused.clear()
    await stage.until_drained()
    assert stage.sandbox.home(CLARA) is not None


async def test_a_first_app_home_waits_for_as_long_as_slack_said(stage: SlackStage) -> None:
    stage.sandbox.faults.limited[PUBLISH, ANY] = 90.0
    await home.opened(stage.desk, CLARA)
    stage.sandbox.faults.limited.clear()
    await stage.drain(60.0)
    assert stage.sandbox.home(CLARA) is None
    await stage.drain(31.0)
    assert stage.sandbox.home(CLARA) is not None


async def failover_of_another_pool(stage: SlackStage) -> Run:
    """Any other run, asked for in another channel that the bot is in."""
    channel = stage.sandbox.workspace.channel(GENERAL)
    assert channel is not None
    bot = stage.sandbox.workspace.bot_user
    stage.sandbox.workspace.put(replace(channel, members=channel.members | {bot}))
    run = await stage.story.engine.start("verify", "pool-c.contoso.com", ANNA_BERG, channel=GENERAL)
    return await stage.story.settle(run.id)
