"""The outbox reaches Slack: one living card per run, whatever Slack answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from redis.asyncio import Redis

from bot.domain.backups.schedule import Slot
from bot.domain.runs.press import Press
from bot.domain.runs.run import Change, Phase, Run, Tell
from bot.sandbox import Message, Trouble
from bot.sandbox.faults import ANY
from storage.cards import Cards, Place
from tests.patience import PATIENCE_S
from tests.sandbox.parts import ANNA, BACKUPS, CLARA, GENERAL, INCIDENT
from tests.scenarios.house import buttons
from tests.scenarios.slack_stage import ANNA_BERG, SlackStage, gathered, owed, slack_stage
from tests.scenarios.stage import FAILOVER, A
from tests.storage.wire import wired


@pytest.fixture
async def stage(redis: Redis) -> AsyncIterator[SlackStage]:
    async with slack_stage(redis) as stage:
        yield stage


async def failover(stage: SlackStage, channel: str = INCIDENT) -> Run:
    """A failover that waits for its first answer, not drawn yet."""
    run = await stage.story.engine.start("failover", A, ANNA_BERG, channel=channel)
    return await stage.story.settle(run.id)


async def told(stage: SlackStage, run: Run, *tells: Tell) -> Run:
    """The same run with these messages in the outbox."""
    return await stage.story.runs.commit(Change(run, (), tells), stage.story.clock.now)


async def test_a_run_has_one_card_that_is_edited_in_place(stage: SlackStage) -> None:
    run = await failover(stage)
    await stage.drain()
    (card,) = stage.posted()
    assert "Failover of pool-a → pool-b" in card.text
    await stage.story.engine.press(run.id, _abandon(run), ANNA_BERG)
    await stage.drain()
    (edited,) = stage.posted()
    assert edited.ts == card.ts and "ABANDONED" in edited.text
    assert not buttons(edited)


async def test_a_card_that_looks_the_same_is_not_drawn_again(stage: SlackStage) -> None:
    run = await failover(stage)
    await stage.drain()
    run = await stage.story.runs.commit(Change(await stage.story.runs.load(run.id)), stage.story.clock.now)
    await stage.until_drained()
    assert stage.posted()[0].edited is None
    await stage.story.engine.press(run.id, _abandon(run), ANNA_BERG)
    await stage.drain()
    edited = stage.posted()[0].edited
    await stage.story.runs.commit(Change(await stage.story.runs.load(run.id)), stage.story.clock.now)
    await stage.drain()
    assert stage.posted()[0].edited == edited is not None


async def test_a_card_changes_at_most_once_a_second_and_the_last_state_is_drawn(stage: SlackStage) -> None:
    run = await failover(stage)
    await stage.until_drained()
    await stage.story.engine.press(run.id, _abandon(run), ANNA_BERG)
    await stage.desk.cards.release(run.id)
    assert await stage.desk.cards.lease(run.id, 60.0)
    now = stage.story.clock.now
    assert await stage.drawer.drain(now) == 0
    assert stage.posted()[0].edited is None and await stage.waiting() == 1
    await stage.drain()
    assert "ABANDONED" in stage.posted()[0].text


async def test_right_after_a_drawing_nobody_else_may_draw_that_card(stage: SlackStage) -> None:
    run = await failover(stage)
    await stage.drain()
    assert not await stage.desk.cards.lease(run.id, 1.0)


async def test_two_processes_that_drain_at_once_make_one_card(stage: SlackStage) -> None:
    await failover(stage)
    await gathered(stage.drawer, stage.another_drawer(), stage.another_drawer(), now=stage.story.clock.now)
    await stage.until_drained()
    assert len(stage.posted()) == 1


async def test_where_the_bot_is_not_the_card_goes_to_the_incident_channel_and_says_so(stage: SlackStage) -> None:
    run = await failover(stage, GENERAL)
    await stage.drain()
    assert not stage.posted(GENERAL)
    (card,) = stage.posted()
    assert f"asked for in <#{GENERAL}>" in str(card.blocks)
    assert await stage.desk.cards.place(run.id) is not None


async def test_without_any_channel_the_card_waits_and_comes_when_there_is_one(stage: SlackStage) -> None:
    for user in (ANNA, CLARA):
        stage.sandbox.faults.refused["chat.postMessage", user] = "cannot_dm_bot"
    await failover(stage, "C0NOWHERE1")
    lost = stage.another_drawer(incidents="C0NOWHERE2", notifications="C0NOWHERE3")
    assert await lost.drain(stage.story.clock.now) == 0
    await stage.drain(120)
    assert any("Failover" in message.text for message in stage.posted())


async def test_a_card_that_somebody_deleted_is_posted_anew(stage: SlackStage) -> None:
    run = await failover(stage)
    await stage.drain()
    await stage.desk.slack.chat_delete(channel=INCIDENT, ts=stage.posted()[0].ts)
    await stage.story.engine.press(run.id, _abandon(run), ANNA_BERG)
    await stage.drain()
    assert ["ABANDONED" in message.text for message in stage.posted()] == [True]


async def test_a_card_that_slack_takes_for_somebody_elses_is_posted_anew(stage: SlackStage) -> None:
    run = await failover(stage)
    said = await stage.sandbox.say(ANNA, INCIDENT, "hello")
    await stage.desk.cards.put(run.id, Place(INCIDENT, said.ts))
    await stage.drain()
    assert len(stage.posted()) == 2 and "Failover" in stage.posted()[1].text


@pytest.mark.parametrize("trouble", [Trouble.RATELIMITED, Trouble.SERVER_ERROR, Trouble.DROPPED])
@pytest.mark.parametrize("calls_before", [0, 1, 2])
async def test_whatever_slack_answers_in_any_position_everything_arrives(
    stage: SlackStage, trouble: Trouble, calls_before: int
) -> None:
    run = await failover(stage)
    await told(stage, run, Tell("thread", "first"), Tell("notifications", "second"))
    # Slow by nothing is no trouble at all: it only takes a place in the row.
    stage.trouble(calls_before, Trouble.SLOW, 0.0)
    stage.trouble(2, trouble)
    await stage.until_drained()
    card, *replies = stage.posted()
    assert [(reply.text, reply.thread_ts) for reply in replies] == [("first", card.ts)]
    assert [message.text for message in stage.posted(BACKUPS)] == ["second"]


async def test_a_post_whose_answer_was_lost_is_made_again_rather_than_lost(stage: SlackStage) -> None:
    run = await failover(stage)
    stage.trouble(1, Trouble.DROPPED_AFTER)
    await stage.until_drained()
    place = await stage.desk.cards.place(run.id)
    assert place is not None and place.ts == stage.posted()[-1].ts


async def test_when_slack_says_for_how_long_nothing_is_sent_until_then(stage: SlackStage) -> None:
    await failover(stage)
    stage.sandbox.faults.limited["chat.postMessage", ANY] = 20
    assert await stage.drain() == 0
    stage.sandbox.faults.limited.clear()
    assert await stage.drain(15) == 0 and not stage.posted()
    assert await stage.drain(10) == 1 and stage.posted()


async def test_while_slack_is_away_nothing_is_lost_and_the_card_catches_up(stage: SlackStage) -> None:
    run = await failover(stage)
    await stage.sandbox.go_away()
    for _ in range(5):
        assert await stage.drain() == 0
    await stage.story.engine.press(run.id, _abandon(run), ANNA_BERG)
    await stage.sandbox.go_away(False)
    await stage.until_drained()
    assert "ABANDONED" in stage.posted()[0].text and len(stage.posted()) == 1


async def test_while_redis_is_away_draining_raises_nothing_and_goes_on_afterwards(stage: SlackStage) -> None:
    await failover(stage)
    redis = stage.story.redis
    await redis.config_set("maxmemory", "1")
    try:
        await stage.drawer.drain(stage.story.clock.now)
    finally:
        await redis.config_set("maxmemory", "0")
    await stage.until_drained()
    assert stage.posted()


async def test_a_message_to_a_person_goes_to_them_alone(stage: SlackStage) -> None:
    run = await failover(stage)
    await told(stage, run, Tell(ANNA_BERG.id, "Sign in to your groups again."))
    await stage.until_drained()
    assert len(stage.posted()) == 1
    direct = stage.sandbox.workspace.direct(ANNA)
    assert [message.text for message in stage.posted(direct.id)] == ["Sign in to your groups again."]


async def test_somebody_who_cannot_be_written_to_is_named_in_the_thread(stage: SlackStage) -> None:
    run = await failover(stage)
    await told(stage, run, Tell("T0SWITCH01:U0NOBODY01", "Sign in to your groups again."))
    await stage.until_drained()
    card, reply = stage.posted()
    assert reply.thread_ts == card.ts and reply.text == "For <@U0NOBODY01>: Sign in to your groups again."


async def test_a_message_that_always_fails_does_not_hold_up_the_others(stage: SlackStage) -> None:
    run = await failover(stage, "")
    await stage.until_drained()
    await told(stage, run, Tell("notifications", "one"), Tell("thread", "two"))
    for user in (ANNA, CLARA):
        stage.sandbox.faults.refused["chat.postMessage", user] = "cannot_dm_bot"
    drawer = stage.another_drawer(notifications="C0NOWHERE1", incidents="C0NOWHERE2")
    await stage.desk.cards.release(run.id)
    await drawer.drain(stage.story.clock.now)
    assert [message.text for message in stage.posted()][1:] == ["two"]
    assert [item.kind for item in await owed(stage.story) if item.kind != "wait"] == ["notice", "tell"]


async def test_a_scheduled_backup_that_goes_well_has_no_card_and_one_line(stage: SlackStage) -> None:
    run = await stage.story.engine.start_slot(Slot(A, "2026-11-21T02:30"))
    run = await stage.story.settle(run.id)
    await stage.until_drained()
    assert run.phase is Phase.DONE
    assert not stage.posted() and len(stage.posted(BACKUPS)) == 1


async def test_a_scheduled_backup_that_needs_somebody_has_a_card_where_notices_go(stage: SlackStage) -> None:
    await stage.story.take_down(A)
    run = await stage.story.engine.start_slot(Slot(A, "2026-11-21T02:30"))
    run = await stage.story.settle(run.id)
    await stage.until_drained()
    assert run.phase is Phase.STOPPED
    assert not stage.posted()
    assert any("STOPPED" in message.text for message in stage.posted(BACKUPS))


async def test_an_open_app_home_follows_what_happens(stage: SlackStage) -> None:
    await stage.desk.cards.opened_home(ANNA, stage.story.clock.now)
    await failover(stage)
    await stage.drain()
    home = stage.sandbox.home(ANNA)
    assert home is not None and "Waits for you (1)" in str(home.blocks) and "Open the card" in str(home.blocks)


async def test_the_drawer_wakes_up_when_it_is_told_sleeps_otherwise_and_ends_when_it_is_told(stage: SlackStage) -> None:
    stop, wake, turns = asyncio.Event(), asyncio.Event(), []
    drawer = stage.another_drawer(now=lambda: turns.append(1) or stage.story.clock.now)
    run = await failover(stage)
    running = asyncio.create_task(drawer.run_forever(stop, wake, poll_s=60))
    async with asyncio.timeout(PATIENCE_S):
        while await stage.waiting():
            stage.story.clock.now += 1.0
            wake.set()
            await asyncio.sleep(0.01)
    turns.clear()
    await told(stage, run, Tell("notifications", "Wake up."))
    wake.set()
    assert await stage.sandbox.until(lambda: stage.posted(BACKUPS))
    await asyncio.sleep(0.2)
    assert len(turns) < 10
    stop.set()
    await asyncio.wait_for(running, PATIENCE_S)


async def test_every_card_of_a_whole_failover_is_taken_with_its_blocks(stage: SlackStage) -> None:
    await _backed_up(stage)
    run = await failover(stage)
    texts = []
    while run.is_open:
        await stage.until_drained()
        texts.append(_card_of(stage, run).text)
        for choice, who in FAILOVER[run.step]:
            run = await stage.story.press(run, choice, who)
    await stage.until_drained()
    last = _card_of(stage, run)
    assert run.phase is Phase.DONE and len(set(texts)) == len(texts)
    assert "Done." in last.text and not buttons(last)
    assert {bool(message.blocks) for message in stage.posted()} == {True}


def _abandon(run: Run) -> Press:
    return Press(run.step, "abandon", run.question, {"reason": "a drill"})


def _card_of(stage: SlackStage, run: Run) -> Message:
    """Its living card, of which there is exactly one."""
    (card,) = [message for message in stage.posted() if run.id in message.text and not message.thread_ts]
    return card


async def _backed_up(stage: SlackStage) -> None:
    """A backup of the pool that fails afterwards."""
    run = await stage.story.engine.start("backup", A, ANNA_BERG, channel=INCIDENT)
    assert (await stage.story.settle(run.id)).phase is Phase.DONE
    await stage.story.take_down(A)


async def test_a_card_that_could_not_be_given_back_is_free_as_soon_as_its_holder_looks_again(
    stage: SlackStage, redis_url: str
) -> None:
    """Another process keeps moving the entry ahead of the holder, which then never comes to it in the outbox."""
    cut: list[bytes] = []

    async def without_way_back(command: bytes, send: Callable[[bytes], Awaitable[None]]) -> None:
        if b"\r\nDEL\r\n" in command and not cut:
            cut.append(command)
            raise ConnectionError("cut")
        await send(command)

    run = await failover(stage)
    async with wired(redis_url, without_way_back) as client:
        holder, other = stage.another_drawer(cards=Cards(client)), stage.another_drawer()
        now = stage.story.clock.now
        await holder.drain(now)
        assert len(cut) == 1
        await stage.story.engine.press(run.id, _abandon(run), ANNA_BERG)
        await other.drain(now + 2)
        assert "ABANDONED" not in stage.posted()[0].text
        await holder.drain(now + 2.1)
        await other.drain(now + 4)
        assert "ABANDONED" in stage.posted()[0].text and await stage.waiting() == 0
