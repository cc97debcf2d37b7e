"""Who holds which role by the groups of Active Directory, asked over LDAPS, with every wait bounded.

What a caller gives: a `Forest` (what the configuration says), and the e-mail address that Slack shows of a full member
of the own workspace. Whether somebody is one, whether their address may be believed, and which account they had
before, is for the caller to know.

What it gets: `holding(address)` is a `Holding`: the one account with this address, its `guid` (which never changes, so
it is what to remember of a person), and for each role the groups through which it is held; no roles is an answer like
any other. `members()` is everybody who holds a role, in one reading, with the moment at which it began; look people up
in it by guid, through `Roster.holding`. `survey()` is what an administrator wants to know of the whole, as sentences.

What it raises: `AccountRefused` (a NotAllowed) when the directory has answered and this person counts for nothing;
`DirectoryAway` when nobody could tell. Both grant nothing, and say why in a sentence for people. Nothing here ever
shows the password of the bot's own account.

It never blocks the event loop: questions run in four threads, and a reading of all members in one of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from bot.directory import asking
from bot.directory.accounts import AccountRefused, Holding, Roster
from bot.directory.base import DirectoryAway
from bot.directory.controllers import Controllers
from bot.directory.links import Patience
from bot.directory.survey import Finding, survey
from bot.directory.threads import Threads
from bot.domain.forest import Forest

__all__ = ["AccountRefused", "ActiveDirectory", "DirectoryAway", "Finding", "Holding", "Roster", "Times"]

THREADS = 4
GRACE_S = 0.05
"""A thread whose time is over is given so long to say why."""


@dataclass(frozen=True, slots=True)
class Times:
    """Seconds: how long a controller may be silent, a question may take in all, and a connection is kept unused.

    A press waits 1.5 s for everybody who is asked, and the reason has to come before; for the reading of all members
    nobody waits.
    """

    silence_s: float = 0.4
    question_s: float = 1.3
    reading_silence_s: float = 5.0
    reading_s: float = 20.0
    idle_s: float = 60.0

    def question(self) -> Patience:
        return Patience.of(self.silence_s, self.question_s)

    def reading(self) -> Patience:
        return Patience.of(self.reading_silence_s, self.reading_s)


TIMES = Times()


class ActiveDirectory:
    """One forest; `now` gives the time of day, against which accounts expire."""

    def __init__(self, forest: Forest, *, now: Callable[[], float] = time.time, times: Times = TIMES) -> None:
        self._forest, self._now, self._times = forest, now, times
        self._controllers = Controllers(forest, times.idle_s)
        self._asking = Threads(THREADS, times.silence_s)
        self._reading = Threads(1, times.silence_s)

    async def holding(self, address: str) -> Holding:
        """What whoever has this e-mail address holds now. Raises AccountRefused, or DirectoryAway."""
        patience = self._times.question()
        return await self._asking.run(
            lambda: asking.holding(self._controllers, self._forest, address, patience, self._now()),
            patience.ends + GRACE_S,
        )

    async def members(self) -> Roster:
        """Everybody who holds a role now. Raises DirectoryAway unless all of it could be read."""
        patience = self._times.reading()
        return await self._reading.run(
            lambda: asking.members(self._controllers, self._forest, patience, self._now()), patience.ends + GRACE_S
        )

    async def survey(self) -> tuple[Finding, ...]:
        """What there is to say of every controller, of where it looks, and of every group."""
        return await self._reading.run(
            lambda: tuple(survey(self._controllers, self._forest, self._times.reading, self._now()))
        )

    def close(self) -> None:
        """Ends all connections; a thread that still waits for an answer ends with its own patience."""
        self._asking.close()
        self._reading.close()
        self._controllers.close()
