"""Nobody is waited for in silence: who may answer is called once, reminded, and the call goes with the answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.domain.model import Role
from bot.domain.runs.run import Change, Phase, Run
from bot.sandbox import Message
from bot.sandbox.faults import ANY
from bot.sandbox.seed import TEAM as WORKSPACE
from bot.sandbox.values import Person
from handlers.drawer import Drawer
from handlers.slack.people import People
from handlers.slack.presence import Here
from storage.cards import Place
from tests.patience import PATIENCE_S
from tests.sandbox.parts import ANNA, BORIS, CLARA, EMIL, INCIDENT
from tests.scenarios.slack_stage import ANNA_BERG, TEAM, SlackStage, gathered, owed, roles, slack_stage
from tests.scenarios.stage import FAILOVER, A, person
from tests.scenarios.test_next_place import archive, direct

DAVID, OLGA = "U0DAVID001", "U0OLGA0001"
BORIS_LIND = replace(person("Boris", Role.SERVER_ADMIN), id=f"{TEAM}:{BORIS}")
MINUTE = 60.0


async def held_by(stage: SlackStage, server_admins: Iterable[str], admins: Iterable[str] = ()) -> SlackStage:
    """The same stage with these holders of roles; who is new to the workspace is in no channel."""
    for user in (*server_admins, *admins):
        if stage.sandbox.workspace.person(user) is None:
            stage.sandbox.workspace.put(Person(user, f"Holder {user}", user.lower(), WORKSPACE))
    people = People(stage.desk.slack, roles(server_admins, admins), TEAM, answer_s=PATIENCE_S)
    desk = replace(stage.desk, people=people)
    return SlackStage(stage.story, stage.sandbox, desk, Drawer(desk))


@pytest.fixture
async def stage(redis: Redis) -> AsyncIterator[SlackStage]:
    async with slack_stage(redis) as stage:
        yield await held_by(stage, [ANNA, BORIS])


async def failover(stage: SlackStage, channel: str = INCIDENT) -> Run:
    """One that Anna opened and that asks whether there is an outage."""
    run = await stage.story.engine.start("failover", A, ANNA_BERG, channel=channel)
    run = await stage.story.settle(run.id)
    assert run.phase is Phase.ASKING
    return run


async def at_approval(stage: SlackStage) -> Run:
    """The failover at its first command, which Anna brought there."""
    await stage.story.settle((await stage.story.engine.start("backup", A, ANNA_BERG)).id)
    await stage.story.take_down(A)
    run = await stage.story.press(await failover(stage), "declare", ANNA_BERG)
    assert run.phase is Phase.WAITING
    return run


async def seconds(stage: SlackStage, count: int) -> None:
    """So many of them pass, one after the other."""
    for _ in range(count):
        await stage.drain(1.0)


def names(message: Message) -> list[str]:
    return [user for user in (ANNA, BORIS, CLARA, DAVID, EMIL, OLGA) if f"<@{user}>" in str(message.blocks)]


def called(stage: SlackStage) -> list[list[str]]:
    """Whom the calls in the channel name, message by message."""
    return [names(message) for message in stage.calls()]


def told(stage: SlackStage, user: str) -> list[str]:
    return [message.text for message in stage.calls(direct(stage, user))]


async def test_whoever_may_answer_is_called_once_in_the_channel_and_not_who_pressed(stage: SlackStage) -> None:
    run = await failover(stage)
    await seconds(stage, 20)
    (message,) = stage.calls()
    assert names(message) == [BORIS] and "Waiting for you: declare the outage." in message.text
    place = await stage.desk.cards.place(run.id)
    assert place is not None and f"/archives/{INCIDENT}/p{place.ts.replace('.', '')}" in message.text
    assert message.text.count(f"<@{BORIS}>") == 1 and told(stage, BORIS) == told(stage, ANNA) == []


async def test_the_answer_takes_the_place_of_the_call_and_says_whose_it_is(stage: SlackStage) -> None:
    run = await failover(stage)
    await seconds(stage, 5)
    (before,) = stage.calls()
    await stage.story.press(run, "declare", BORIS_LIND)
    await seconds(stage, 20)
    answered, asked = stage.calls()
    assert answered.ts == before.ts and names(answered) == []
    assert answered.text.startswith("Answered · ") and "Boris" in answered.text
    assert names(asked) == [ANNA], "what Boris' press led to is for Anna, and not for him"


async def test_each_question_is_a_call_of_its_own_and_never_are_two_of_them_standing(stage: SlackStage) -> None:
    run = await at_approval(stage)
    await seconds(stage, 10)
    assert called(stage) == [[BORIS]]
    await stage.story.press(run, "approve", BORIS_LIND)
    await seconds(stage, 10)
    assert [names(message) for message in stage.calls() if "Please answer" in message.text] == [[ANNA]]


async def test_where_only_whoever_pressed_may_answer_nobody_is_called(stage: SlackStage) -> None:
    alone = await held_by(stage, [ANNA])
    await failover(alone)
    await seconds(alone, 400)
    assert alone.calls() == [] and told(alone, ANNA) == []


async def test_whoever_pressed_long_before_is_called_like_the_others(stage: SlackStage) -> None:
    run = await at_approval(stage)
    await seconds(stage, 10)
    await stage.story.press(run, "approve", BORIS_LIND)
    stage.story.clock.now += 20 * MINUTE
    await seconds(stage, 10)
    assert [names(message) for message in stage.calls() if "Please answer" in message.text] == [[ANNA, BORIS]]


async def test_where_nobody_is_known_to_hold_the_role_the_channel_reads_which_it_takes(stage: SlackStage) -> None:
    nobody = await held_by(stage, [])
    await failover(nobody)
    await seconds(nobody, 20)
    (message,) = nobody.calls()
    assert "Nobody is known who may answer: it takes RTCUniversalServerAdmins" in message.text
    assert names(message) == []


async def test_who_is_not_in_the_channel_is_told_directly_and_not_there(stage: SlackStage) -> None:
    more = await held_by(stage, [ANNA, BORIS, OLGA])
    await failover(more)
    await seconds(more, 20)
    assert called(more) == [[BORIS]] and len(told(more, OLGA)) == 1 and told(more, BORIS) == []
    assert "Open the card" in told(more, OLGA)[0] and "Home tab" in told(more, OLGA)[0]


async def test_where_all_are_told_directly_the_channel_reads_nothing(stage: SlackStage) -> None:
    away = await held_by(stage, [ANNA, OLGA])
    await failover(away)
    await seconds(away, 20)
    assert called(away) == [] and len(told(away, OLGA)) == 1


async def test_while_slack_does_not_tell_who_is_in_the_channel_each_is_told_directly(stage: SlackStage) -> None:
    stage.sandbox.faults.refused["conversations.members", ANY] = "internal_error"
    await failover(stage)
    await seconds(stage, 20)
    assert called(stage) == [] and len(told(stage, BORIS)) == 1


async def test_of_many_five_are_called_those_first_who_are_at_work_and_away_ones_last(stage: SlackStage) -> None:
    holders = [f"U0HOLDER{number:02}" for number in range(9)]
    many = await held_by(stage, [ANNA, *holders])
    many.sandbox.workspace.away |= set(holders[:5])
    many.sandbox.faults.refused["users.getPresence", ANY] = "internal_error"
    assert set((await many.desk.presence.of(holders[5:7])).values()) == {Here.UNKNOWN}
    many.sandbox.faults.refused.clear()
    await failover(many)
    await seconds(many, 20)
    run = (await many.story.runs.page(count=1))[0]
    wait, _ = await many.desk.waits.find(run.id, run.question)
    assert wait is not None and wait.direct == (*holders[7:], *holders[5:7], holders[0])
    assert [user for user in holders if told(many, user)] == [holders[0], *holders[5:]]


async def test_a_card_that_one_person_has_calls_the_others_and_the_next_question_calls_that_person_too(
    stage: SlackStage,
) -> None:
    archive(stage, INCIDENT, "C0BACKUPS1")
    run = await failover(stage)
    await seconds(stage, 20)
    place = await stage.desk.cards.place(run.id)
    assert place is not None and place.channel == direct(stage, ANNA)
    assert [len(told(stage, user)) for user in (ANNA, BORIS)] == [0, 1]
    assert "one person has it directly" in told(stage, BORIS)[0]
    await stage.story.press(run, "declare", BORIS_LIND)
    await seconds(stage, 20)
    assert [len(told(stage, user)) for user in (ANNA, BORIS)] == [1, 1]
    assert told(stage, BORIS)[0].startswith("Answered · ")


async def test_any_number_of_processes_call_each_of_them_once(stage: SlackStage) -> None:
    more = await held_by(stage, [ANNA, BORIS, OLGA])
    await failover(more)
    drawers = [more.drawer, *(more.another_drawer() for _ in range(3))]
    for _ in range(12):
        await gathered(*drawers, now=more.story.clock.now)
        await more.drain(1.0)
    assert called(more) == [[BORIS]] and len(told(more, OLGA)) == 1


async def test_those_at_work_are_reminded_after_three_and_six_minutes_by_the_one_message_that_stands(
    stage: SlackStage,
) -> None:
    more = await held_by(stage, [ANNA, BORIS, OLGA], [])
    more.sandbox.workspace.away.add(OLGA)
    await failover(more)
    await seconds(more, 10)
    (first,), (direct_,) = more.calls(), told(more, OLGA)
    await seconds(more, 160)
    assert more.calls() == [first]
    await seconds(more, 20)
    (second,) = more.calls()
    assert second.ts != first.ts and names(second) == [BORIS] and "Still waiting after 3 min." in second.text
    await seconds(more, 160)
    assert more.calls() == [second]
    await seconds(more, 20)
    (third,) = more.calls()
    assert third.ts != second.ts and names(third) == [BORIS] and "Still waiting after 6 min." in third.text
    await seconds(more, 600)
    assert more.calls() == [third] and told(more, OLGA) == [direct_], "who is away is not woken again"
    assert told(more, ANNA) == [] and not await more.story.runs.outbox(float("inf"))


async def test_while_nobody_is_at_work_what_was_said_stands(stage: SlackStage) -> None:
    stage.sandbox.workspace.away |= {BORIS}
    await failover(stage)
    await seconds(stage, 200)
    (first,) = stage.calls()
    assert "Still waiting" not in first.text
    stage.sandbox.workspace.away.clear()
    await seconds(stage, 180)
    (second,) = stage.calls()
    assert second.ts != first.ts and names(second) == [BORIS] and "Still waiting after 6 min." in second.text


async def test_who_is_told_directly_is_reminded_directly(stage: SlackStage) -> None:
    more = await held_by(stage, [ANNA, OLGA])
    await failover(more)
    await seconds(more, 200)
    (text,) = told(more, OLGA)
    assert "Still waiting after 3 min." in text and called(more) == []


async def test_after_the_answer_nobody_is_reminded(stage: SlackStage) -> None:
    run = await failover(stage)
    await seconds(stage, 170)
    await stage.story.press(run, "declare", BORIS_LIND)
    await seconds(stage, 60)
    assert [names(message) for message in stage.calls()] == [[], [ANNA]]
    assert not any("Still waiting" in message.text for message in stage.calls())


async def test_reminders_outlive_the_process_and_a_long_sleep_is_one_reminder(stage: SlackStage) -> None:
    await failover(stage)
    await seconds(stage, 10)
    reborn = SlackStage(stage.story, stage.sandbox, stage.desk, stage.another_drawer())
    stage.story.clock.now += 20 * MINUTE
    await seconds(reborn, 20)
    (message,) = stage.calls()
    assert "Still waiting after 6 min." in message.text


async def test_who_dies_between_two_steps_leaves_one_message_standing(stage: SlackStage) -> None:
    """It dies with a reminder posted, and the message before still there."""
    await failover(stage)
    await seconds(stage, 10)
    (first,) = stage.calls()
    stage.sandbox.faults.refused["chat.delete", ANY] = "internal_error"
    await seconds(stage, 180)
    assert len(stage.calls()) == 2
    stage.sandbox.faults.refused.clear()
    reborn = SlackStage(stage.story, stage.sandbox, stage.desk, stage.another_drawer())
    await seconds(reborn, 60)
    (message,) = stage.calls()
    assert message.ts != first.ts and "Still waiting after 3 min." in message.text


async def test_a_hundred_waits_stay_within_what_slack_takes(
    stage: SlackStage, caplog: pytest.LogCaptureFixture
) -> None:
    run, runs, ids = await failover(stage), stage.story.runs, [f"backup-pool-a-1118-1106-{n:04x}" for n in range(100)]
    for id in ids:
        await runs.commit(Change(replace(run, id=id, version=0, pool_state=None)), stage.story.clock.now)
        await stage.desk.cards.put(id, Place(INCIDENT, "1795000000.000001"))
        await stage.desk.waits.owe(id, stage.story.clock.now, True)
    for item in await runs.outbox(float("inf"), 1000):
        if item.kind == "card":
            await runs.sent(item)
    stage.sandbox.faults.rate_limits = True
    for _ in range(110):
        stage.story.clock.now += 1.0
        await stage.drawer.drain(stage.story.clock.now)
    assert sorted(names(message) for message in stage.calls()) == [[BORIS]] * 100
    assert not [line for line in caplog.messages if "has heard enough" in line]


async def stopped(stage: SlackStage) -> Run:
    """A backup that Anna asked for and that needs somebody; it moves no pool."""
    await stage.story.take_down(A)
    run = await stage.story.engine.start("backup", A, ANNA_BERG, channel=INCIDENT)
    run = await stage.story.settle(run.id)
    assert run.phase is Phase.STOPPED and run.pool_state is None
    return run


async def test_in_quiet_hours_calls_wait_until_they_are_over(redis: Redis) -> None:
    """It is 12:06 in Berlin when the story begins."""
    async with slack_stage(redis, quiet="12:00-13:00") as stage:
        stage = await held_by(stage, [ANNA, BORIS])
        await stopped(stage)
        await seconds(stage, 20)
        assert stage.calls() == []
        stage.story.clock.now += 55 * MINUTE
        await seconds(stage, 20)
        assert called(stage) == [[ANNA, BORIS]], "an hour later whoever pressed is called as well"
        assert not await owed(stage.story)


async def test_reminders_wait_for_the_end_of_quiet_hours_too_and_are_one(redis: Redis) -> None:
    async with slack_stage(redis, quiet="12:10-13:00") as stage:
        stage = await held_by(stage, [ANNA, BORIS])
        await stopped(stage)
        await seconds(stage, 20)
        (first,) = stage.calls()
        await seconds(stage, 400)
        assert stage.calls() == [first]
        stage.story.clock.now += 60 * MINUTE
        await seconds(stage, 20)
        (later,) = stage.calls()
        assert "Still waiting after 6 min." in later.text


async def test_what_moves_a_pool_calls_in_quiet_hours_as_well(redis: Redis) -> None:
    async with slack_stage(redis, quiet="12:00-13:00") as stage:
        stage = await held_by(stage, [ANNA, BORIS])
        await failover(stage)
        await seconds(stage, 200)
        assert called(stage) == [[BORIS]] and "Still waiting" in stage.calls()[0].text


async def two_of_them(stage: SlackStage) -> Run:
    """The failover where an import waits for the first of two people."""
    run = await at_approval(stage)
    while run.step != "settings":
        for choice, _ in FAILOVER[run.step]:
            run = await stage.story.press(run, choice, ANNA_BERG)
    return await stage.story.press(run, "replace-settings", ANNA_BERG)


async def test_the_first_of_two_is_never_called_for_the_second(stage: SlackStage) -> None:
    more = await held_by(stage, [ANNA, BORIS], [CLARA])
    run = await more.story.press(await two_of_them(more), "approve", BORIS_LIND)
    assert run.phase is Phase.WAITING and len(run.approvals) == 1
    await seconds(more, 400)
    (message,) = [one for one in more.calls() if "Please answer" in one.text]
    assert sorted(names(message)) == [ANNA, CLARA] and "Boris asked for this command" in message.text


async def test_an_approval_that_expires_is_said_on_the_call_and_to_whoever_gave_it(stage: SlackStage) -> None:
    run = await stage.story.press(await two_of_them(stage), "approve", BORIS_LIND)
    await seconds(stage, 20)
    before = stage.calls()[-1]
    stage.story.clock.now += 60 * MINUTE
    await stage.story.engine.tick()
    await seconds(stage, 20)
    over, asked = stage.calls()[-2:]
    assert over.ts == before.ts and "The approval of Boris is not from the last 60 minutes" in over.text
    assert sorted(names(asked)) == [ANNA, BORIS], "nobody's press has led to this"
    (text,) = [one.text for one in stage.posted(direct(stage, BORIS))]
    assert text.startswith("Failover of pool-a: The approval of Boris") and "Nothing was sent." in text
    assert (await stage.story.runs.load(run.id)).approvals == ()


async def test_whoever_asked_for_a_command_is_told_that_somebody_else_approved_it_and_nobody_else_is(
    stage: SlackStage,
) -> None:
    more = await held_by(stage, [ANNA, BORIS], [CLARA])
    run = await more.story.press(await two_of_them(more), "approve", BORIS_LIND)
    await more.story.press(run, "approve", ANNA_BERG)
    await more.until_drained()
    (said,) = [one.text for one in more.posted(direct(more, BORIS))]
    assert said.startswith("Failover of pool-a, ") and said.endswith(": anna approved it.")
    assert more.posted(direct(more, ANNA)) == more.posted(direct(more, CLARA)) == []


async def test_whoever_opened_a_run_is_told_when_somebody_else_approves_or_abandons_it(stage: SlackStage) -> None:
    run = await at_approval(stage)
    run = await stage.story.press(run, "approve", BORIS_LIND)
    await stage.until_drained()
    assert ["Boris approved it." in one.text for one in stage.posted(direct(stage, ANNA))] == [True]
    await stage.story.press(run, "abandon", BORIS_LIND, reason="a drill")
    await stage.until_drained()
    assert "Boris abandoned this run: a drill." in stage.posted(direct(stage, ANNA))[-1].text
    assert stage.posted(direct(stage, BORIS)) == []


async def asked_for(stage: SlackStage, run: Run, name: str = "Emil Hansen") -> bool:
    return await stage.desk.waits.ask(run.id, run.question, name, stage.story.clock.now)


async def test_who_asks_for_a_call_has_it_made_anew_once_and_for_whoever_pressed_last_as_well(
    stage: SlackStage,
) -> None:
    run = await failover(stage)
    await seconds(stage, 10)
    (first,) = stage.calls()
    assert await asked_for(stage, run)
    assert not await asked_for(stage, run, "Finn")
    await seconds(stage, 10)
    (second,) = stage.calls()
    assert second.ts != first.ts and sorted(names(second)) == [ANNA, BORIS]
    assert "Emil Hansen asks for an answer." in second.text
    await seconds(stage, 160)
    assert stage.calls() == [second]
    await seconds(stage, 20)
    (third,) = stage.calls()
    assert "Still waiting after 3 min." in third.text


async def test_who_asks_is_heard_where_only_whoever_pressed_may_answer_and_in_quiet_hours(redis: Redis) -> None:
    async with slack_stage(redis, quiet="12:00-13:00") as stage:
        stage = await held_by(stage, [ANNA])
        run = await stopped(stage)
        await seconds(stage, 10)
        assert stage.calls() == []
        assert await asked_for(stage, run)
        await seconds(stage, 10)
        assert called(stage) == [[ANNA]]


async def test_where_nobody_may_delete_a_message_the_one_before_calls_nobody_any_more(stage: SlackStage) -> None:
    stage.sandbox.faults.refused["chat.delete", ANY] = "compliance_exports_prevent_deletion"
    await failover(stage)
    await seconds(stage, 200)
    before, now = stage.calls()
    assert names(before) == [] and before.text.endswith(": asked anew below.")
    assert names(now) == [BORIS]


async def test_a_call_that_strangers_could_read_is_gone_from_there_and_goes_on_directly(stage: SlackStage) -> None:
    await failover(stage)
    await seconds(stage, 10)
    assert called(stage) == [[BORIS]]
    stage.sandbox.share(INCIDENT, ext_shared=True)
    assert await stage.desk.readers.against(INCIDENT, afresh=True)
    await seconds(stage, 20)
    assert stage.calls() == [] and len(told(stage, BORIS)) == 1
    assert INCIDENT not in told(stage, BORIS)[0]


async def test_who_is_called_is_decided_once_whatever_happens_before_they_are(stage: SlackStage) -> None:
    holders = [f"U0HOLDER{number:02}" for number in range(6)]
    many = await held_by(stage, [ANNA, *holders])
    many.sandbox.workspace.away |= {holders[5]}
    await failover(many)
    await many.drain(1.0)
    many.sandbox.faults.limited["chat.postMessage", ANY] = 5.0
    await seconds(many, 10)
    many.sandbox.workspace.away = set(holders[:5])
    await seconds(many, 70)
    many.sandbox.faults.limited.clear()
    await seconds(many, 30)
    assert [user for user in holders if told(many, user)] == holders[:5]
