"""Tells which machine's clock differs from that of Redis: each says so of itself only, so that none ends another's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.domain.measures import aged
from storage.notices import Notices

EVERY_S = 900.0
APART_S = 120.0
"""The clocks of a machine and of Redis may differ by so much."""

_GONE_S = 4 * EVERY_S
"""A machine that has said nothing for so long runs no Switchback any more."""

_KEY = "clock:"


class Clocks:
    """`apart` tells how many seconds the clock of this `machine` is ahead of Redis'."""

    def __init__(self, machine: str, apart: Callable[[], Awaitable[float]], notices: Notices) -> None:
        self.chore, self._machine = f"{_KEY}{machine}", machine
        self._apart, self._notices = apart, notices

    async def work(self, now: float) -> None:
        """`now` in seconds, by Redis' clock."""
        apart = await self._apart()
        if abs(apart) > APART_S:
            side = "ahead of" if apart > 0 else "behind"
            sentence = f"The clock of {self._machine} is {aged(abs(apart))} {side} the clock of Redis."
            await self._notices.say(self.chore, sentence, now, _DETAILS)
        else:
            await self._notices.end(self.chore, f"The clock of {self._machine} agrees with that of Redis again.", now)
        await self._forget_gone(now)

    async def _forget_gone(self, now: float) -> None:
        for notice in await self._notices.standing():
            if notice.key.startswith(_KEY) and now - notice.at > _GONE_S:
                gone = notice.key.removeprefix(_KEY)
                await self._notices.end(notice.key, f"Switchback does not run on {gone} any more.", now)


_DETAILS = (
    "Switchback works there by the clock of Redis, but removes nothing there because of its age until both agree.",
    "Set both clocks right, by NTP for example.",
)
