"""A channel that strangers read, from whenever they do, is told nothing; whoever holds a role reads it elsewhere."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.domain.runs.press import Press
from bot.domain.runs.run import Change, Phase, Run, Tell
from bot.sandbox import Message
from bot.sandbox.faults import ANY
from handlers.runs import places
from handlers.runs.strangers import KEY
from handlers.slack.readers import DOUBT_S, FRESH_S, _is_read_by_strangers
from storage.cards import Place
from tests.sandbox.parts import ANNA, BACKUPS, CLARA, GENERAL, INCIDENT
from tests.scenarios.house import everything
from tests.scenarios.slack_stage import ANNA_BERG, SlackStage, slack_stage
from tests.scenarios.stage import A, C

INFO = "conversations.info"
MOVED = "This card has moved, because people of other organisations read this channel."
REASON = {"reason": "a drill"}


@pytest.fixture
async def stage(redis: Redis) -> AsyncIterator[SlackStage]:
    async with slack_stage(redis) as stage:
        yield stage


async def failover(stage: SlackStage, channel: str = INCIDENT) -> Run:
    run = await stage.story.engine.start("failover", A, ANNA_BERG, channel=channel)
    return await stage.story.settle(run.id)


async def stopped(stage: SlackStage) -> Run:
    """Another open run, which waits for people because its pool is down."""
    await stage.story.take_down(C)
    run = await stage.story.settle((await stage.story.engine.start("backup", C, ANNA_BERG, channel=INCIDENT)).id)
    assert run.phase is Phase.STOPPED
    return run


async def posted(stage: SlackStage, channel: str, words: str) -> tuple[str, str]:
    said = await stage.desk.slack.chat_postMessage(channel=channel, text=words)
    return str(said["channel"]), str(said["ts"])


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
    assert saying(stage.posted(), run.id) == 1
    stage.story.clock.now += FRESH_S
    await stage.story.engine.press(run.id, Press(run.step, "abandon", run.question, {"reason": "a drill"}), ANNA_BERG)
    await told(stage, run, "The drill is over.")

    place = await stage.desk.cards.place(run.id)
    assert [message.text for message in stage.posted()] == [MOVED]
    assert place is not None and place.channel == BACKUPS
    assert saying(stage.posted(BACKUPS), "The drill is over.") == 1


def names_nothing(messages: list[Message]) -> bool:
    """Whether what is there names no pool, run, person or row."""
    words = everything(messages).casefold()
    return not any(name in words for name in ("pool-", "contoso", "failover", "anna", "backup"))


async def learn(stage: SlackStage, channel: str, **how: bool) -> None:
    """The channel is shared, and the bot hears of it at the first word of something else."""
    await stage.desk.cards.release("notice:late")
    stage.sandbox.share(channel, **(how or {"ext_shared": True}))
    await stage.desk.readers.told(channel, afresh=True)


async def test_from_the_moment_that_it_is_known_every_card_and_notice_there_moves_although_nothing_happened_to_it(
    stage: SlackStage,
) -> None:
    runs = [await failover(stage), await stopped(stage)]
    await stage.desk.notices.say("late", "A backup of pool-a is late.", stage.story.clock.now)
    await stage.desk.notices.placed("late", Place(*await posted(stage, INCIDENT, "A backup of pool-a is late.")))
    await stage.until_drained()
    assert len(stage.posted()) == 3 and not names_nothing(stage.posted())
    await learn(stage, INCIDENT)
    await stage.drain()

    assert sorted(message.text for message in stage.posted()) == sorted([MOVED, MOVED, MOVED.replace("card", "notice")])
    assert names_nothing(stage.posted())
    for _ in range(5):
        await stage.drain(5.0)
    for run in runs:
        place = await stage.desk.cards.place(run.id)
        assert place is not None and place.channel == BACKUPS and saying(stage.posted(BACKUPS), run.id) == 1
    assert saying(stage.posted(BACKUPS), "A backup of pool-a is late.") == 1
    await stage.story.engine.press(runs[0].id, Press(runs[0].step, "abandon", runs[0].question, REASON), ANNA_BERG)
    await stage.until_drained()
    assert saying(stage.posted(BACKUPS), "ABANDONED") == 1 and names_nothing(stage.posted())


async def test_a_card_in_a_channel_that_no_configuration_names_moves_as_well(stage: SlackStage) -> None:
    channel = stage.sandbox.workspace.channel(GENERAL)
    assert channel is not None
    stage.sandbox.workspace.put(replace(channel, members=channel.members | {stage.sandbox.workspace.bot_user}))
    run = await failover(stage, GENERAL)
    await stage.until_drained()
    assert saying(stage.posted(GENERAL), run.id) == 1
    await learn(stage, GENERAL)
    await stage.drain()
    assert [message.text for message in stage.posted(GENERAL)] == [MOVED] and saying(stage.posted(), run.id) == 1


async def test_where_slack_refuses_that_edit_the_card_goes_on_elsewhere_and_one_line_says_so(
    stage: SlackStage, caplog: pytest.LogCaptureFixture
) -> None:
    run = await failover(stage)
    await stage.until_drained()
    stage.sandbox.faults.refused["chat.update", INCIDENT] = "edit_window_closed"
    await learn(stage, INCIDENT)
    with caplog.at_level(logging.INFO, "handlers"):
        for _ in range(20):
            await stage.drain(7.0)
    lines = [line for line in caplog.messages if "although strangers may read it" in line]
    (line,) = lines
    assert line.startswith(f"A card stays in {INCIDENT} as it was") and "edit_window_closed" in line
    assert saying(stage.posted(), run.id) == 1 and saying(stage.posted(BACKUPS), run.id) == 1


async def test_a_process_that_dies_between_the_edit_and_the_new_card_leaves_the_rest_to_another(
    stage: SlackStage,
) -> None:
    run = await failover(stage)
    await stage.until_drained()
    await learn(stage, INCIDENT)
    stage.sandbox.faults.limited["chat.postMessage", BACKUPS] = 300.0
    edits: list[object] = []
    stage.sandbox.workspace.watchers.append(lambda word, value: edits.append(value))
    for _ in range(20):
        await stage.drain(1.0)
    assert [message.text for message in stage.posted()] == [MOVED] and stage.posted(BACKUPS) == []
    assert len([one for one in edits if isinstance(one, Message) and one.text == MOVED]) <= 5, "no loop"
    stage.sandbox.faults.limited.clear()
    stage.drawer = stage.another_drawer()
    for _ in range(3):
        await stage.drain(5.0)
    assert [message.text for message in stage.posted()] == [MOVED] and saying(stage.posted(BACKUPS), run.id) == 1


async def test_with_nowhere_to_go_on_the_card_is_gone_from_there_and_app_home_has_it(
    stage: SlackStage, caplog: pytest.LogCaptureFixture
) -> None:
    run = await failover(stage)
    await stage.desk.notices.say("late", "A backup of pool-a is late.", stage.story.clock.now)
    await stage.desk.notices.placed("late", Place(*await posted(stage, INCIDENT, "A backup of pool-a is late.")))
    await stage.until_drained()
    refused = stage.sandbox.faults.refused
    refused |= {("chat.postMessage", place): "no_permission" for place in (BACKUPS, ANNA, CLARA)}
    await learn(stage, INCIDENT)
    for _ in range(10):
        await stage.drain(5.0)
    assert names_nothing(stage.posted()) and await stage.desk.cards.place(run.id) is None
    standing = {notice.key: notice.place for notice in await stage.desk.notices.standing()}
    assert standing["late"] is None
    assert sum("no place in Slack takes" in line for line in caplog.messages) <= 4


async def test_what_only_may_be_read_by_strangers_moves_too_and_says_why(stage: SlackStage) -> None:
    run = await failover(stage)
    await stage.until_drained()
    stage.sandbox.faults.refused[(INFO, INCIDENT)] = "internal_error"
    stage.story.clock.now += DOUBT_S + 1
    await told(stage, run, "Something happened.")
    await stage.story.runs.commit(Change(replace(await stage.story.runs.load(run.id), sentence="New.")), 0.0)
    await stage.until_drained()
    said = "This card has moved, because Slack does not tell who reads this channel."
    assert [message.text for message in stage.posted()] == [said]
    assert saying(stage.posted(BACKUPS), run.id) == 1


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
        assert saying(direct(stage, user), "People of another organisation read") == 1
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
