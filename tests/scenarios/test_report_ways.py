"""The report of a run that ended goes where its card is; what Slack does not take is said; anybody may ask for it."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from bot.domain.runs.run import REPORT, Phase, Run
from bot.sandbox import Message
from bot.sandbox.faults import ANY
from handlers.blocks import actions
from tests.sandbox.parts import ANNA, BACKUPS, EMIL, FINN, INCIDENT
from tests.scenarios.front import Front, opened
from tests.scenarios.slack_stage import ANNA_BERG, SlackStage, slack_stage
from tests.scenarios.stage import ANNA as OPENER
from tests.scenarios.stage import FAILOVER, A, Stage

WORDS = "from the outage to the end."


@pytest.fixture
async def stage(redis: Redis) -> AsyncIterator[SlackStage]:
    async with slack_stage(redis) as stage:
        yield stage


async def failed_over(story: Stage) -> Run:
    backup = await story.settle((await story.engine.start("backup", A, ANNA_BERG)).id)
    assert backup.phase is Phase.DONE
    await story.take_down(A)
    return await story.play(await begun(story), FAILOVER)


async def begun(story: Stage) -> Run:
    return await story.settle((await story.engine.start("failover", A, ANNA_BERG, channel=INCIDENT)).id)


async def told(stage: SlackStage) -> None:
    await stage.until_drained()
    await stage.desk.errands.settled()


def saying(stage: SlackStage, words: str, channel: str = INCIDENT) -> list[Message]:
    return [one for one in stage.posted(channel) if words in one.text]


def names(stage: SlackStage, message: Message) -> list[str]:
    return [stage.sandbox.workspace.file(id).name.rpartition(".")[2] for id in message.files]


async def test_words_and_files_lie_in_the_thread_of_the_card_once(stage: SlackStage) -> None:
    run = await failed_over(stage.story)
    await told(stage)
    await told(stage)

    place = await stage.desk.cards.place(run.id)
    (words,), (brought,) = saying(stage, WORDS), [one for one in stage.posted() if one.files]
    assert place and words.thread_ts == brought.thread_ts == place.ts
    assert names(stage, brought) == ["png", "md", "jsonl"]


async def test_files_that_slack_does_not_take_are_said_with_the_way_to_them(stage: SlackStage) -> None:
    stage.sandbox.faults.refused["files.getUploadURLExternal", ANY] = "storage_limit_reached"
    run = await failed_over(stage.story)
    await told(stage)

    (words,), (said,) = saying(stage, WORDS), saying(stage, "The report has no files here.")
    assert said.thread_ts == words.thread_ts and "Slack did not take the files (storage_limit_reached" in said.text
    assert f"`python -m bot report {run.id}` prints it where the bot runs." in said.text
    assert not [one for one in stage.posted() if one.files]


async def test_a_picture_that_cannot_be_drawn_is_said_and_the_rest_is_there(
    stage: SlackStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    await failed_over(stage.story)
    await told(stage)

    (brought,) = (one for one in stage.posted() if one.files)
    assert names(stage, brought) == ["md", "jsonl"]
    assert "The picture could not be drawn here. The words say the same." in brought.text


async def test_where_strangers_read_along_neither_words_nor_files_are_sent(stage: SlackStage) -> None:
    run = await failed_over(stage.story)
    stage.sandbox.share(INCIDENT, ext_shared=True)
    await told(stage)

    assert not saying(stage, WORDS) and not [one for one in stage.posted() if one.files]
    place = await stage.desk.cards.place(run.id)
    (brought,) = (one for one in stage.posted(BACKUPS) if one.files)
    assert place and (place.channel, brought.thread_ts) == (BACKUPS, place.ts)


async def test_files_stay_away_from_a_channel_that_strangers_joined_while_they_were_made(
    stage: SlackStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = await failed_over(stage.story)
    sends = stage.desk.errands.send
    held = []
    monkeypatch.setattr(stage.desk.errands, "send", lambda *errand: held.append(errand))
    await told(stage)
    stage.sandbox.share(INCIDENT, ext_shared=True)
    for errand in held:
        sends(*errand)
    await stage.desk.errands.settled()

    assert [name for name, *_ in held] == [f"report of {run.id}"]
    assert not [one for one in (*stage.posted(), *stage.posted(BACKUPS)) if one.files]


async def test_a_run_that_was_left_before_any_command_has_nothing_to_report(stage: SlackStage) -> None:
    run = await stage.story.press(await begun(stage.story), "abandon", ANNA_BERG)

    tells = [item.tell for item in await stage.story.runs.outbox(float("inf"), 100) if item.tell]
    assert run.phase is Phase.ABANDONED and REPORT not in [tell.to for tell in tells]
    await told(stage)
    assert not saying(stage, "from its start")


async def test_a_run_that_was_left_after_a_command_is_reported(stage: SlackStage) -> None:
    run = await begun(stage.story)
    for choice in ("declare", "disaster", "approve", "abandon"):
        run = await stage.story.press(run, choice, ANNA_BERG)
    assert run.phase is Phase.ABANDONED and run.attempt
    await told(stage)

    assert saying(stage, WORDS)


@pytest.fixture
async def front(redis: Redis) -> AsyncIterator[Front]:
    async with opened(redis) as front:
        yield front


async def pressed(front: Front, user: str, value: str) -> None:
    row = [{"type": "button", "text": {"type": "plain_text", "text": "Report"}, "action_id": actions.REPORT}]
    blocks = [{"type": "actions", "elements": [{**row[0], "value": value}]}]
    await front.desk.slack.chat_postMessage(channel=INCIDENT, text="Report", blocks=blocks)
    await front.slack.click(user, front.slack.messages(INCIDENT)[-1], actions.REPORT)
    await front.desk.errands.settled()


async def test_whoever_presses_gets_the_report_so_far_and_nobody_else_does(front: Front) -> None:
    run = await front.stage.settle((await front.desk.engine.start("failover", A, OPENER)).id)
    front.stage.clock.now += 60

    await pressed(front, EMIL, run.id)

    assert front.told(EMIL) == [f"The report of {run.id} is on its way to you, as a direct message."]
    (message,) = (one for one in front.slack.messages(front.slack.workspace.direct(EMIL).id) if one.files)
    assert "1 min from its start until now." in message.text and len(message.files) == 3
    assert not [one for one in front.slack.messages(INCIDENT) if one.files]


async def test_a_run_that_is_not_there_and_a_guest_are_refused_in_one_sentence(front: Front) -> None:
    await pressed(front, ANNA, "gone")
    await pressed(front, FINN, "gone")

    assert front.told(ANNA) == ["There is no run gone. `/rgs runs` lists them."]
    assert "Guests cannot do this" in front.told(FINN)[0]
