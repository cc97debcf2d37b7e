"""Whoever may not press reads who may, and has them asked: once for each question."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from bot.domain.runs.run import Run
from bot.sandbox import Message
from handlers.blocks import actions
from handlers.drawer import Drawer
from tests.sandbox.parts import ANNA, BORIS, CLARA, EMIL, FINN, INCIDENT
from tests.scenarios.front import Front, opened
from tests.scenarios.slack_stage import is_call
from tests.scenarios.stage import ANNA as OPENER
from tests.scenarios.stage import FAILOVER
from tests.scenarios.test_front import APPROVE, DECLARE, at_approval, failover, now

CAN = "Anna Berg and Boris Lind can do this."


@pytest.fixture(params=["http", "socket"])
async def front(redis: Redis, request: pytest.FixtureRequest) -> AsyncIterator[Front]:
    async with opened(redis, request.param) as front:
        yield front


def refusal(front: Front, user: str = EMIL) -> Message:
    return front.slack.ephemerals(user)[-1]


async def ask(front: Front, user: str = EMIL) -> str:
    """Presses "Ask them" on what this person was told last; what they are told then."""
    message = refusal(front, user)
    (button,) = [one for block in message.blocks if block["type"] == "actions" for one in block["elements"]]
    assert button["text"]["text"] == "Ask them"
    await front.slack.click(
        user, message, button["action_id"], button["value"], block_id=message.blocks[-1]["block_id"]
    )
    return refusal(front, user).text


async def calls(front: Front, run: Run) -> list[str]:
    """What stands in the channel of those who are called, after everything is drawn."""
    drawer = Drawer(front.desk)
    for _ in range(10):
        front.stage.clock.now += 2.0
        for name in (run.id, f"wait:{run.id}"):
            await front.desk.cards.release(name)
        await drawer.drain(front.stage.clock.now)
    return [message.text for message in front.slack.messages(INCIDENT) if is_call(message)]


@pytest.mark.parametrize("user", [EMIL, CLARA])
async def test_a_refused_press_names_who_can_do_it_and_asks_them_once(front: Front, user: str) -> None:
    run, card = await at_approval(front)
    await front.slack.click(user, card, APPROVE)
    assert refusal(front, user).text.endswith(CAN) and "you do not hold" in refusal(front, user).text
    assert (await ask(front, user)).startswith("They are asked now.")
    (text,) = await calls(front, run)
    assert f"<@{ANNA}>" in text and f"<@{BORIS}>" in text and "asks for an answer." in text

    await front.slack.click(EMIL, card, APPROVE)
    assert (await ask(front)).startswith("They were asked already.")
    assert await calls(front, run) == [text]


async def test_a_refused_form_and_one_that_was_sent_too_late_name_them_as_well(front: Front) -> None:
    _, card = await failover(front)
    await front.slack.click(EMIL, card, DECLARE)
    assert refusal(front).text.endswith("can do this.") and front.slack.modal(EMIL) is None


async def test_who_asked_for_a_command_is_told_who_can_be_the_second_person(front: Front) -> None:
    run, _ = await at_approval(front)
    while run.step != "settings":
        for choice, who in FAILOVER[run.step]:
            run = await front.stage.press(run, choice, who)
    run = await front.stage.press(run, "replace-settings", OPENER)
    await front.slack.click(ANNA, await front.card(run), APPROVE)
    await front.slack.click(ANNA, await front.card(await now(front, run)), APPROVE)
    said = refusal(front, ANNA).text
    assert "cannot be the second person" in said and said.endswith(
        " Boris Lind, Clara Nowak and David Okoye can do this."
    )


async def test_what_is_asked_no_more_asks_nobody(front: Front) -> None:
    run, card = await at_approval(front)
    await front.slack.click(EMIL, card, APPROVE)
    await front.slack.click(ANNA, card, APPROVE)
    assert "not asked any more" in await ask(front)
    assert (await front.desk.waits.find(run.id, run.question))[1] == ""


async def test_guests_read_who_can_do_it_and_ask_nobody(front: Front) -> None:
    _, card = await at_approval(front)
    await front.slack.click(FINN, card, APPROVE)
    assert refusal(front, FINN).text.endswith(CAN)
    assert "Guests cannot do this" in await ask(front, FINN)


async def test_while_nobody_can_tell_who_may_the_refusal_stands_alone(front: Front) -> None:
    run, card = await at_approval(front)
    front.slack.faults.refused["usergroups.users.list", "*"] = "internal_error"
    for group in ("S0SERVER01", "S0RGADMIN1"):
        front.desk.people.forget(group)
    await front.slack.click(EMIL, card, APPROVE)
    assert "can do this" not in refusal(front).text
    assert actions.ASK not in str(refusal(front).blocks)
    assert await now(front, run) == run


async def test_a_refused_command_names_who_can_do_it_and_asks_each_of_them_once(front: Front) -> None:
    await front.slack.command(EMIL, INCIDENT, "/rgs failover  pool-a")
    said = refusal(front).text
    assert (
        said.endswith("Anna Berg, Boris Lind, Clara Nowak and David Okoye can do this.") and "you do not hold" in said
    )
    for _ in range(2):
        assert (await ask(front)).startswith("They are asked now, each directly.")
        await front.desk.errands.settled()
        await front.slack.command(EMIL, INCIDENT, "/rgs failover pool-a")
    for user in (ANNA, BORIS, CLARA):
        (asked,) = front.slack.messages(front.slack.workspace.direct(user).id)
        assert asked.text == f"<@{EMIL}> may not do this and asks you for it: `/rgs failover pool-a`."
    assert not await front.desk.runs.page()
    (entry, *_) = await front.desk.runs.audit()
    assert entry.sentence == (
        "Emil Hansen could not start Failover of pool-a: this needs RTCUniversalServerAdmins or "
        "CsResponseGroupAdministrator, which they do not hold."
    )

    (button,) = [one for block in asked.blocks if block["type"] == "actions" for one in block["elements"]]
    await front.slack.click(CLARA, asked, button["action_id"], button["value"], block_id=asked.blocks[-1]["block_id"])
    (run,) = await front.desk.runs.page()
    assert (run.runbook, run.opened_by.name, run.channel) == ("failover", "Clara Nowak", "")


async def test_guests_are_told_why_not_and_nobody_is_asked_by_what_is_for_all(front: Front) -> None:
    await front.slack.command(FINN, INCIDENT, "/rgs status")
    assert (
        refusal(front, FINN).text.startswith("Guests cannot do this")
        and "can do this." not in refusal(front, FINN).text
    )


async def test_nobody_is_asked_to_vouch_for_whoever_asks(front: Front) -> None:
    await front.slack.command(EMIL, INCIDENT, "/rgs accept @Emil")
    told = refusal(front)
    assert told.text.endswith("can do this.") and "Ask them" not in str(told.blocks)


async def test_the_timeline_tells_of_a_refusal_in_the_third_person(front: Front) -> None:
    run, card = await at_approval(front)
    await front.slack.click(EMIL, card, APPROVE)
    (entry, *_) = await front.desk.runs.audit(run.id)
    assert entry.sentence == ("Emil Hansen was refused: this needs RTCUniversalServerAdmins, which they do not hold.")
