"""The whole house with roles from a real domain, and time for them that moves on when a test says so."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from redis.asyncio import Redis

from bot.directory.active_directory import Times
from bot.roles import Roles
from tests.directory.contents import address
from tests.directory.forests import PATIENT, forest_of
from tests.directory.samba import Domain
from tests.patience import PATIENCE_S
from tests.sandbox.parts import ANNA, BORIS, CLARA, EMIL, FINN, GRETA, INCIDENT
from tests.scenarios.house import House, house

DAVID = "U0DAVID001"
ADDRESSES = {ANNA: "anna", BORIS: "ben", CLARA: "dora", DAVID: "mike", EMIL: "nobody", FINN: "carl", GRETA: "emil"}
"""Whose account is whose: Anna holds both roles, Boris and Finn (a guest) move pools, Clara, David and Greta do not."""

NEVER_S = 3600.0
"""All members are read again when a test says so."""


@dataclass(slots=True)
class Later:
    """A monotonic clock that a test may move on."""

    ahead_s: float = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead_s


@dataclass(slots=True)
class Guarded:
    """A house in which roles come from a directory; by `later` every process measures how old answers are."""

    rooms: House
    later: Later

    def has(self, user: str, email: str) -> None:
        """The address that Slack shows of somebody from now on, as if it had told nobody of a change."""
        person = self.rooms.slack.workspace.person(user)
        assert person is not None
        self.rooms.slack.workspace.put(replace(person, email=email))

    async def read(self) -> None:
        """Every process reads who holds a role, if a run waits for somebody."""
        for bot in self.rooms.bots:
            await bot._reread()

    async def says(self, user: str, typed: str, at: int | None = None) -> str:
        """What this person is answered, by the process of that number or by any."""
        if self.rooms.balancer is not None:
            self.rooms.balancer.only = at
        before = len(self.rooms.told(user))
        assert (await self.rooms.slack.command(user, INCIDENT, typed)).ok
        if self.rooms.balancer is not None:
            self.rooms.balancer.only = None
        told = self.rooms.told(user)
        assert len(told) == before + 1, told[before:]
        return told[-1]


@asynccontextmanager
async def guarded(
    redis: Redis,
    domain: Domain,
    *,
    bots: int | None = None,
    times: Times = PATIENT,
    forest: Mapping[str, Any] | None = None,
    **changes: Any,
) -> AsyncIterator[Guarded]:
    """`forest` are changes to what is configured of the directory, `changes` those to all other settings."""
    later = Later()
    roles = partial(Roles, now=later, answer_s=PATIENCE_S, reread_s=NEVER_S, times=times)
    asked = {"directory": forest_of(domain, **(forest or {})), "users": {}, "user_groups": {}, **changes}
    async with house(redis, bots=bots, more={"roles": roles}, **asked) as rooms:
        here = Guarded(rooms, later)
        for user, name in ADDRESSES.items():
            here.has(user, address(name))
        yield here
