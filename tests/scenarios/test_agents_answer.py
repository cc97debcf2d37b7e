"""Through the front door: an agent presses once, it counts once, nobody presses for another, and people go on."""

from __future__ import annotations

import html
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
from redis.asyncio import Redis

from bot.domain.runs.run import Phase, Run
from bot.runbooks.rows.people import SIGNED_IN
from bot.sandbox import Message
from bot.sandbox.values import Kind as Account
from handlers.blocks import actions
from handlers.drawer import Drawer
from tests.sandbox.parts import ANNA, EMIL, INCIDENT
from tests.scenarios.front import TEAM, Front, form, opened
from tests.scenarios.house import button_of, buttons, words_in, words_of
from tests.scenarios.stage import ANNA as ANNA_BERG
from tests.scenarios.stage import FAILOVER, A
from tests.scenarios.test_agents import BILLING, DAVID, DESK, QUIET, STAFF, staff

LABEL = "I am signed in"


@dataclass(slots=True)
class Outage:
    """A failover whose agents are asked, behind the door, with somebody who draws."""

    front: Front
    drawer: Drawer
    run: Run

    async def drain(self, turns: int = 6) -> None:
        for _ in range(turns):
            self.front.stage.clock.now += 2.0
            for name in (f"agents:{self.run.id}", self.run.id):
                await self.front.desk.cards.release(name)
            await self.drawer.drain(self.front.stage.clock.now)

    async def until_row(self, row: str) -> None:
        while self.run.is_open and self.run.step != row:
            for choice, who in FAILOVER[self.run.step]:
                self.run = await self.front.stage.press(self.run, choice, who)

    def message(self, user: str) -> Message:
        (found,) = self.front.slack.messages(f"D{user[1:]}")
        return found

    async def says(self, user: str, message: Message | None = None) -> None:
        """Somebody presses the button of a message that they have."""
        pressed = message or self.message(user)
        button = button_of(pressed, LABEL)
        outcome = await self.front.slack.click(user, pressed, button.action_id, button.value, block_id=button.block_id)
        assert outcome.ok, outcome

    async def forged(self, user: str, value: str) -> list[str]:
        """A click that only a machine can make; gives what whoever clicked was told."""
        payload = {
            "type": "block_actions",
            "team": {"id": TEAM},
            "user": {"id": user, "team_id": TEAM},
            "trigger_id": f"1.{user}.{value}",
            "actions": [
                {"type": "button", "action_id": actions.AGENT_SIGNED_IN, "block_id": "b", "value": value},
            ],
        }
        body, headers = form({"payload": json.dumps(payload)})
        assert (await self.front.signed(body, headers))[0] == 200
        return [entry.sentence for entry in await self.front.stage.runs.audit(self.run.id) if entry.what == "refused"]

    async def card(self) -> str:
        return words_of(await self._drawn())

    async def timeline(self) -> str:
        """What stands behind the card, for one of the agents."""
        await self.front.slack.click(EMIL, await self._drawn(), actions.TIMELINE)
        view = self.front.slack.modal(EMIL)
        assert view
        return html.unescape("\n".join(words_in(view.body)))

    async def _drawn(self) -> Message:
        place = await self.front.desk.cards.place(self.run.id)
        message = place and self.front.slack.workspace.message(place.channel, place.ts)
        assert message
        return message

    async def signed(self) -> int:
        return sum(one.signed_at is not None for one in await self.front.desk.agents.known(self.run.id))


@pytest.fixture
async def outage(redis: Redis) -> AsyncIterator[Outage]:
    async with opened(redis) as front:
        stage = front.stage
        await staff(stage.worlds, STAFF, "it@contoso.com")
        await stage.settle((await stage.engine.start("backup", A, ANNA_BERG)).id)
        await stage.take_down(A)
        run = await stage.settle((await stage.engine.start("failover", A, ANNA_BERG)).id)
        outage = Outage(front, Drawer(front.desk), run)
        await outage.until_row("companions")
        await outage.drain()
        yield outage


