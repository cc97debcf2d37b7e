"""*Try again* through the front door: who may press it, what the log says, and what status shows until it worked."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from bot.chores.signing import KEY
from bot.domain.deployment.cmdlets import Cmdlet
from bot.domain.errors import SignInRefused
from bot.domain.groups.groups import Row
from bot.drivers.simulated import SimulatedDriver
from bot.sandbox import Message
from storage.sign_ins import EVERYWHERE, SignIns
from tests.sandbox.parts import ANNA, CLARA, EMIL, INCIDENT
from tests.scenarios.front import opened
from tests.scenarios.house import buttons
from tests.scenarios.stage import Stage
from tests.scenarios.test_notice_buttons import Watch

SERVER = "fe-a.contoso.com:5986"


class Guarded(SimulatedDriver):
    """The simulated one, behind an account: `is_welcome` is whether servers let it in. `tries` counts sign-ins."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage.worlds, clock=stage.clock)
        self.sign_ins: SignIns = stage.kept.sign_ins
        self.is_welcome, self.is_open, self.tries, self.now = False, False, 0, stage.clock

    async def invoke(self, pool: str, command: Cmdlet) -> tuple[Row, ...]:
        if EVERYWHERE in await self.sign_ins.refused() and not await self.sign_ins.claim(EVERYWHERE):
            raise SignInRefused("Nothing was sent: the account rests. Nothing was changed.")
        self.tries += not self.is_open
        if not self.is_welcome:
            await self.sign_ins.rest([EVERYWHERE], SERVER, self.now())
            raise SignInRefused("The account was refused. Nothing was changed.")
        self.is_open = True
        await self.sign_ins.let_in([EVERYWHERE])
        return await super().invoke(pool, command)


class Watched(Watch):
    """As it is looked at in the bot at work: the row of the chore."""

    driver: Guarded

    async def look(self, times: int = 1) -> None:
        stage = self.front.stage
        (chore,) = [one for one in stage.works.chores if one.key == "seeing"]
        for _ in range(times):
            stage.clock.now += chore.every_s
            await chore.work(stage.clock.now)
            await self.draw()

    async def status(self) -> str:
        await self.front.slack.command(ANNA, INCIDENT, "/rgs status")
        return self.front.told(ANNA)[-1]


@pytest.fixture
async def watch(redis: Redis) -> AsyncIterator[Watched]:
    async with opened(redis) as front:
        watch = Watched(front)
        front.stage.driver = watch.driver = Guarded(front.stage)
        front.stage.rebuilt()
        yield watch


async def refused(watch: Watched) -> Message:
    await watch.look()
    return watch.message(f"{SERVER} refused the account of Switchback.")


async def test_one_try_one_notice_and_nothing_more_until_somebody_presses(watch: Watched) -> None:
    message = await refused(watch)
    await watch.look(5)
    assert watch.driver.tries == 1
    assert watch.message("refused the account").ts == message.ts
    text = await watch.status()
    assert text.count("sign-in refused: nothing is asked until somebody presses Try again") == 3
    assert "🟢" not in text and "active" not in text


@pytest.mark.parametrize("user", [ANNA, CLARA])
async def test_whoever_holds_a_role_may_press_and_it_is_tried_once(watch: Watched, user: str) -> None:
    message = await refused(watch)
    await watch.press(user, message, "Try again")
    assert "tried once more with the next command" in watch.told(user)
    (entry, *_) = await watch.front.desk.runs.audit()
    assert (entry.what, entry.step) == ("try-again", "sign-in") and entry.who.name in entry.sentence
    await watch.draw(2.0)
    pressed = watch.message("refused the account", "pressed Try again")
    assert pressed.ts == message.ts and not buttons(pressed)
    await watch.look(4)
    assert watch.driver.tries == 2, "it was refused once more, and rests again"
    assert buttons(watch.message("refused the account"))


async def test_when_it_worked_the_notice_says_so(watch: Watched) -> None:
    message = await refused(watch)
    watch.driver.is_welcome = True
    await watch.look(3)
    assert watch.driver.tries == 1
    await watch.press(ANNA, message, "Try again")
    await watch.look(2)
    over = watch.message("✅ It worked: Switchback's account is let in again")
    assert over.ts == message.ts and not buttons(over)
    assert "All 3 pools active · answers" in await watch.status()


async def test_whoever_holds_no_role_is_refused_and_nothing_is_tried(watch: Watched) -> None:
    message = await refused(watch)
    watch.driver.is_welcome = True
    await watch.press(EMIL, message, "Try again")
    assert "role" in watch.told(EMIL)
    await watch.look(2)
    assert watch.driver.tries == 1 and not await watch.front.stage.kept.sign_ins.asked()


async def test_a_second_press_is_told_that_it_was_pressed(watch: Watched) -> None:
    message = await refused(watch)
    await watch.press(ANNA, message, "Try again")
    await watch.press(CLARA, message, "Try again")
    assert "Nothing was started." in watch.told(CLARA)
    (notice,) = [one for one in await watch.front.desk.notices.standing() if one.key == KEY]
    assert "pressed Try again" in notice.details[0]
    asked, anna = await watch.front.stage.kept.sign_ins.asked(), await watch.front.desk.people.person(ANNA)
    assert asked == {EVERYWHERE: anna.name}


async def test_a_silent_account_is_no_silent_pool(watch: Watched) -> None:
    await refused(watch)
    await watch.look(3)
    assert [one.key for one in await watch.front.desk.notices.standing() if one.key.startswith("silent")] == []
