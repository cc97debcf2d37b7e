"""One run that takes one transition after the other, as the engine writes them."""

from __future__ import annotations

from dataclasses import replace

from redis.asyncio import Redis

from bot.domain.model import BOT
from bot.domain.runs.run import Change, Entry, Run
from storage.runs import Runs

AT = 1_795_000_000.0


class Transitions:
    """Each writes the whole run, a line of its audit log, and that its card is to be drawn."""

    def __init__(self, client: Redis, like: Run) -> None:
        self._runs = Runs(client)
        self._run = replace(like, id=f"bench-{like.id}", version=0, pool_state=None)
        self._entry = Entry(AT, BOT, "approved", like.step, "Approved this plan.", {"plan": "0" * 64})

    async def one(self) -> None:
        self._run = await self._runs.commit(Change(self._run, (self._entry,)), AT)
