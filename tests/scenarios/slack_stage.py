"""The stage of a story with a stand-in for Slack in front of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from redis.asyncio import Redis

from bot.directory.base import AnyOf, Directory
from bot.directory.config import ConfiguredRoles
from bot.domain.backups.schedule import Timing
from bot.domain.model import Person, Role, Standing
from bot.domain.runs.streak import series
from bot.sandbox import Message, Sandbox, Trouble
from handlers.desk import Desk
from handlers.drawer import Drawer
from handlers.slack.errands import Errands
from handlers.slack.forgetting import Forgetting
from handlers.slack.people import People
from handlers.slack.presence import Presence
from handlers.slack.readers import Readers
from storage.backups.keepings import Keepings
from storage.cards import Cards
from storage.forgotten import Forgotten
from storage.notices import Notices
from storage.runs import OutboxItem
from storage.schedules import Schedules
from tests.patience import PATIENCE_S
from tests.sandbox.parts import ANNA, BACKUPS, CLARA, INCIDENT, alone
from tests.scenarios.stage import ESTATE, POOLS, Stage, off_site, pruning_of, stage_of

TEAM = "T0SWITCH01"
CALLS = ("Please answer", "Nobody is known who may answer", "Answered · ", "Over · ")
"""Words of which every call has one, before or after it is answered."""
SOON_S = 10.0
ANNA_BERG = Person(f"{TEAM}:{ANNA}", "anna", Standing.MEMBER, frozenset({Role.SERVER_ADMIN}))


def roles(server_admins: Iterable[str], admins: Iterable[str]) -> Directory:
    """Who holds which role, by user ids, as a configuration file says it."""
    held = {Role.SERVER_ADMIN: server_admins, Role.RG_ADMIN: admins}
    users = {role: frozenset(f"{TEAM}:{user}" for user in users) for role, users in held.items()}
    return AnyOf([ConfiguredRoles(users)], timeout_s=PATIENCE_S)


@dataclass(slots=True)
class SlackStage:
    """A story, the desk over it, and the one who draws."""

    story: Stage
    sandbox: Sandbox
    desk: Desk
    drawer: Drawer

    async def drain(self, seconds: float = 2.0) -> int:
        """Once, after the clock has moved on by so many seconds and the card's pause of a second is over."""
        self.story.clock.now += seconds
        for run in await self.story.runs.page(count=50):
            await self.desk.cards.release(run.id)
            await self.desk.cards.release(series(run))
        for item in await self.story.runs.outbox(float("inf"), 1000):
            await self.desk.cards.release(item.key)
        return await self.drawer.drain(self.story.clock.now)

    def posted(self, channel: str = INCIDENT) -> list[Message]:
        """What is said there, beside calls."""
        return [message for message in self.sandbox.messages(channel) if not is_call(message)]

    def calls(self, channel: str = INCIDENT) -> list[Message]:
        """The messages there that call people, or did."""
        return [message for message in self.sandbox.messages(channel) if is_call(message)]

    def trouble(self, count: int, trouble: Trouble, seconds: float = 1.0) -> None:
        self.sandbox.faults.next_calls(count, trouble, seconds)

    async def waiting(self) -> int:
        """How many entries the outbox holds, due or not; reminders of people have their own time."""
        return len(await owed(self.story))

    async def until_drained(self, most: int = 60) -> None:
        """Until nothing is left in the outbox; time moves on by two seconds, then by more."""
        for turn in range(most):
            await self.drain(2.0 + turn)
            if not await self.waiting():
                return
        raise AssertionError("the outbox is never empty")

    def another_drawer(self, **changes: Any) -> Drawer:
        return Drawer(replace(self.desk, **changes))


@asynccontextmanager
async def slack_stage(redis: Redis, **changes: Any) -> AsyncIterator[SlackStage]:
    story = await stage_of(redis)
    async with alone(clock=story.clock) as (sandbox, client):
        people = People(client, roles([ANNA], [CLARA]), TEAM, answer_s=PATIENCE_S)
        desk = Desk(
            engine=story.engine,
            runs=story.runs,
            backups=story.backups,
            pruning=pruning_of(story),
            keepings=Keepings(redis),
            cards=Cards(redis),
            notices=Notices(redis),
            agents=story.kept.agents,
            waits=story.kept.waits,
            quiet="",
            people=people,
            forgetting=Forgetting(Forgotten(redis), people),
            readers=Readers(client, story.clock),
            presence=Presence(client, story.clock),
            slack=client,
            estate=replace(ESTATE, mirrored=True),
            incidents=INCIDENT,
            notifications=BACKUPS,
            team=TEAM,
            off_site=lambda: off_site(story),
            errands=Errands(),
            schedules=Schedules(redis),
            timings={fqdn: Timing() for fqdn in POOLS},
            companions=story.companions,
            rules={},
            readings=story.kept.readings,
            answers=story.kept.answers,
            sign_ins=story.kept.sign_ins,
            now=story.clock,
        )
        desk = replace(desk, **changes)
        yield SlackStage(story, sandbox, desk, Drawer(desk))


def is_call(message: Message) -> bool:
    return any(words in message.text for words in CALLS)


async def owed(story: Stage) -> list[OutboxItem]:
    """What the outbox holds, without reminders that are due later."""
    items = await story.runs.outbox(float("inf"), 1000)
    return [item for item in items if item.kind != "wait" or item.score <= story.clock() + SOON_S]


async def gathered(*drawers: Drawer, now: float) -> list[int]:
    """All of them drain at the same time."""
    return await asyncio.gather(*(drawer.drain(now) for drawer in drawers))
