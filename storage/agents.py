"""Who is asked in a run to sign in to formal groups, how far that got, and what each of them said of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from redis.asyncio import Redis

from bot.domain.errors import Damaged
from bot.domain.groups.agents import Agent, Reach
from storage import keys
from storage.connect import guard, script
from storage.versions import Codec

_KEPT_S = 90 * 86_400
_REDRAWN_S = 3.0
"""The card of the run follows what agents say after so long, so that many words are drawn once."""


@dataclass(frozen=True, slots=True)
class _Invited:
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Reached:
    """`user` is who in Slack was asked (U…), nobody when the message could not be sent."""

    reach: Reach
    user: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    """What an agent said: `at` is when they said it first (seconds), `is_new` that it was just now.

    `is_open`: the run that asked them has not ended.
    """

    at: float
    is_new: bool
    is_open: bool


_INVITED, _REACHED = Codec(_Invited), Codec(_Reached)


class Agents:
    """By run and by address (without `sip:`), for ninety days. All methods raise StoreAway."""

    def __init__(self, client: Redis) -> None:
        self._client, self._sign = client, script(client, "sign_in")

    @guard()
    async def invite(self, run_id: str, groups: Mapping[str, tuple[str, ...]]) -> None:
        """These shall be asked, each for their groups; nobody who was asked before is asked again."""
        if not groups:
            return
        pipe = self._client.pipeline()
        fields = {address: _INVITED.encode(_Invited(names)) for address, names in groups.items()}
        pipe.hset(keys.agents(run_id), mapping=fields)
        pipe.expire(keys.agents(run_id), _KEPT_S)
        await pipe.execute()

    @guard()
    async def waiting(self, run_id: str) -> tuple[str, ...]:
        """The addresses of those who have not been asked yet, in a fixed order."""
        pipe = self._client.pipeline(transaction=False)
        pipe.hkeys(keys.agents(run_id))
        pipe.hkeys(keys.agents_reached(run_id))
        invited, reached = await pipe.execute()
        return tuple(sorted(name.decode() for name in set(invited) - set(reached)))

    @guard()
    async def unsigned(self, run_id: str) -> Mapping[str, tuple[str, ...]]:
        """The groups of each who has not said that they signed in, by address; what cannot be read is left out."""
        pipe = self._client.pipeline(transaction=False)
        pipe.hgetall(keys.agents(run_id))
        pipe.hkeys(keys.agents_signed(run_id))
        invited, signed = await pipe.execute()
        left = {address: data for address, data in sorted(invited.items()) if address not in signed}
        return {address.decode(): one.groups for address, data in left.items() for one in _INVITED.those([data])}

    @guard()
    async def groups(self, run_id: str, address: str) -> tuple[str, ...]:
        """The names of the groups that this agent is to sign in to. Raises Newer or Unreadable."""
        data = await self._client.hget(keys.agents(run_id), address)
        return _INVITED.decode(data, "What an agent is asked").groups if data else ()

    @guard()
    async def reach(self, run_id: str, addresses: Iterable[str], reach: Reach, at: float, user: str = "") -> None:
        """How far the message to these got by now, which is shown; `user` (U…) is who was asked."""
        pipe, card = self._client.pipeline(), f"card:{run_id}"
        pipe.hset(keys.agents_reached(run_id), mapping=dict.fromkeys(addresses, _REACHED.encode(_Reached(reach, user))))
        pipe.expire(keys.agents_reached(run_id), _KEPT_S)
        # As a word is shown: see the script.
        pipe.zadd(keys.OUTBOX, {card: at + _REDRAWN_S}, nx=True)
        pipe.zadd(keys.OUTBOX, {card: at}, gt=True)
        await pipe.execute()

    @guard()
    async def sign_in(self, run_id: str, address: str, user: str, at: float) -> Word | None:
        """They say that they are signed in, which is noted once and shown; None for whoever was not asked this."""
        named = [keys.agents_reached(run_id), keys.agents_signed(run_id), keys.OUTBOX, keys.OPEN]
        said = await self._sign(keys=named, args=[address, user, at, run_id, _REDRAWN_S, _KEPT_S])
        return Word(float(said[0]), bool(said[1]), bool(said[2])) if said else None

    @guard()
    async def known(self, run_id: str) -> tuple[Agent, ...]:
        """Everybody who is asked in this run, with what is known of them; what cannot be read is left out."""
        pipe = self._client.pipeline(transaction=False)
        for key in (keys.agents(run_id), keys.agents_reached(run_id), keys.agents_signed(run_id)):
            pipe.hgetall(key)
        invited, reached, signed = await pipe.execute()
        found = []
        for address, data in invited.items():
            for one in _INVITED.those([data]):
                at = signed.get(address)
                found.append(Agent(one.groups, _reach(reached.get(address)), float(at) if at else None))
        return tuple(found)


def _reach(data: bytes | None) -> Reach:
    try:
        return _REACHED.decode(data, "").reach if data else Reach.WAITS
    except Damaged:
        return Reach.UNREACHED
