"""A runbook walked by the front door, beside an engine that dies right after every commit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from redis.asyncio import Redis

from bot.app import build
from bot.domain.backups.schedule import Timing
from bot.domain.deployment.world import World
from bot.domain.model import Person
from bot.domain.runs.opening import Estate
from bot.domain.runs.run import FOR_PEOPLE, Found, Phase, Run
from bot.domain.runs.streak import series
from bot.runbooks import RUNBOOKS
from bot.sandbox import Message
from handlers.blocks import actions
from handlers.drawer import Drawer
from storage.cards import Cards
from tests.rules import misfits
from tests.sandbox import parts
from tests.scenarios.beats import DAVID
from tests.scenarios.front import Front, opened
from tests.scenarios.house import buttons, words_of
from tests.scenarios.recovery import changed
from tests.scenarios.slack_stage import owed
from tests.scenarios.stage import CARE, FORMS, Stage
from tests.scenarios.test_deaths import Died, MortalRuns

Script = Mapping[str, tuple[tuple[str, Person], ...]]
Hands = Mapping[str, Callable[[World], World]]
SLACK = {"Anna": parts.ANNA, "Boris": parts.BORIS, "Clara": parts.CLARA, "David": DAVID, "Emil": parts.EMIL}
"""Who the people of the stage are in Slack."""


class Anew:
    """The engine behind the door: whatever is asked of it, one answers that was built for this alone."""

    stage: Stage
    estate: Estate

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stage.rebuilt(self.estate), name)


@dataclass(slots=True)
class Walk:
    """People at their buttons; `deaths` is how often the engine died, `struck` what of it died when."""

    front: Front
    estate: Estate
    drawer: Drawer
    deaths: int = 0
    struck: set[tuple[str, str, str]] = field(default_factory=set)

    @property
    def stage(self) -> Stage:
        return self.front.stage

    async def walked(self, typed: str, script: Script, hands: Hands) -> tuple[Run, Message | None]:
        """A run from what starts it to its end, and what its card says then."""
        run = await self.rest((await self.started(typed)).id)
        while run.is_open:
            if run.phase is Phase.LOST:
                run = await self.pressed(run, self.after_loss(run), "Anna")
                continue
            assert run.step in script, f"nobody answers at {run.step}: {run.sentence} {run.details}"
            if change := hands.get(run.step):
                await changed(self.stage, change)
            for choice, who in script[run.step]:
                run = await self.pressed(run, choice, who.name)
        return run, await self.card(run) if RUNBOOKS[run.runbook].carded else None

    @staticmethod
    def after_loss(run: Run) -> str:
        """What a careful person does."""
        assert run.finding is not None
        return "accept" if run.finding.found is Found.DONE else "retry"

    async def started(self, typed: str) -> Run:
        """Types, or presses what a list offers: `/rgs companions pool-a: Call Park settings`."""
        before = {run.id for run in await self.stage.runs.page(count=50)}
        line, _, label = typed.partition(": ")
        outcome = await self.front.slack.command(parts.ANNA, parts.INCIDENT, line)
        assert outcome.ok, outcome
        if label:
            shown = self.front.slack.ephemerals(parts.ANNA)[-1]
            button = next(one for one in buttons(shown) if one.action_id.endswith(label))
            await self.front.slack.click(parts.ANNA, shown, button.action_id, button.value, block_id=button.block_id)
        new = [run for run in await self.stage.runs.page(count=50) if run.id not in before]
        assert len(new) == 1, self.front.told(parts.ANNA)[-1:]
        return new[0]

    async def rest(self, run_id: str) -> Run:
        """One life of the engine after the other until the run waits for people or has ended."""
        stage = self.stage
        mortal = replace(stage.kept, runs=MortalRuns(stage.redis, self.struck))
        for _ in range(400):
            run = await stage.runs.load(run_id)
            assert not list(misfits(run.facts, RUNBOOKS[run.runbook].facts))
            if run.due is None or run.phase in FOR_PEOPLE:
                return run
            stage.clock.now = max(stage.clock.now, run.due) + 0.001
            try:
                await build(mortal, stage.driver, self.estate, CARE, stage.uploads, stage.clock).engine.tick()
            except Died:
                self.deaths += 1
        raise AssertionError(f"{run_id} does not come to rest")

    async def card(self, run: Run) -> Message:
        """The living card as the drawer leaves it."""
        await self.drawn(run)
        place = await Cards(self.stage.redis).place(run.id)
        message = place and self.front.slack.workspace.message(place.channel, place.ts)
        assert message, f"{run.id} has no card"
        return message

    async def drawn(self, run: Run) -> None:
        """Until Slack has been told everything; time moves on by a little more with every turn."""
        for turn in range(60):
            self.stage.clock.now += 2.0 + turn
            waiting = await self.stage.runs.outbox(float("inf"), 1000)
            for name in {one for item in waiting for one in (item.key, item.run)} | {series(run)}:
                await self.front.desk.cards.release(name)
            await self.drawer.drain(self.stage.clock.now)
            if not await owed(self.stage):
                return
        raise AssertionError(await self.stage.runs.outbox(float("inf"), 5))

    async def pressed(self, run: Run, choice: str, name: str) -> Run:
        """Presses the button that the card offers, and sends the form that it opens, if any."""
        card, slack, user = await self.card(run), self.front.slack, SLACK[name]
        offered = {actions.decode(one.value).choice: one for one in buttons(card) if one.value.startswith(f"{run.id}|")}
        assert choice in offered, f"{choice} is not offered at {run.step}: {list(offered)} {words_of(card)}"
        button = offered[choice]
        outcome = await slack.click(user, card, button.action_id, button.value, block_id=button.block_id)
        view = slack.modal(user)
        if outcome.ok and view:
            asked = {block["block_id"] for block in view.blocks if block["type"] == "input"}
            filled = {actions.field_block(key): said for key, said in FORMS.items()}
            outcome = await slack.submit(user, view.id, {key: filled[key] for key in asked & filled.keys()})
        assert outcome.ok and slack.modal(user) is None, (run.step, choice, outcome, slack.modal(user))
        after = await self.stage.runs.load(run.id)
        assert after.version > run.version, f"{choice} at {run.step} did nothing: {self.front.told(user)[-1:]}"
        return await self.rest(run.id)


@asynccontextmanager
async def walking(redis: Redis, estate: Estate) -> AsyncIterator[Walk]:
    """People, the door, and what lies behind it: the pools of this estate."""
    engine = Anew()
    engine.estate = estate
    timings = {fqdn: Timing() for fqdn in estate.pools}
    async with opened(redis, engine=engine, estate=estate, timings=timings) as front:
        engine.stage = front.stage
        front.stage.rebuilt(estate)
        yield Walk(front, estate, Drawer(front.desk))
