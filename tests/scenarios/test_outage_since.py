"""How an outage is declared: since when, and as what; both begin with what is known of the pool."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.domain.deployment.answers import FRESH_S, Part, PoolAnswer
from bot.domain.errors import BadInput
from bot.domain.runs.facts import OUTAGE_SINCE, outage_since
from bot.domain.runs.run import Run
from bot.runbooks.failover.facts import MODE
from bot.sandbox import Message, View
from bot.sandbox.refusals import NotPossible
from handlers.blocks import actions
from tests.sandbox.parts import ANNA
from tests.scenarios.front import Front, opened
from tests.scenarios.stage import ANNA as OPENER
from tests.scenarios.stage import A

DAY_S = 86_400
SINCE, WHICH = actions.field_block(OUTAGE_SINCE.key), actions.field_block(MODE.key)


@pytest.fixture
async def front(redis: Redis) -> AsyncIterator[Front]:
    async with opened(redis) as front:
        yield front


async def asked(front: Front) -> tuple[Run, Message]:
    run = await front.stage.settle((await front.desk.engine.start("failover", A, OPENER)).id)
    return run, await front.card(run)


async def form(front: Front, card: Message) -> View:
    await front.slack.click(ANNA, card, actions.action_id("declare"))
    view = front.slack.modal(ANNA)
    assert view
    return view


def element(view: View, block_id: str) -> dict[str, Any]:
    return next(block["element"] for block in view.blocks if block["block_id"] == block_id)


def picker(view: View) -> dict[str, Any]:
    return element(view, SINCE)


def filled(since: object) -> dict[str, object]:
    said = {"seen": "Nobody can sign in.", "mode": "disaster", "outage_since": since}
    return {actions.field_block(key): value for key, value in said.items()}


async def test_a_date_and_time_is_picked_kept_in_seconds_and_told_in_the_time_of_the_pool(front: Front) -> None:
    run, card = await asked(front)
    view = await form(front, card)
    assert picker(view) == {
        "type": "datetimepicker",
        "action_id": actions.ANSWER,
        "initial_date_time": int(front.stage.clock()),
    }

    await front.slack.submit(ANNA, view.id, filled(1_794_998_400))

    declared = await front.desk.runs.load(run.id)
    assert outage_since(declared) == 1_794_998_400.0
    assert declared.record_of("declare").sentence == (
        "Anna Berg declared an outage since 18 Nov 2026, 11:40 Europe/Berlin: Nobody can sign in."
    )


@pytest.mark.parametrize(
    ("ago_s", "said"),
    [
        (-60, "This is in the future. Choose a time that has passed."),
        (30 * DAY_S + 60, "This is more than 30 days ago. Choose a later time."),
    ],
)
async def test_what_cannot_be_is_said_at_the_field_in_one_sentence_and_nothing_changes(
    front: Front, ago_s: int, said: str
) -> None:
    run, card = await asked(front)
    view = await form(front, card)

    done = await front.slack.submit(ANNA, view.id, filled(int(front.stage.clock()) - ago_s))

    assert done.errors == {SINCE: said}
    assert front.slack.modal(ANNA) and await front.desk.runs.load(run.id) == run


async def test_thirty_days_back_and_this_very_second_can_be(front: Front) -> None:
    _, card = await asked(front)
    view = await form(front, card)

    done = await front.slack.submit(ANNA, view.id, filled(int(front.stage.clock()) - 30 * DAY_S))

    assert not done.errors and front.slack.modal(ANNA) is None


async def test_a_text_in_its_place_as_a_form_of_the_version_before_sends_it_is_refused(front: Front) -> None:
    run, _ = await asked(front)

    for text in ("02:40", "179499840x", "²", "-5", "17949984000000"):
        form = {"seen": "x", "mode": "disaster", "outage_since": text}
        pressed = actions.Pressed(run.id, run.step, "declare", run.question)
        with pytest.raises(BadInput, match=r"“Since when\?” is no date and time\. Choose both\."):
            await front.stage.press(run, pressed.choice, OPENER, **form)
    assert await front.desk.runs.load(run.id) == run


async def test_the_twin_picks_nothing_that_is_no_instant(front: Front) -> None:
    _, card = await asked(front)
    view = await form(front, card)

    with pytest.raises(NotPossible, match="is no date and time"):
        await front.slack.submit(ANNA, view.id, filled("02:40"))


@pytest.mark.parametrize(
    ("silent", "answered", "begins"),
    [
        (Part.POOL, 900.0, 900.0),
        (Part.DATA, 900.0, 900.0),
        (None, 100.0, 0.0),
        (Part.POOL, None, 100.0),
        (Part.WAY, 900.0, 0.0),
    ],
    ids=["it is silent", "its data is", "it answers", "it never answered", "only the way to it is silent"],
)
async def test_it_begins_with_when_the_pool_answered_last_if_it_does_not_now(
    front: Front, silent: Part | None, answered: float | None, begins: float
) -> None:
    _, card = await asked(front)
    now = front.stage.clock()
    at = now - 100.0
    spoke = 0.0 if answered is None else now - answered
    await front.desk.answers.note(A, PoolAnswer(at, silent, since=at, last=spoke))

    assert picker(await form(front, card))["initial_date_time"] == int(now - begins)


ASKED_AGO_S = 20.0


@pytest.mark.parametrize(
    ("answer", "holds"),
    [
        (PoolAnswer(0, Part.POOL), "disaster"),
        (PoolAnswer(0, Part.DATA, last=-60.0), "disaster"),
        (PoolAnswer(0), "planned"),
        (PoolAnswer(0, Part.DATA), ""),
        (PoolAnswer(0, Part.WAY, "admin-1.contoso.com"), ""),
        (PoolAnswer(0, through="admin-1.contoso.com"), ""),
        (PoolAnswer(0, Part.SIGN_IN), ""),
        (PoolAnswer(ASKED_AGO_S - FRESH_S, Part.POOL), ""),
        (PoolAnswer(ASKED_AGO_S - FRESH_S), ""),
        (None, ""),
    ],
    ids=[
        "it is silent",
        "its data is",
        "it answers",
        "its data could never be read",
        "the way to it is silent",
        "another server answers for it",
        "the account was refused",
        "it was silent a while ago",
        "it answered a while ago",
        "nobody has asked",
    ],
)
async def test_what_it_is_begins_with_how_the_pool_answered_last_and_with_nothing_where_nobody_knows(
    front: Front, answer: PoolAnswer | None, holds: str
) -> None:
    _, card = await asked(front)
    if answer:
        at = front.stage.clock() - ASKED_AGO_S
        last = at + answer.last if answer.last else 0.0
        await front.desk.answers.note(A, replace(answer, at=at + answer.at, since=at, last=last))

    chosen = element(await form(front, card), WHICH).get("initial_option")
    assert (chosen or {}).get("value", "") == holds


@pytest.mark.parametrize("answer", [PoolAnswer(0, Part.POOL), PoolAnswer(0)], ids=["silent", "answers"])
async def test_what_a_field_holds_is_declared_when_it_is_only_confirmed(front: Front, answer: PoolAnswer) -> None:
    run, card = await asked(front)
    since = front.stage.clock() - 900.0
    await front.desk.answers.note(A, replace(answer, at=front.stage.clock(), since=since))
    view = await form(front, card)

    await front.slack.submit(ANNA, view.id, {actions.field_block("seen"): "Nobody can sign in."})

    declared = await front.desk.runs.load(run.id)
    silent = answer.silent is not None
    assert (MODE.of(declared), outage_since(declared)) == (
        ("disaster", since) if silent else ("planned", front.stage.clock())
    )
