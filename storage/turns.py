"""Whose turn a chore is: a lease with a fence, so that any number of processes do it once per period between them."""

from __future__ import annotations

from dataclasses import dataclass

from redis.asyncio import Redis

from storage import keys
from storage.connect import guard, script


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody's turn at a chore. The `fence` is new with every turn: whoever has an older one comes too late."""

    chore: str
    fence: int


class Turns:
    """Seconds by Redis' own clock, whatever those of the processes say. All methods raise StoreAway."""

    def __init__(self, client: Redis) -> None:
        self._turns = script(client, "turns")

    @guard()
    async def take(self, chore: str, *, every_s: float, again_s: float, lease_s: float) -> Turn | None:
        """The turn, held for `lease_s`, unless somebody has it or the chore is not due.

        It is due `every_s` after it began last, or `again_s` after it failed; one that never ended is due.
        """
        fence = await self._ask(chore, "take", _ms(every_s), _ms(again_s), _ms(lease_s))
        return Turn(chore, fence) if fence else None

    @guard()
    async def renew(self, turn: Turn, lease_s: float) -> bool:
        """Holds it for `lease_s` from now on; False when somebody else has it by now."""
        return bool(await self._ask(turn.chore, "renew", turn.fence, _ms(lease_s)))

    @guard()
    async def done(self, turn: Turn, *, well: bool) -> bool:
        """The turn is over, and the rest until the next begins. False, and nothing is changed, when it was lost."""
        return bool(await self._ask(turn.chore, "done", turn.fence, "well" if well else ""))

    async def _ask(self, chore: str, *args: str | int) -> int:
        return int(await self._turns(keys=[keys.turn(chore)], args=list(args)))


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
