"""Nights that fail one after the other are one message, told once, and it says when backups work again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.domain.backups.schedule import Slot
from bot.domain.runs.press import Press
from bot.domain.runs.run import Change, Phase, Run
from bot.sandbox import Message, Trouble
from tests.sandbox.parts import BACKUPS, INCIDENT
from tests.scenarios.slack_stage import ANNA_BERG, SlackStage, gathered, slack_stage
from tests.scenarios.stage import A, B

DAY = 86_400.0


@pytest.fixture
async def stage(redis: Redis) -> AsyncIterator[SlackStage]:
    async with slack_stage(redis) as stage:
        yield stage


async def night(stage: SlackStage, day: int, *, pool: str = A) -> Run:
    """What the schedule does at 02:30 of that day of November; nothing is drawn yet."""
    stage.story.clock.now += DAY
    run = await stage.story.engine.start_slot(Slot(pool, f"2026-11-{day}T02:30"))
    return await stage.story.settle(run.id)


def loud(stage: SlackStage) -> list[Message]:
    return [message for message in stage.posted(BACKUPS) if "Needs attention" in str(message.blocks)]


def cards(stage: SlackStage) -> list[Message]:
    return [message for message in stage.posted(BACKUPS) if message not in loud(stage)]


async def test_three_nights_that_fail_and_a_good_one_are_one_card_and_one_alarm(stage: SlackStage) -> None:
    good = await night(stage, 20)
    await stage.until_drained()
    (line,) = stage.posted(BACKUPS)
    await stage.story.take_down(A)
    runs = []
    for day in (21, 22, 23):
        runs.append(await night(stage, day))
        assert runs[-1].phase is Phase.STOPPED
        await stage.until_drained()
        line_, card = cards(stage)
        assert line_.ts == line.ts and runs[-1].id in card.text and "STOPPED" in card.text
        assert len(loud(stage)) == 1
    assert "3 in a row, since 2026-11-2" in card.text and "The newest good backup is from 2026-11-19" in card.text
    assert "3 days old when this one began" in card.text and good.phase is Phase.DONE
    assert card.ts == cards(stage)[1].ts

    await stage.story.bring_up(A)
    again = await night(stage, 24)
    await stage.until_drained()
    assert again.phase is Phase.DONE
    line_, card, stored = cards(stage)
    assert card.text.startswith("✅ Backup of pool-a works again since 2026-11-2")
    assert "had failed 3 times in a row, since" in card.text and "STOPPED" not in str(card.blocks)
    assert "is stored" in stored.text and len(loud(stage)) == 1


async def test_after_a_good_night_the_next_failure_is_news(stage: SlackStage) -> None:
    await stage.story.take_down(A)
    await night(stage, 21)
    await stage.until_drained()
    await stage.story.bring_up(A)
    await night(stage, 22)
    await stage.until_drained()
    await stage.story.take_down(A)
    await night(stage, 23)
    await stage.until_drained()
    first, _, card = cards(stage)
    assert "works again" in first.text and "had failed once" in first.text
    assert "STOPPED" in card.text and "in a row" not in card.text and len(loud(stage)) == 2


async def test_a_failure_that_somebody_abandoned_is_no_part_of_a_streak(stage: SlackStage) -> None:
    await stage.story.take_down(A)
    run = await night(stage, 21)
    await stage.until_drained()
    abandon = Press(run.step, "abandon", run.question, {"reason": "known"})
    await stage.story.engine.press(run.id, abandon, ANNA_BERG)
    await night(stage, 22)
    await stage.until_drained()
    first, second = cards(stage)
    assert "ABANDONED" in first.text and "STOPPED" in second.text and len(loud(stage)) == 2


async def test_a_backup_by_hand_ends_the_streak_as_well(stage: SlackStage) -> None:
    await stage.story.take_down(A)
    for day in (21, 22):
        await night(stage, day)
        await stage.until_drained()
    await stage.story.bring_up(A)
    run = await stage.story.engine.start("backup", A, ANNA_BERG, channel=INCIDENT)
    await stage.story.settle(run.id)
    await stage.until_drained()
    assert "works again" in cards(stage)[0].text and "2 times in a row" in cards(stage)[0].text
    assert [run.id in message.text for message in stage.posted(INCIDENT)] == [True]


async def test_pools_that_fail_in_the_same_night_have_a_card_each(stage: SlackStage) -> None:
    for pool in (A, B):
        await stage.story.take_down(pool)
    for day in (21, 22):
        for pool in (A, B):
            await night(stage, day, pool=pool)
        await stage.until_drained()
    assert len(cards(stage)) == 2 and len(loud(stage)) == 2
    assert [("pool-a" in card.text, "2 in a row" in card.text) for card in cards(stage)] == [
        (True, True),
        (False, True),
    ]


async def test_a_card_that_somebody_deleted_comes_back_with_the_next_failure(stage: SlackStage) -> None:
    await stage.story.take_down(A)
    await night(stage, 21)
    await stage.until_drained()
    await stage.desk.slack.chat_delete(channel=BACKUPS, ts=cards(stage)[0].ts)
    await night(stage, 22)
    await stage.until_drained()
    (card,) = cards(stage)
    assert "2 in a row" in card.text


async def test_a_run_whose_card_went_to_the_next_one_draws_nothing_any_more(stage: SlackStage) -> None:
    await stage.story.take_down(A)
    first = await night(stage, 21)
    await stage.until_drained()
    await night(stage, 22)
    await stage.until_drained()
    again = replace(await stage.story.runs.load(first.id), sentence="Something late.")
    await stage.story.runs.commit(Change(again), stage.story.clock.now)
    await stage.until_drained()
    (card,) = cards(stage)
    assert "2 in a row" in card.text and "Something late" not in card.text


async def test_nights_that_fail_while_slack_is_away_are_one_card_as_well(stage: SlackStage) -> None:
    await stage.story.take_down(A)
    await stage.sandbox.go_away()
    for day in (21, 22, 23):
        await night(stage, day)
        await stage.drain()
    await stage.sandbox.go_away(False)
    await stage.until_drained()
    (card,) = cards(stage)
    assert "3 in a row" in card.text and len(loud(stage)) == 1


@pytest.mark.parametrize("trouble", [Trouble.RATELIMITED, Trouble.DROPPED])
@pytest.mark.parametrize("calls_before", [0, 1])
async def test_whatever_slack_answers_and_whoever_draws_there_is_one_card(
    stage: SlackStage, trouble: Trouble, calls_before: int
) -> None:
    await stage.story.take_down(A)
    await night(stage, 21)
    await stage.until_drained()
    await night(stage, 22)
    stage.trouble(calls_before, Trouble.SLOW, 0.0)
    stage.trouble(1, trouble)
    await gathered(stage.drawer, stage.another_drawer(), now=stage.story.clock.now)
    await stage.until_drained()
    await stage.story.bring_up(A)
    await night(stage, 23)
    await gathered(stage.drawer, stage.another_drawer(), now=stage.story.clock.now)
    await stage.until_drained()
    first, *lines = cards(stage)
    assert "works again" in first.text and all("is stored" in line.text for line in lines)


async def test_the_buttons_on_the_card_are_those_of_the_newest_run(stage: SlackStage) -> None:
    await stage.story.take_down(A)
    for day in (21, 22):
        run = await night(stage, day)
        await stage.until_drained()
    await stage.story.bring_up(A)
    (card,) = cards(stage)
    assert f"{run.id}|" in str(card.blocks)
    await stage.story.engine.press(run.id, Press(run.step, "retry", run.question, {}), ANNA_BERG)
    run = await stage.story.settle(run.id)
    await stage.until_drained()
    assert run.phase is Phase.DONE and "Done." in cards(stage)[0].text
    await stage.story.take_down(A)
    await night(stage, 23)
    await stage.until_drained()
    assert "in a row" not in cards(stage)[-1].text and len(loud(stage)) == 2
