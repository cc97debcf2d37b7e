"""Where no channel takes it, those who have to act hear of it directly: one has the card, the others know of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

import pytest
from redis.asyncio import Redis

from bot.domain.backups.schedule import Slot
from bot.domain.model import Role
from bot.domain.runs.run import Change, Phase, Run
from bot.sandbox.seed import TEAM as WORKSPACE
from bot.sandbox.values import Person
from handlers import home
from handlers.drawer import Drawer
from handlers.runs.whom import MOST
from handlers.slack.people import People
from tests.patience import PATIENCE_S
from tests.sandbox.parts import ANNA, BACKUPS, BORIS, CLARA, EMIL, INCIDENT
from tests.scenarios.slack_stage import ANNA_BERG, TEAM, SlackStage, gathered, roles, slack_stage
from tests.scenarios.stage import A, person
from tests.scenarios.test_next_place import archive, direct

DAVID = "U0DAVID001"
ALL = ([ANNA, BORIS], [CLARA, DAVID])
BORIS_LIND = replace(person("Boris", Role.SERVER_ADMIN), id=f"{TEAM}:{BORIS}")
KNOWS = "so one person has it directly"


async def staffed(stage: SlackStage, server_admins: Sequence[str], admins: Sequence[str] = ()) -> SlackStage:
    """The same stage with these holders of roles, each with an account."""
    for number, user in enumerate((*server_admins, *admins)):
        if stage.sandbox.workspace.person(user) is None:
            stage.sandbox.workspace.put(Person(user, f"Holder {number}", f"holder{number}", WORKSPACE))
    people = People(stage.desk.slack, roles(server_admins, admins), TEAM, answer_s=PATIENCE_S)
    desk = replace(stage.desk, people=people)
    return SlackStage(stage.story, stage.sandbox, desk, Drawer(desk))


@pytest.fixture
async def stage(redis: Redis) -> AsyncIterator[SlackStage]:
    """No channel takes anything."""
    async with slack_stage(redis) as stage:
        archive(stage, INCIDENT, BACKUPS)
        yield await staffed(stage, *ALL)


async def scheduled(stage: SlackStage) -> Run:
    """A run that nobody opened and that waits for people."""
    await stage.story.take_down(A)
    run = await stage.story.settle((await stage.story.engine.start_slot(Slot(A, "2026-11-21T02:30"))).id)
    assert run.phase is Phase.STOPPED
    return run


def said(stage: SlackStage, user: str, words: str) -> int:
    return sum(words in message.text for message in stage.sandbox.messages(direct(stage, user)))


async def everybody(stage: SlackStage, words: str) -> list[str]:
    """Who was told this, once for each time."""
    people = [one.id for one in stage.sandbox.workspace.people()]
    return [user for user in people for _ in range(said(stage, user, words))]


async def again(stage: SlackStage, run: Run, sentence: str) -> None:
    await stage.story.runs.commit(Change(replace(await stage.story.runs.load(run.id), sentence=sentence)), 0.0)
    await stage.until_drained()


async def test_a_run_that_nobody_opened_reaches_all_who_may_act_and_nobody_twice(stage: SlackStage) -> None:
    run = await scheduled(stage)
    await stage.until_drained()
    place = await stage.desk.cards.place(run.id)
    assert place is not None and place.channel == direct(stage, ANNA)
    assert await everybody(stage, KNOWS) == [BORIS, CLARA, DAVID]

    for number in range(3):
        await again(stage, run, f"Said otherwise, {number}.")
    await stage.another_drawer().drain(stage.story.clock.now)
    assert await everybody(stage, KNOWS) == [BORIS, CLARA, DAVID]
    assert said(stage, ANNA, "STOPPED") == 1 and said(stage, ANNA, "Said otherwise, 2.") == 1
    assert said(stage, EMIL, "") == 0


async def test_any_number_of_processes_tell_each_of_them_once(stage: SlackStage) -> None:
    await scheduled(stage)
    drawers = [stage.drawer, *(stage.another_drawer() for _ in range(3))]
    for _ in range(4):
        await gathered(*drawers, now=stage.story.clock.now)
        await stage.drain()
    assert await everybody(stage, KNOWS) == [BORIS, CLARA, DAVID]


async def test_of_many_holders_only_a_few_are_woken(stage: SlackStage) -> None:
    many = await staffed(stage, [f"U0HOLDER{number:02}" for number in range(20)])
    await scheduled(many)
    await many.until_drained()
    told = await everybody(many, "")
    assert len(set(told)) == MOST and told[0] == "U0HOLDER00"


async def test_whoever_opened_it_comes_first_and_only_those_are_told_for_whom_it_waits(stage: SlackStage) -> None:
    story = stage.story
    await story.settle((await story.engine.start("backup", A, ANNA_BERG)).id)
    await story.take_down(A)
    run = await story.settle((await story.engine.start("failover", A, BORIS_LIND, channel=INCIDENT)).id)
    run = await story.press(run, "declare", BORIS_LIND)
    assert (run.step, run.phase) == ("failover", Phase.WAITING)
    await stage.until_drained()
    place = await stage.desk.cards.place(run.id)
    assert place is not None and place.channel == direct(stage, BORIS)
    assert await everybody(stage, KNOWS) == [ANNA], "what moves a pool is for server admins"

    await story.press(run, "approve", BORIS_LIND)
    await stage.until_drained()
    assert await everybody(stage, KNOWS) == [ANNA, CLARA, DAVID], "the backup is for all who hold a role"


async def test_whoever_opened_it_and_may_do_nothing_now_has_neither_card_nor_message(stage: SlackStage) -> None:
    run = await stage.story.settle((await stage.story.engine.start("failover", A, ANNA_BERG, channel=INCIDENT)).id)
    later = await staffed(stage, [BORIS], [CLARA])
    await later.until_drained()
    place = await stage.desk.cards.place(run.id)
    assert place is not None and place.channel == direct(stage, BORIS)
    assert await everybody(stage, KNOWS) == [CLARA] and said(stage, ANNA, "") == 0


async def test_who_cannot_be_written_to_is_passed_by(stage: SlackStage) -> None:
    for user in (ANNA, CLARA):
        stage.sandbox.faults.refused["chat.postMessage", user] = "user_not_visible"
    run = await scheduled(stage)
    await stage.until_drained()
    place = await stage.desk.cards.place(run.id)
    assert place is not None and place.channel == direct(stage, BORIS)
    assert await everybody(stage, KNOWS) == [DAVID]


async def test_the_others_have_the_buttons_in_app_home(stage: SlackStage) -> None:
    run = await scheduled(stage)
    await stage.until_drained()
    await home.opened(stage.desk, BORIS)
    drawn = stage.sandbox.home(BORIS)
    assert drawn is not None and "Open the card" not in str(drawn.blocks)
    assert any(run.id in str(block) for block in drawn.blocks if block["type"] == "actions")


async def test_while_a_channel_takes_it_nobody_is_told_directly(redis: Redis) -> None:
    async with slack_stage(redis) as stage:
        stage = await staffed(stage, *ALL)
        archive(stage, BACKUPS)
        await scheduled(stage)
        await stage.until_drained()
        assert len(stage.posted()) == 2 and await everybody(stage, "") == []


async def test_a_notice_that_no_channel_takes_reaches_holders_once_each_time_it_begins_to_stand(
    stage: SlackStage,
) -> None:
    notices, now = stage.desk.notices, stage.story.clock
    await notices.say("disk", "The disk is full.", now())
    await stage.until_drained()
    await notices.say("disk", "The disk is fuller.", now())
    await stage.until_drained()
    await home.opened(stage.desk, DAVID)
    drawn = stage.sandbox.home(DAVID)
    assert drawn is not None and "The disk is fuller." in str(drawn.blocks)

    told = [BORIS, CLARA, DAVID]
    assert await everybody(stage, "The disk is full.") == told and await everybody(stage, "fuller") == [ANNA]

    await notices.end("disk", "There is room again.", now())
    await stage.until_drained()
    assert await everybody(stage, "There is room again.") == [ANNA]
    await notices.say("disk", "The disk is full.", now())
    await stage.until_drained()
    assert await everybody(stage, "you are told directly, and once") == sorted(told * 2)
