"""What one process has heard from Slack to be different now, all processes forget."""

from __future__ import annotations

import asyncio
from functools import partial

from bot.clock.pulse import Pulse, turning
from bot.clock.waiting import first_of
from handlers.slack.people import People
from storage.forgotten import Forgotten

_WAIT_S = 1.0


class Forgetting:
    """Slack tells one of several processes; that one tells the others through Redis, which they listen to."""

    def __init__(self, forgotten: Forgotten, people: People) -> None:
        self._forgotten, self._people = forgotten, people
        self._seen: str | None = None
        self._owed: dict[str, None] = {}

    async def tell(self, id: str) -> None:
        """Something about this person (U…) or user group (S…) has changed. Raises StoreAway; then it stays owed."""
        self._people.forget(id)
        self._owed[id] = None
        await self._pay()

    async def run_forever(self, stopped: asyncio.Event, pulse: Pulse | None = None) -> None:
        await turning(pulse or Pulse("changes of people"), partial(self._turn, stopped), stopped)

    async def _turn(self, stopped: asyncio.Event) -> float:
        if self._seen is None:
            self._seen = await self._forgotten.newest()
            # Nobody knows what was told before, or while Redis was away.
            self._people.forget_all()
        await self._pay()
        listening = asyncio.ensure_future(self._forgotten.since(self._seen, _WAIT_S))
        try:
            await first_of(listening, stopped)
            if not listening.done():
                return 0.0
            self._seen, told = listening.result()
        except Exception:
            self._seen = None
            raise
        finally:
            listening.cancel()
        for id in told:
            self._people.forget(id)
        return 0.0

    async def _pay(self) -> None:
        for id in tuple(self._owed):
            await self._forgotten.say(id)
            self._owed.pop(id, None)
