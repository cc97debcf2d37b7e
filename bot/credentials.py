"""Passwords, keys and certificates that lie in files: read when they are needed, so that a new one needs no restart."""

from __future__ import annotations

import ssl
from contextlib import suppress
from pathlib import Path

_KEYTABS = (b"\x05\x02", b"\x05\x01")
"""How a file of Kerberos keys begins, in either of its versions."""


class Unusable(Exception):
    """Made where no other exception is at hand: those may hold what the file holds.

    `reason` is half a sentence about the file: "is empty", "cannot be read: Permission denied"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def password_in(file: str) -> str:
    """Without the end of its line. Raises Unusable."""
    data, password = _bytes(file), None
    with suppress(UnicodeDecodeError):
        password = data.decode().removesuffix("\n").removesuffix("\r")
    if password:
        return password
    raise Unusable("cannot be read: it is not UTF-8 text" if password is None else "is empty")


def keys_in(file: str) -> bytes:
    """The whole file of Kerberos keys, which is as good as a password. Raises Unusable."""
    keys = _bytes(file)
    if not keys.startswith(_KEYTABS):
        raise Unusable("holds no Kerberos keys")
    return keys


def trusting(ca_file: str) -> ssl.SSLContext:
    """Believes the authorities of this file, or those of the system where it is "". Raises Unusable."""
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ValueError) as fault:
        reason = "it holds no certificate" if isinstance(fault, ssl.SSLError) else _strerror(fault)
    raise Unusable(f"cannot be read: {reason}")


def pair_in(certificate: str, key: str) -> bytes:
    """A certificate and its key, as they lie in two PEM files or in one. Raises Unusable."""
    found = _bytes(certificate) + _bytes(key)
    with suppress(OSError, ValueError):
        # Without a password the library would ask for one at the terminal, and wait.
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(certificate, key, password="")
        return found
    raise Unusable("does not fit its key, or one of the two is no PEM file without a password")


def _bytes(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except (OSError, ValueError) as fault:
        reason = _strerror(fault)
    raise Unusable(f"cannot be read: {reason}")


def _strerror(fault: Exception) -> str:
    return getattr(fault, "strerror", None) or "it has no name of a file"