async def test_agents_answer_beside_the_rows_and_the_last_one_judges(outage: Outage) -> None:
    await outage.says(EMIL)
    assert (await outage.front.stage.runs.load(outage.run.id)).version == outage.run.version, "no row moves by it"

    await outage.until_row(SIGNED_IN)
    await outage.drain()
    card = await outage.card()
    assert "2 of 3 formal groups have a signed-in agent, by their own word." in card
    assert f"Covered and not called yet: {DESK}, {BILLING}." in card
    behind = await outage.timeline()
    assert f"{DESK}: 1 of 4 signed in" in behind and f"{BILLING}: 1 of 2 signed in" in behind
    assert not any(name in said for name in ("@contoso.com", DAVID) for said in (card, behind))

    await outage.says(DAVID)
    await outage.drain()
    assert f"{BILLING}: 2 of 2 signed in" in await outage.timeline()

    outage.run = await outage.front.stage.press(outage.run, "called", ANNA_BERG)
    outage.run = await outage.front.stage.press(outage.run, "go-on", ANNA_BERG)
    assert outage.run.phase is Phase.DONE and "1 formal group silent" in outage.run.records[-1].details[-1]
    await outage.drain()
    assert QUIET in await outage.card()


async def test_the_message_says_thanks_and_has_no_button_any_more(outage: Outage) -> None:
    await outage.says(EMIL)
    message = outage.message(EMIL)
    assert message.text.startswith("Thank you: you said 2026-11-18") and not buttons(message)
    assert message.only is None and not outage.front.told(EMIL)


async def test_pressing_twice_counts_once_and_says_what_was_said_before(outage: Outage) -> None:
    asked = outage.message(EMIL)
    await outage.says(EMIL)
    outage.front.stage.clock.now += 3600
    await outage.says(EMIL, asked)
    assert outage.message(EMIL).text.startswith("You have said so already: 2026-11-18 11:0")
    assert await outage.signed() == 1


async def test_nobody_presses_for_somebody_else(outage: Outage) -> None:
    value = button_of(outage.message(EMIL), LABEL).value
    (refused,) = await outage.forged(ANNA, value)
    assert refused.startswith("Anna Berg was refused: only whoever got this message")
    assert await outage.signed() == 0


@pytest.mark.parametrize("value", ["", "|", "nothing", "a|b|c", "failover-none|emil@contoso.com"])
async def test_a_button_that_was_never_drawn_notes_nothing(outage: Outage, value: str) -> None:
    await outage.forged(EMIL, value)
    assert await outage.signed() == 0


async def test_an_agent_who_became_a_guest_cannot_press(outage: Outage) -> None:
    asked, emil = outage.message(EMIL), outage.front.slack.workspace.person(EMIL)
    assert emil
    await outage.front.slack.change_person(replace(emil, kind=Account.GUEST))
    outage.front.desk.people.forget_all()
    await outage.says(EMIL, asked)
    assert await outage.signed() == 0 and "Guests cannot do this" in outage.front.told(EMIL)[-1]


async def test_a_word_after_the_end_of_the_run_is_noted_and_moves_nothing(outage: Outage) -> None:
    await outage.until_row("")
    assert outage.run.phase is Phase.DONE
    await outage.drain()
    before = await outage.card()
    await outage.says(EMIL)
    await outage.drain()
    assert "That run has ended meanwhile, and your word is noted all the same." in outage.message(EMIL).text
    assert await outage.signed() == 1 and await outage.card() == before


async def test_the_log_of_the_run_says_nothing_of_agents(outage: Outage) -> None:
    """A press is nobody's decision in the run, and its log is read in a channel."""
    await outage.says(EMIL)
    log = [entry.sentence for entry in await outage.front.stage.runs.audit(outage.run.id, 100)]
    assert not [line for line in log if "emil" in line.lower()]
    assert "emil@" not in str(outage.front.slack.messages(INCIDENT))
