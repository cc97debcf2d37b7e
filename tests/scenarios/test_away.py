"""Redis away for a while: whoever presses is told within three seconds, nothing is half-written, then it goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.domain.runs.run import Run
from handlers.blocks import actions
from handlers.slack.failures import LATE
from storage.cards import Cards
from tests.sandbox.parts import ANNA, EMIL, INCIDENT
from tests.scenarios.front import TEAM, Front, form, opened
from tests.scenarios.limits import in_time
from tests.scenarios.stage import ANNA as OPENER
from tests.scenarios.stage import A, B, Stage
from tests.storage.wire import Send, wired


@dataclass(slots=True)
class Line:
    """The way to Redis: "open", "cut" (nothing connects), "silent" (nothing arrives), or "lost".

    Lost is what a script was answered with: it has run, and nobody hears of it.
    """

    state: str = "open"
    lost: int = 0

    async def __call__(self, packed: bytes, send: Send) -> None:
        if self.state == "cut":
            raise ConnectionRefusedError
        if self.state != "silent":
            await send(packed)
        if self.state == "lost" and b"EVALSHA" in packed:
            self.lost += 1
            raise ConnectionResetError


@dataclass(frozen=True, slots=True)
class Scene:
    front: Front
    line: Line
    run: Run

    async def timely(self, done: Coroutine[Any, Any, Any]) -> None:
        """The acknowledgement has to come, and before Slack has enough of waiting for it."""
        async with in_time():
            assert (await done).notice == ""


@pytest.fixture
async def scene(redis: Redis, redis_url: str) -> AsyncIterator[Scene]:
    """A failover that waits for its outage to be declared, and a desk that reaches Redis over a line of its own."""
    line = Line()
    reach = Stage(wired(redis_url, line))
    parts = {"engine": reach.engine, "runs": reach.runs, "backups": reach.backups, "cards": Cards(reach.redis)}
    async with opened(redis, **parts) as front:
        run = await front.stage.engine.start("failover", A, OPENER)
        run = await front.stage.settle(run.id)
        await front.desk.people.person(ANNA)
        yield Scene(front, line, run)
    await reach.redis.aclose()


@pytest.mark.parametrize(("state", "said"), [("cut", "Redis cannot be reached."), ("silent", LATE)])
async def test_a_click_is_answered_in_time_and_changes_nothing(scene: Scene, state: str, said: str) -> None:
    card = await scene.front.card(scene.run)
    before = await scene.front.everything()
    scene.line.state = state

    for action in (actions.action_id("declare"), actions.MORE):
        value = actions.button_value(scene.run.id, scene.run.step, "abandon", scene.run.question)
        await scene.timely(scene.front.slack.click(ANNA, card, action, value))

    told = scene.front.told(ANNA)
    assert len(told) == 2 and all(words.startswith(said) for words in told)
    assert await scene.front.everything() == before


@pytest.mark.parametrize(("state", "said"), [("cut", "Redis cannot be reached."), ("silent", LATE)])
async def test_a_command_is_answered_in_time_and_starts_nothing(scene: Scene, state: str, said: str) -> None:
    before = await scene.front.everything()
    scene.line.state = state

    await scene.timely(scene.front.slack.command(ANNA, INCIDENT, "/rgs backup pool-b"))

    assert scene.front.told(ANNA)[0].startswith(said)
    assert await scene.front.everything() == before


@pytest.mark.parametrize("state", ["cut", "silent"])
async def test_a_form_is_answered_in_time_and_can_be_sent_again_as_it_is(scene: Scene, state: str) -> None:
    card = await scene.front.card(scene.run)
    await scene.front.slack.click(ANNA, card, actions.action_id("declare"))
    view = scene.front.slack.modal(ANNA)
    assert view
    scene.line.state = state

    said = {"seen": "x", "outage_since": "1794999000", "mode": "disaster"}
    fields = {actions.field_block(key): text for key, text in said.items()}
    await scene.timely(scene.front.slack.submit(ANNA, view.id, fields))

    notice = scene.front.slack.modal(ANNA)
    assert notice and "Redis" in str(notice.body)
    assert await scene.front.stage.runs.load(scene.run.id) == scene.run
    scene.line.state = "open"
    await scene.front.slack.close(ANNA, notice.id)
    await scene.front.slack.submit(ANNA, view.id, fields)
    declared = await scene.front.stage.runs.load(scene.run.id)
    assert declared.version > scene.run.version and scene.front.slack.modal(ANNA) is None


async def test_when_redis_is_back_the_same_button_works(scene: Scene) -> None:
    card = await scene.front.card(scene.run)
    scene.line.state = "cut"
    await scene.front.slack.click(ANNA, card, actions.action_id("declare"))
    scene.line.state = "open"

    await scene.front.slack.click(ANNA, card, actions.action_id("declare"))

    assert scene.front.slack.modal(ANNA) and len(scene.front.told(ANNA)) == 1


async def test_a_run_whose_answer_is_lost_is_not_started_twice_by_the_same_delivery(scene: Scene) -> None:
    """The script has run although nobody heard of it: whoever asked is told that this is not known."""
    typed = {"command": "/rgs", "text": "backup pool-b", "team_id": TEAM, "user_id": ANNA, "channel_id": INCIDENT}
    body, headers = form(typed)
    scene.line.state = "lost"

    status, text = await scene.front.signed(body, headers)
    assert status == 200 and "is not known" in text and scene.line.lost == 1
    scene.line.state = "open"
    assert await scene.front.signed(body, headers) == (200, "")

    runs = await scene.front.stage.runs.page()
    assert [run.primary.fqdn for run in runs if run.runbook == "backup"] == [B]


@pytest.mark.parametrize("state", ["cut", "silent"])
async def test_changes_of_groups_are_taken_in_while_redis_is_away(scene: Scene, state: str) -> None:
    scene.line.state = state

    await scene.front.slack.change_group("S0SERVER01", [EMIL])

    assert (await scene.front.desk.people.person(ANNA)).roles == frozenset()
