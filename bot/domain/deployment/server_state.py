"""Where a pool stands by its servers' own word: the PoolState of its registrar (facts: recovery §0.3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.deployment.cmdlets import Cmdlet, cmdlet
from bot.domain.deployment.readings import value
from bot.domain.groups.groups import Row

HOME = frozenset({"Active", "FailedBack"})
AWAY = frozenset({"FailedOver"})
"""What it says of a pool that is home, and of one that is failed over."""


@dataclass(frozen=True, slots=True)
class ServerState:
    """`word` is one of Active, FailingOver, FailedOver and FailedBack; empty where no server says anything.

    `old`: it came from a server's own replica, since Central Management does not answer, and may be behind.
    """

    word: str = ""
    old: bool = False

    @property
    def known(self) -> str:
        """The word, if it can be believed: no settings at that scope, or an old replica, is never "Active"."""
        return "" if self.old else self.word

    @property
    def is_home(self) -> bool:
        return self.known in HOME

    @property
    def is_away(self) -> bool:
        return self.known in AWAY

    @property
    def is_between(self) -> bool:
        """It is being moved now, or a move broke off."""
        return bool(self.known) and self.known not in HOME | AWAY

    def said(self, pool: str) -> str:
        """In words, for people: “pool-a: Central Management says “FailedOver””.

        Whichever server was asked, only an old replica is its own: a dead pool says nothing itself.
        """
        if not self.word:
            return f"{pool}: no server says where it stands"
        if self.old:
            return f"{pool}: a copy of the settings says “{self.word}”, but it may be old, so this is not known"
        return f"{pool}: Central Management says “{self.word}”"


UNKNOWN = ServerState()


def asked(fqdn: str, *, local: bool = False) -> Cmdlet:
    """By a filter: asked by its identity, a service without settings of its own would be an error.

    `local` asks the replica of the server itself, for while Central Management is down.
    """
    return cmdlet("Get-CsRegistrarConfiguration", Filter=f"service:Registrar:{fqdn}", LocalStore=local or None)


def state_of(rows: Iterable[Row], *, old: bool = False) -> ServerState:
    """Of a service only: what is set for all of them says nothing of one (facts: recovery §0.3)."""
    services = (row for row in rows if value(row, "Identity").casefold().startswith("service:"))
    return ServerState(next((value(row, "PoolState") for row in services), ""), old)
