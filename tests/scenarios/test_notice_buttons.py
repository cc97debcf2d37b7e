"""A pool that falls silent, or that others moved, is a notice with a button: nothing starts before somebody presses."""

from __future__ import annotations

import html
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace

import pytest
from redis.asyncio import Redis

from bot.chores.seeing import EVERY_S, Seeing
from bot.chores.silence import Silence
from bot.domain.deployment.answers import Part, PoolAnswer
from bot.domain.model import PoolState, Who
from bot.domain.runs.run import Change, Phase, Run
from bot.sandbox import Message, Outcome
from handlers.drawer import Drawer
from storage.connect import connect
from storage.notices import Notices
from tests.sandbox.parts import ANNA, BACKUPS, EMIL, INCIDENT
from tests.scenarios.front import Front, opened
from tests.scenarios.house import button_of, buttons
from tests.scenarios.stage import ANNA as OPENER
from tests.scenarios.stage import ESTATE, A, B, C

SILENT, STANDS = f"silent:{A}", f"stands:{A}"


@dataclass
class Watch:
    front: Front

    async def look(self, times: int = 1) -> None:
        """So many rounds, a minute apart, and what they changed is drawn."""
        stage, kept = self.front.stage, self.front.stage.kept
        seeing = Seeing(stage.driver, kept.readings, kept.answers, kept.runs, kept.notices, ESTATE)
        for _ in range(times):
            stage.clock.now += EVERY_S
            await seeing.work(stage.clock.now)
            await self.draw()

    async def draw(self, later_s: float = 0.0) -> None:
        """What is to be drawn is drawn, as much at once as Slack takes."""
        stage, desk = self.front.stage, self.front.desk
        stage.clock.now += later_s
        for item in await stage.runs.outbox(float("inf"), 1000):
            await desk.cards.release(item.key)
        await Drawer(desk).drain(stage.clock.now)

    async def moved(self, registrar: str) -> None:
        """By others, on the servers themselves."""
        world, version = await self.front.stage.worlds.load()
        pool = replace(world.pools[A], registrar=registrar)
        await self.front.stage.worlds.save(world.with_pool(pool), version)

    def message(self, *words: str) -> Message:
        found = [one for one in self.front.slack.messages(BACKUPS) if all(word in one.text for word in words)]
        assert found, [one.text for one in self.front.slack.messages(BACKUPS)]
        return found[-1]

    async def press(self, user: str, message: Message, label: str) -> Outcome:
        button = button_of(message, label)
        return await self.front.slack.click(user, message, button.action_id, button.value, block_id=button.block_id)

    def told(self, user: str) -> str:
        return html.unescape(self.front.told(user)[-1])

    async def runs(self) -> tuple[Run, ...]:
        return tuple(await self.front.desk.runs.page(count=50))


@pytest.fixture
async def watch(redis: Redis) -> AsyncIterator[Watch]:
    async with opened(redis) as front:
        yield Watch(front)


async def silent(watch: Watch) -> Message:
    await watch.look()
    await watch.front.stage.take_down(A)
    await watch.look(2)
    return watch.message("pool-a does not answer since")


async def taken(watch: Watch) -> Message:
    await watch.moved("FailedOver")
    await watch.look()
    return watch.message("Seen at", "pool-a was failed over by somebody else.")


async def test_one_lost_round_is_no_notice_and_a_second_one_is_and_nothing_starts(watch: Watch) -> None:
    await watch.look()
    await watch.front.stage.take_down(A)
    await watch.look()
    assert await watch.front.desk.notices.find(SILENT) is None
    await watch.look()
    message = watch.message("pool-a does not answer since 12:08.", "Switchback starts nothing by itself.")
    assert [button.label for button in buttons(message)] == ["Declare an outage"]
    await watch.look(5)
    assert watch.message("pool-a does not answer").ts == message.ts and not await watch.runs()


async def test_declaring_starts_what_the_command_would_with_the_same_first_question(watch: Watch) -> None:
    message = await silent(watch)
    assert (await watch.press(ANNA, message, "Declare an outage")).ok
    (run,) = await watch.runs()
    assert (run.runbook, run.primary.fqdn, run.pool_state) == ("failover", A, PoolState.ACTIVE)
    assert "Starting: Failover of pool-a" in watch.told(ANNA)
    assert (await watch.front.stage.settle(run.id)).step == "declare", "nothing is declared by the press itself"


async def test_adopting_starts_what_the_command_would(watch: Watch) -> None:
    message = await taken(watch)
    assert [button.label for button in buttons(message)] == ["Adopt it"] and not await watch.runs()
    assert (await watch.press(ANNA, message, "Adopt it")).ok
    (run,) = await watch.runs()
    assert (run.runbook, run.primary.fqdn) == ("adopt", A)


@pytest.mark.parametrize(
    ("make", "label", "said"),
    [
        (silent, "Declare an outage", "⏳ pool-a is still down. A run has taken it. <http"),
        (taken, "Adopt it", "⏳ A run has pool-a in hand now. <http"),
    ],
)
async def test_it_is_calm_but_not_green_as_soon_as_what_it_offers_has_begun(
    watch: Watch, make: Callable[[Watch], Awaitable[Message]], label: str, said: str
) -> None:
    message = await make(watch)
    await watch.press(ANNA, message, label)
    await watch.draw(2.0)
    calm = watch.message(said, "|Open its card>", "In hand since", "It stood since")
    assert calm.ts == message.ts and not buttons(calm) and "✅" not in str(calm)
    await watch.look(2)
    loud = [one.text for one in watch.front.slack.messages(BACKUPS) if one.text.startswith(("⚠️ pool-a", "⚠️ Seen"))]
    assert loud == [], "no bot that looks says it anew"


