"""Who may come in, as WinRM asks it: by Negotiate (NTLM, and Kerberos where it is installed), or by a certificate."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field

import spnego
from spnego.channel_bindings import GssChannelBindings
from spnego.exceptions import SpnegoError

MUTUAL = "http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual"
"""In place of a method, with a certificate that was shown in TLS (DSP0226, C.2.6)."""

_PROTOCOLS = {"Negotiate": "negotiate", "Kerberos": "kerberos"}


@dataclass
class Visitors:
    """By which protocol and as whom they came in, in order; and how often somebody was turned away.

    They are `welcome` until their password is changed, or their account disabled.
    """

    welcome: bool = True
    came: list[str] = field(default_factory=list)
    refused: int = 0


class Door:
    """Of one connection: nobody is at its other end until one of the `methods` says who, and over which certificate."""

    def __init__(self, methods: tuple[str, ...], certificate: bytes, is_mapped: bool, visitors: Visitors) -> None:
        binding = b"tls-server-end-point:" + hashlib.sha256(certificate).digest()
        self._binding = GssChannelBindings(application_data=binding)
        self._methods, self._is_mapped, self._visitors = methods, is_mapped, visitors
        self._context: spnego.ContextProxy | None = None
        self._is_open = False
        self.challenge: tuple[str, ...] = ()

    def asked(self, head: dict[str, str]) -> tuple[bool, tuple[str, ...]]:
        """Whether this may come in, and what the head of the answer says about that."""
        scheme, _, token = head.get("authorization", "").partition(" ")
        if scheme == MUTUAL and not self._is_open:
            return self._ended(self._is_mapped, "certificate")
        if self._is_open or scheme not in self._methods or scheme not in _PROTOCOLS:
            return self._is_open, () if self._is_open else self._offer
        if self._context is None:
            self._context = spnego.server(protocol=_PROTOCOLS[scheme], channel_bindings=self._binding)
        try:
            said = self._context.step(base64.b64decode(token))
        except SpnegoError:
            self._context = None
            return self._ended(False, scheme)
        told = (f"WWW-Authenticate: {scheme} {base64.b64encode(said).decode()}",) if said else ()
        if self._context.complete:
            who = f"{self._context.negotiated_protocol} {self._context.client_principal}"
            may, heads = self._ended(self._visitors.welcome, who)
            return may, told if may else heads
        self.challenge = told
        return False, told

    @property
    def _offer(self) -> tuple[str, ...]:
        return tuple(f"WWW-Authenticate: {method}" for method in self._methods)

    def _ended(self, is_open: bool, who: str) -> tuple[bool, tuple[str, ...]]:
        self._is_open = is_open
        if is_open:
            self._visitors.came.append(who)
            return True, ()
        self._visitors.refused += 1
        return False, self._offer
