"""What proves to servers who the bot is: read whenever a session opens, and not tried again once it was refused."""

from __future__ import annotations

import hashlib
import math
import os
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Protocol, TypeVar

from bot.credentials import Unusable, keys_in, pair_in, password_in, trusting
from bot.domain.deployment.endpoints import Endpoint
from bot.domain.measures import numbered
from bot.drivers.winrm.cuts import Cut, Fault, Kind, Step

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Proof:
    """The `password`, "" where something else signs in. `mark` is another for every other account, key or password."""

    mark: bytes
    password: str = field(default="", repr=False)


_DOUBTED, _GIVEN_UP = 2, 3
"""So many servers have refused what another one let in: it opens no more sessions; it is used in none any more."""

ANYWHERE, IN_SESSIONS = "", "*"
"""In place of a server."""

_AHEAD_S = 10.0
"""How long whoever signs in first is waited for, so that a wrong password is found out by one try and not by all."""


class Rests(Protocol):
    """Where a refused proof is not tried. All methods are called in the threads of connections.

    A place is a server, ANYWHERE or IN_SESSIONS, which is where a session is open already.
    """

    def why_not(self, mark: bytes, server: str) -> Fault | None:
        """None if it may be tried there now, by whoever asks, once."""
        ...

    def is_given_up(self, mark: bytes) -> bool:
        """Whether it is not to be used where a session is open."""
        ...

    def refused(self, mark: bytes, places: Collection[str], server: str) -> None: ...

    def let_in(self, mark: bytes, server: str) -> None: ...

    def undecided(self, mark: bytes, server: str) -> None:
        """It was tried there, and neither let in nor refused."""
        ...

    def elsewhere(self) -> Collection[str]:
        """The servers that refused it, whichever process was told so."""
        ...


class Timed:
    """What was refused rests for so many seconds, in this process."""

    def __init__(self, refused_s: float) -> None:
        self._refused_s = refused_s
        self._until: dict[tuple[bytes, str], float] = {}

    def why_not(self, mark: bytes, server: str) -> Fault | None:
        if (left := max(self._left(mark, one) for one in (server, ANYWHERE))) <= 0:
            return None
        when = f"in {numbered(math.ceil(left / 60), 'minute')}"
        return Fault(Kind.SPARED, why=f"{when}. A new password, or a restart, is tried at once")

    def is_given_up(self, mark: bytes) -> bool:
        return self._left(mark, IN_SESSIONS) > 0

    def refused(self, mark: bytes, places: Collection[str], server: str) -> None:
        self._until.update(dict.fromkeys(((mark, one) for one in places), time.monotonic() + self._refused_s))

    def let_in(self, mark: bytes, server: str) -> None:
        for place in (ANYWHERE, IN_SESSIONS):
            self._until.pop((mark, place), None)

    def undecided(self, mark: bytes, server: str) -> None:
        """Nothing was taken for it."""

    def elsewhere(self) -> Collection[str]:
        return ()

    def _left(self, mark: bytes, place: str) -> float:
        return self._until.get((mark, place), 0.0) - time.monotonic()


class Proofs:
    """Of all connections of a driver, whichever thread they are in.

    What nobody let in yet rests everywhere as soon as one server refuses it. Of what was let in before, the server may
    be the reason, as one that reaches no domain controller: that one is left alone, and the others only after more have
    refused it. Whoever lets it in meanwhile ends that.
    """

    def __init__(self, rests: Rests) -> None:
        self._rests = rests
        self._known: set[bytes] = set()
        self._doubts: dict[bytes, set[str]] = {}
        self._ahead = Lock()
        self._key = os.urandom(32)

    @contextmanager
    def tried(self, endpoint: Endpoint) -> Iterator[Proof]:
        """Signs in with it within. Raises Cut for a file that is of no use, and for what rests."""
        proof = self._read(endpoint)
        is_ahead = proof.mark not in self._known and self._ahead.acquire(timeout=_AHEAD_S)
        try:
            if fault := self._rests.why_not(proof.mark, str(endpoint)):
                raise Cut(Step.OPENING, fault)
            yield proof
            self.worked(proof, endpoint)
        except Cut as cut:
            self.heard(proof, endpoint, cut.fault)
            raise
        finally:
            if is_ahead:
                self._ahead.release()

    def _read(self, endpoint: Endpoint) -> Proof:
        if endpoint.ca_file:
            _usable(Kind.CA_FILE, lambda: trusting(endpoint.ca_file))
        password, secret = "", b""
        if endpoint.method == "certificate":
            secret = _usable(Kind.OWN_CERTIFICATE, lambda: pair_in(endpoint.certificate, endpoint.key))
        elif endpoint.keytab:
            secret = _usable(Kind.KEYTAB, lambda: keys_in(endpoint.keytab))
        elif endpoint.password_file:
            password = _usable(Kind.PASSWORD_FILE, lambda: password_in(endpoint.password_file))
        else:
            password = endpoint.password
        who = endpoint.account.casefold().encode("utf-8", "surrogatepass")
        shown = b"\0".join((who, secret, password.encode("utf-8", "surrogatepass")))
        return Proof(hashlib.blake2b(shown, key=self._key).digest(), password)

    def is_given_up(self, proof: Proof) -> bool:
        """Whether it is not to be used even where a session is open: who was idle signs in anew there."""
        return self._rests.is_given_up(proof.mark)

    def worked(self, proof: Proof, endpoint: Endpoint) -> None:
        """The server has let it in just now."""
        self._known.add(proof.mark)
        self._doubts.pop(proof.mark, None)
        self._rests.let_in(proof.mark, str(endpoint))

    def heard(self, proof: Proof, endpoint: Endpoint, fault: Fault) -> None:
        """What became of it there. What the domain itself refuses, by Kerberos, is wrong everywhere."""
        if not fault.is_refusal:
            if fault.kind is not Kind.SPARED:
                self._rests.undecided(proof.mark, str(endpoint))
            return
        server, is_wrong = str(endpoint), fault.kind is Kind.TICKET
        doubts = self._doubts.setdefault(proof.mark, set())
        doubts |= {server, *self._rests.elsewhere()}
        places = [server]
        if is_wrong or proof.mark not in self._known or len(doubts) >= _DOUBTED:
            self._known.discard(proof.mark)
            places.append(ANYWHERE)
        if is_wrong or len(doubts) >= _GIVEN_UP:
            places.append(IN_SESSIONS)
        self._rests.refused(proof.mark, places, server)


def _usable(kind: Kind, read: Callable[[], Read]) -> Read:
    try:
        return read()
    except Unusable as unusable:
        why = unusable.reason
    raise Cut(Step.OPENING, Fault(kind, why=why))
