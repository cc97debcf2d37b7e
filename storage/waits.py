"""Who is called for the question that a run waits with: which messages stand for it, and what has still to be done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from redis.asyncio import Redis

from storage import keys
from storage.connect import guard
from storage.versions import Codec

_KEPT_S = 90 * 86_400


@dataclass(frozen=True, slots=True)
class Called:
    """A message of the `turn`: sent `to` a channel or a person (U…), where it landed; no `ts` where none could be."""

    to: str
    turn: int
    channel: str = ""
    ts: str = ""


@dataclass(frozen=True, slots=True)
class Wait:
    """One question of a run, and who is called for it since the second `at`.

    `turn` 0 is the first call, the later ones are reminders. In this turn `named` (U…) are called in `channel`, which
    is empty when nobody is, and `direct` are told each by themselves; `called` is what stands of all turns.
    `card` is the address of the card, if Slack told it. `asker` is who asked for the call, if somebody did.
    """

    question: int
    at: float
    channel: str = ""
    named: tuple[str, ...] = ()
    direct: tuple[str, ...] = ()
    turn: int = 0
    called: tuple[Called, ...] = ()
    card: str = ""
    asker: str = ""

    @property
    def owed(self) -> Iterator[str]:
        """To whom the message of this turn has still to go."""
        reached = {one.to for one in self.called if one.turn == self.turn}
        names = self.named or (not self.turn and not self.direct)
        return (to for to in (*((self.channel,) if names else ()), *self.direct) if to and to not in reached)

    def is_replaced(self, one: Called) -> bool:
        """Whether a message of a later turn stands in the same place."""
        return bool(one.ts) and any(to.to == one.to and to.turn > one.turn and to.ts for to in self.called)


WAIT = Codec(Wait)


class Waits:
    """By run. All methods raise StoreAway."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    @guard()
    async def find(self, run_id: str) -> Wait | None:
        """Raises Newer or Unreadable."""
        data = await self._client.hget(keys.wait(run_id), "wait")
        return WAIT.decode(data, f"The call for {run_id[:80]}") if data else None

    @guard()
    async def put(self, run_id: str, wait: Wait) -> None:
        pipe = self._client.pipeline()
        pipe.hset(keys.wait(run_id), "wait", WAIT.encode(wait))
        pipe.expire(keys.wait(run_id), _KEPT_S)
        await pipe.execute()

    @guard()
    async def end(self, run_id: str) -> None:
        """Nothing of it stands any more."""
        await self._client.hdel(keys.wait(run_id), "wait")

    @guard()
    async def owe(self, run_id: str, at: float, waits: bool) -> None:
        """Somebody has to look at it from that second on: the run `waits`, or there is something that stands."""
        if waits or await self._client.exists(keys.wait(run_id)):
            await self._client.zadd(keys.OUTBOX, {f"wait:{run_id}": at})
