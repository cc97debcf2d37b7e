"""A channel that strangers read, from whenever they do, is told nothing; whoever holds a role reads it elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from bot.domain.runs.press import Press
from bot.domain.runs.run import Change, Run, Tell
from bot.sandbox import Message
from bot.sandbox.faults import ANY
from handlers.runs import places
from handlers.runs.strangers import KEY
from handlers.slack.readers import DOUBT_S, FRESH_S, _is_read_by_strangers
from tests.sandbox.parts import ANNA, BACKUPS, CLARA, INCIDENT
from tests.scenarios.slack_stage import ANNA_BERG, SlackStage, slack_stage
from tests.scenarios.stage import A

INFO = "conversations.info"


@pytest.fixture
async def stage(redis: Redis) -> AsyncIterator[SlackStage]:
    async with slack_stage(redis) as stage:
        yield stage


async def failover(stage: SlackStage) -> Run:
    run = await stage.story.engine.start("failover", A, ANNA_BERG, channel=INCIDENT)
    return await stage.story.settle(run.id)


async def told(stage: SlackStage, run: Run, sentence: str) -> None:
    tell = Tell("thread", sentence)
    await stage.story.runs.commit(Change(await stage.story.runs.load(run.id), (), (tell,)), stage.story.clock.now)
    await stage.until_drained()


def direct(stage: SlackStage, user: str = ANNA) -> list[Message]:
    return stage.posted(stage.sandbox.workspace.direct(user).id)


def saying(messages: list[Message], words: str) -> int:
    return sum(words in message.text for message in messages)


@pytest.mark.parametrize("how", ["ext_shared", "pending_shared"])
async def test_a_channel_that_is_shared_in_mid_run_hears_nothing_more_and_the_card_moves(
    stage: SlackStage, how: str
) -> None:
    run = await failover(stage)
    await stage.until_drained()
    stage.sandbox.share(INCIDENT, **{how: True})
    before = stage.posted()
    stage.story.clock.now += FRESH_S
    await stage.story.engine.press(run.id, Press(run.step, "abandon", run.question, {"reason": "a drill"}), ANNA_BERG)
    await told(stage, run, "The drill is over.")

    place = await stage.desk.cards.place(run.id)
    assert saying(before, run.id) == 1 and stage.posted() == before
    assert place is not None and place.channel == BACKUPS
    assert saying(stage.posted(BACKUPS), "The drill is over.") == 1


@pytest.mark.parametrize(
    ("info", "strangers"),
    [
        ({}, False),
        ({"is_shared": True, "is_org_shared": True}, False),
        ({"is_shared": True}, True),
        ({"is_shared": True, "is_org_shared": True, "is_ext_shared": True}, True),
        ({"is_pending_ext_shared": True}, True),
        ({"pending_shared": ["T0PARTNER1"]}, True),
        ({"pending_connected_team_ids": ["T0PARTNER1"]}, True),
    ],
)
def test_a_channel_of_our_own_grid_has_no_strangers_and_an_open_invitation_has(
    info: dict[str, object], strangers: bool
) -> None:
    assert _is_read_by_strangers(info) is strangers


async def test_the_first_word_of_a_run_rests_on_an_answer_of_now(stage: SlackStage) -> None:
    await stage.desk.readers.told(INCIDENT)
    stage.sandbox.share(INCIDENT, ext_shared=True)
    run = await failover(stage)
    await stage.until_drained()

    assert stage.posted() == []
    assert saying(stage.posted(BACKUPS), run.id) > 0


async def test_where_strangers_read_both_channels_holders_are_told_directly_and_once(stage: SlackStage) -> None:
    stage.sandbox.share(INCIDENT, ext_shared=True)
    stage.sandbox.share(BACKUPS, ext_shared=True)
    run = await failover(stage)
    await stage.until_drained()
    await told(stage, run, "Something happened.")

    assert stage.posted() == [] and stage.posted(BACKUPS) == []
    assert saying(direct(stage), run.id) > 0
    for user in (ANNA, CLARA):
        assert saying(direct(stage, user), "People of another organisation read") > 0
    (notice,) = [notice for notice in await stage.desk.notices.standing() if notice.key == KEY]
    assert INCIDENT in notice.sentence and BACKUPS in notice.sentence and notice.count == 1


async def test_a_run_that_nobody_began_reaches_whoever_holds_a_role(stage: SlackStage) -> None:
    stage.sandbox.share(INCIDENT, ext_shared=True)
    stage.sandbox.share(BACKUPS, ext_shared=True)
    await stage.desk.notices.say("late", "A backup of pool-a is late.", stage.story.clock.now)
    await stage.until_drained()

    assert stage.posted() == [] and stage.posted(BACKUPS) == []
    assert saying(direct(stage), "A backup of pool-a is late.") == 1


async def test_the_notice_is_over_when_the_channel_is_ours_again(stage: SlackStage) -> None:
    stage.sandbox.share(INCIDENT, ext_shared=True)
    run = await failover(stage)
    await stage.until_drained()
    assert KEY in [notice.key for notice in await stage.desk.notices.standing()]

    stage.sandbox.share(INCIDENT)
    stage.story.clock.now += FRESH_S
    await places.find(stage.desk, INCIDENT, "/rgs failover pool-a")
    await told(stage, run, "Something happened.")
    assert KEY not in [notice.key for notice in await stage.desk.notices.standing()]


async def test_while_slack_does_not_say_what_it_said_within_the_hour_holds(stage: SlackStage) -> None:
    await stage.desk.readers.told(INCIDENT)
    stage.sandbox.faults.refused[(INFO, ANY)] = "internal_error"
    stage.story.clock.now += DOUBT_S - 60
    run = await failover(stage)
    await stage.drain()
    assert saying(stage.posted(), run.id) == 1


async def test_what_slack_said_longer_ago_holds_no_more_and_the_run_is_told_directly(stage: SlackStage) -> None:
    for channel in (INCIDENT, BACKUPS):
        await stage.desk.readers.told(channel)
    stage.sandbox.faults.refused[(INFO, ANY)] = "internal_error"
    stage.story.clock.now += DOUBT_S + 1
    run = await failover(stage)
    await stage.until_drained()

    assert stage.posted() == [] and stage.posted(BACKUPS) == []
    assert saying(direct(stage), run.id) > 0


async def test_no_answer_for_all_appears_in_an_incident_channel_that_strangers_read(stage: SlackStage) -> None:
    assert await places.is_ours(stage.desk, INCIDENT)
    stage.sandbox.share(INCIDENT, ext_shared=True)
    stage.story.clock.now += FRESH_S + 1
    assert not await places.is_ours(stage.desk, INCIDENT)
    place = await places.find(stage.desk, INCIDENT, "/rgs failover pool-a")
    assert place.channel == "" and "in a direct message" in place.sentence
