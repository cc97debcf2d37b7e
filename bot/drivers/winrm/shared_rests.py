"""What was refused rests in every process and over restarts, until somebody says that it may be tried again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable, Mapping
from contextlib import suppress
from typing import Any, Protocol, TypeVar

from bot.domain.errors import StoreAway
from bot.drivers.winrm.cuts import Fault, Kind
from bot.drivers.winrm.proofs import ANYWHERE, IN_SESSIONS, Proofs

T = TypeVar("T")

_ANSWER_S = 15.0
_PRESSED = Fault(Kind.SPARED, why="when somebody presses Try again")
_UNSURE = Fault(Kind.UNSURE)


class SignIns(Protocol):
    """Keeps it for all processes; methods raise StoreAway."""

    async def refused(self) -> Mapping[str, object]: ...
    async def rest(self, places: Iterable[str], server: str, at: float) -> None: ...
    async def claim(self, place: str) -> str: ...
    async def give_back(self, claimed: Mapping[str, str]) -> None: ...
    async def let_in(self, places: Iterable[str]) -> None: ...


class Shared:
    """Made in the loop that reaches Redis. There is one account, so whichever password was refused, it rests.

    While it rests everywhere, it is used in open sessions as little. While Redis does not answer, nobody signs in.
    """

    def __init__(self, sign_ins: SignIns, clock: Callable[[], float]) -> None:
        self._sign_ins, self._clock, self._loop = sign_ins, clock, asyncio.get_running_loop()
        self._claimed: dict[str, dict[str, str]] = {}
        self._unsaved: list[tuple[tuple[str, ...], str]] = []

    def why_not(self, mark: bytes, server: str) -> Fault | None:
        try:
            return self._wait(self._claim(server))
        except StoreAway:
            return _UNSURE

    def is_given_up(self, mark: bytes) -> bool:
        try:
            return ANYWHERE in self._wait(self._sign_ins.refused())
        except StoreAway:
            return True

    def refused(self, mark: bytes, places: Collection[str], server: str) -> None:
        self._claimed.pop(server, None)
        self._unsaved.append((tuple(one for one in places if one != IN_SESSIONS), server))
        with suppress(StoreAway):
            self._wait(self._save())

    def let_in(self, mark: bytes, server: str) -> None:
        if claimed := self._claimed.pop(server, None):
            with suppress(StoreAway):
                self._wait(self._sign_ins.let_in(claimed))

    def undecided(self, mark: bytes, server: str) -> None:
        if claimed := self._claimed.pop(server, None):
            with suppress(StoreAway):
                self._wait(self._sign_ins.give_back(claimed))

    def elsewhere(self) -> Collection[str]:
        try:
            return [place for place in self._wait(self._sign_ins.refused()) if place != ANYWHERE]
        except StoreAway:
            return ()

    async def _claim(self, server: str) -> Fault | None:
        """All that rests has to be free to be tried, or none of it is taken."""
        await self._save()
        resting = [place for place in await self._sign_ins.refused() if place in (server, ANYWHERE)]
        claimed: dict[str, str] = {}
        for place in resting:
            if who := await self._sign_ins.claim(place):
                claimed[place] = who
        if len(claimed) < len(resting):
            if claimed:
                await self._sign_ins.give_back(claimed)
            return _PRESSED
        if claimed:
            self._claimed[server] = claimed
        return None

    async def _save(self) -> None:
        """What was refused while Redis did not answer, too."""
        while self._unsaved:
            places, server = self._unsaved[0]
            await self._sign_ins.rest(places, server, self._clock())
            self._unsaved.pop(0)

    def _wait(self, question: Coroutine[Any, Any, T]) -> T:
        """From the thread of a connection."""
        asked = asyncio.run_coroutine_threadsafe(question, self._loop)
        try:
            return asked.result(_ANSWER_S)
        except TimeoutError:
            asked.cancel()
            raise StoreAway("Redis did not answer in time.") from None


def lasting(sign_ins: SignIns, clock: Callable[[], float]) -> Proofs:
    """What the bot at work signs in with; `clock` gives seconds since the epoch."""
    return Proofs(Shared(sign_ins, clock))
