"""What stands before several processes of the bot, as a load balancer does: Slack knows one address only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

from aiohttp import ClientSession, web


@dataclass(slots=True)
class Balancer:
    """Hands every delivery on as it came, to `doors` in turn, or to the one at `only`."""

    session: ClientSession
    doors: Sequence[str]
    only: int | None = None
    _turns: count[int] = field(default_factory=count)

    async def hand_on(self, request: web.Request) -> web.Response:
        door = self.doors[next(self._turns) % len(self.doors) if self.only is None else self.only]
        headers = {name: said for name, said in request.headers.items() if name.lower() not in _OWN}
        async with self.session.post(door, data=await request.read(), headers=headers) as answer:
            kept = {name: said for name, said in answer.headers.items() if name.lower() not in _OWN}
            return web.Response(status=answer.status, body=await answer.read(), headers=kept)


_OWN = frozenset({"host", "content-length", "transfer-encoding", "connection", "date", "server", "content-encoding"})
