"""What proves to servers who the bot is: read whenever a session opens, and not tried again once it was refused."""

from __future__ import annotations

import hashlib
import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import TypeVar

from bot.credentials import Unusable, keys_in, pair_in, password_in, trusting
from bot.domain.deployment.endpoints import Endpoint
from bot.drivers.winrm.cuts import Cut, Fault, Kind, Step

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Proof:
    """The `password`, "" where something else signs in. `mark` is another for every other account, key or password."""

    mark: bytes
    password: str = field(default="", repr=False)


_DOUBTED, _GIVEN_UP = 2, 3
"""So many servers have refused what another one let in: it opens no more sessions; it is used in none any more."""

_ANYWHERE, _IN_SESSIONS = "", "*"
"""In place of a server."""

_AHEAD_S = 10.0
"""How long whoever signs in first is waited for, so that a wrong password is found out by one try and not by all."""


class Proofs:
    """Of all connections of a driver, whichever thread they are in.

    What nobody let in yet rests everywhere as soon as one server refuses it. Of what was let in before, the server may
    be the reason, as one that reaches no domain controller: that one is left alone, and the others only after more have
    refused it. Whoever lets it in meanwhile ends that.
    """

    def __init__(self, refused_s: float) -> None:
        self._refused_s = refused_s
        self._until: dict[tuple[bytes, str], float] = {}
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
            if (left := max(self._rests(proof, at) for at in (str(endpoint), _ANYWHERE))) > 0:
                minutes = math.ceil(left / 60)
                why = f"{minutes} minute{'s' * (minutes > 1)}. A new password, or a restart, is tried at once"
                raise Cut(Step.OPENING, Fault(Kind.SPARED, why=why))
            yield proof
            self.worked(proof)
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
        return self._rests(proof, _IN_SESSIONS) > 0

    def worked(self, proof: Proof) -> None:
        """Some server has let it in just now."""
        self._known.add(proof.mark)
        self._doubts.pop(proof.mark, None)
        for at in (_ANYWHERE, _IN_SESSIONS):
            self._until.pop((proof.mark, at), None)

    def heard(self, proof: Proof, endpoint: Endpoint, fault: Fault) -> None:
        """What became of it there. What the domain itself refuses, by Kerberos, is wrong everywhere."""
        if not fault.is_refusal:
            return
        server, is_wrong = str(endpoint), fault.kind is Kind.TICKET
        doubts = self._doubts.setdefault(proof.mark, set())
        doubts.add(server)
        at = [server]
        if is_wrong or proof.mark not in self._known or len(doubts) >= _DOUBTED:
            self._known.discard(proof.mark)
            at.append(_ANYWHERE)
        if is_wrong or len(doubts) >= _GIVEN_UP:
            at.append(_IN_SESSIONS)
        self._until.update(dict.fromkeys(((proof.mark, one) for one in at), time.monotonic() + self._refused_s))

    def _rests(self, proof: Proof, at: str) -> float:
        """For so many seconds more, if above 0."""
        return self._until.get((proof.mark, at), 0.0) - time.monotonic()


def _usable(kind: Kind, read: Callable[[], Read]) -> Read:
    try:
        return read()
    except Unusable as unusable:
        why = unusable.reason
    raise Cut(Step.OPENING, Fault(kind, why=why))