async def test_a_bot_that_looked_before_the_run_began_does_not_say_it_after(watch: Watch) -> None:
    await watch.look()
    await watch.front.stage.take_down(A)
    kept, now = watch.front.stage.kept, watch.front.stage.clock()
    before = await kept.runs.records([A, B])
    await watch.front.desk.engine.start("failover", A, OPENER)
    seen = PoolAnswer(now, Part.POOL, since=now, rounds=2)
    await Silence(kept.notices, ESTATE).of_pool(ESTATE.pools[A], seen, before)
    assert await kept.notices.find(SILENT) is None


async def test_a_run_that_has_begun_is_one_even_where_the_notice_cannot_be_ended(watch: Watch) -> None:
    await silent(watch)
    stage, kept = watch.front.stage, watch.front.stage.kept
    stage.kept = replace(kept, notices=Notices(connect("redis://127.0.0.1:1")))
    run = await stage.rebuilt().start("failover", A, OPENER)
    assert (await watch.runs())[0].id == run.id
    stage.kept = kept
    await watch.look()
    assert watch.message("⏳ pool-a is still down. A run has taken it. <http")


@pytest.mark.parametrize(("make", "label"), [(silent, "Declare an outage"), (taken, "Adopt it")])
async def test_whoever_may_not_start_it_is_refused_and_that_is_noted(
    watch: Watch, make: Callable[[Watch], Awaitable[Message]], label: str
) -> None:
    message = await make(watch)
    await watch.press(EMIL, message, label)
    assert not await watch.runs()
    typed = "failover" if label == "Declare an outage" else "start adopt"
    refused = watch.told(EMIL)
    await watch.front.slack.command(EMIL, INCIDENT, f"/rgs {typed} pool-a")
    assert watch.told(EMIL) == refused and "role" in refused


async def test_a_late_press_is_told_that_the_pool_answers_again(watch: Watch) -> None:
    message = await silent(watch)
    await watch.front.stage.bring_up(A)
    await watch.look()
    assert not buttons(watch.message("✅ pool-a answers again."))
    watch.front.stage.clock.now += 20
    await watch.press(ANNA, message, "Declare an outage")
    assert "pool-a: active · answers, 20 s ago. Nothing was started." in watch.told(ANNA)
    assert not await watch.runs()


async def test_a_late_press_is_told_which_run_has_it(watch: Watch) -> None:
    message = await silent(watch)
    run = await watch.front.desk.engine.start("failover", A, OPENER)
    await watch.press(ANNA, message, "Declare an outage")
    assert run.id in watch.told(ANNA)
    await watch.look()
    await watch.press(ANNA, message, "Declare an outage")
    assert f"held by run {run.id}. Nothing was started." in watch.told(ANNA)
    assert [one.id for one in await watch.runs()] == [run.id]


async def test_a_press_on_what_stood_before_is_not_one_on_what_stands_now(watch: Watch) -> None:
    message = await silent(watch)
    await watch.front.stage.bring_up(A)
    await watch.look()
    again = await silent(watch)
    assert again.ts != message.ts
    await watch.press(ANNA, message, "Declare an outage")
    assert "Nothing was started." in watch.told(ANNA) and not await watch.runs()


async def test_data_that_falls_silent_is_told_as_such(watch: Watch) -> None:
    await watch.look()
    world, version = await watch.front.stage.worlds.load()
    await watch.front.stage.worlds.save(world.with_pool(replace(world.pools[A], back_end=False)), version)
    await watch.look(2)
    message = watch.message("The Response Group data of pool-a does not answer since 12:08.", "Its server answers.")
    assert buttons(message)


async def test_where_no_failover_can_start_none_is_offered(watch: Watch) -> None:
    """One has no partner, and the partner of the other is failed over to it already."""
    now = watch.front.stage.clock()
    who = Who("T1:U1", "Anna")
    over = Run("r-1", "failover", ESTATE.pools[A], ESTATE.pools[B], who, now, "declare", phase=Phase.DONE)
    await watch.front.stage.runs.commit(Change(replace(over, pool_state=PoolState.FAILED_OVER)), now)
    await watch.look()
    for pool in (B, C):
        await watch.front.stage.take_down(pool)
    await watch.look(2)
    for _ in range(3):
        await watch.draw(2.0)
    for name in ("pool-b", "pool-c"):
        assert not buttons(watch.message(f"{name} does not answer since"))


async def test_the_server_that_is_asked_through_has_a_notice_of_its_own_without_an_outage(watch: Watch) -> None:
    driver = watch.front.stage.driver
    driver.through = lambda pool: "admin-1.contoso.com" if pool in (A, B) else ""  # type: ignore[method-assign]
    await watch.look()
    await watch.front.stage.take_down(A)
    await watch.look(2)
    message = watch.message("admin-1.contoso.com, through which Switchback asks pool-a, does not answer since 12:08.")
    assert not buttons(message) and await watch.front.desk.notices.find(SILENT) is None
    await watch.front.stage.bring_up(A)
    await watch.look()
    assert watch.message("✅ admin-1.contoso.com answers again")
