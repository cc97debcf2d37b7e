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
    `card` is the address of the card, if Slack told it. `asker` is the name of who asked for the call, if somebody did.
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
    async def find(self, run_id: str, question: int) -> tuple[Wait | None, str]:
        """What stands, perhaps of an earlier question, and who asked for a call of this one.

        Raises Newer or Unreadable.
        """
        data, asker = await self._client.hmget(keys.wait(run_id), "wait", _asked(question))
        return WAIT.decode(data, f"The call for {run_id[:80]}") if data else None, (asker or b"").decode()

    @guard()
    async def ask(self, run_id: str, question: int, asker: str, at: float) -> bool:
        """Somebody of this name asks for a call; False when somebody has for this question already."""
        pipe = self._client.pipeline()
        pipe.hsetnx(keys.wait(run_id), _asked(question), asker)
        pipe.expire(keys.wait(run_id), _KEPT_S)
        pipe.zadd(keys.OUTBOX, {f"wait:{run_id}": at})
        return bool((await pipe.execute())[0])

    @guard()
    async def put(self, run_id: str, wait: Wait) -> None:
        pipe = self._client.pipeline()
        pipe.hset(keys.wait(run_id), "wait", WAIT.encode(wait))
        pipe.expire(keys.wait(run_id), _KEPT_S)
        await pipe.execute()

    @guard()
    async def end(self, run_id: str) -> None:
        """Nothing of it stands any more."""
        await self._client.delete(keys.wait(run_id))

    @guard()
    async def owe(self, run_id: str, at: float, waits: bool) -> None:
        """Somebody has to look at it from that second on: the run `waits`, or there is something that stands."""
        if waits or await self._client.exists(keys.wait(run_id)):
            await self._client.zadd(keys.OUTBOX, {f"wait:{run_id}": at})


def _asked(question: int) -> str:
    return f"asked:{question}"
