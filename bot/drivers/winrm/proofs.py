"""What proves to servers who the bot is: read whenever a session opens, and not tried again once it was refused."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
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


class Proofs:
    """Of all connections of a driver, whichever thread they are in."""

    def __init__(self, refused_s: float) -> None:
        self._refused_s = refused_s
        self._refused: dict[bytes, float] = {}
        self._key = os.urandom(32)

    def of(self, endpoint: Endpoint) -> Proof:
        """Raises Cut for a file that is of no use, and for what was refused lately."""
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
        proof = Proof(hashlib.blake2b(shown, key=self._key).digest(), password)
        if self._refused.get(proof.mark, 0.0) > time.monotonic():
            raise Cut(Step.OPENING, Fault(Kind.SPARED))
        return proof

    def heard(self, proof: Proof, fault: Fault) -> None:
        """What became of it."""
        if fault.is_refusal:
            self._refused[proof.mark] = time.monotonic() + self._refused_s


def _usable(kind: Kind, read: Callable[[], Read]) -> Read:
    try:
        return read()
    except Unusable as unusable:
        why = unusable.reason
    raise Cut(Step.OPENING, Fault(kind, why=why))
