"""Encryption at rest: a ring of keys of which the first writes and all read."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from bot.domain.errors import BadInput, Damaged

if TYPE_CHECKING:
    from storage.vault.cipher import Cipher

VARIABLE = "SWITCHBACK_BACKUP_KEYS"
KEY_BYTES = 32
_FINGERPRINT = 8
OVERHEAD = 12 + 16
"""Nonce and tag: how many bytes a sealed piece is longer than what it holds."""

_MAKE_ONE = "`python -m bot new-key` makes one."


@dataclass(frozen=True, slots=True)
class _Key:
    """One key's two uses, each with a key of its own."""

    cipher: Cipher
    naming: bytes


@dataclass(frozen=True, slots=True)
class Keyring:
    """Keys of 32 bytes each; without any nothing is sealed. Neither `repr` nor `str` shows one.

    What is sealed bears a name that begins with the fingerprint of its key and a dash, and it opens under no other name
    (AES-256-GCM, a random nonce of 96 bits, the name as associated data). A name without a dash is the SHA-256 of plain
    bytes.
    """

    keys: tuple[bytes, ...] = field(default=(), repr=False)
    _known: Mapping[str, _Key] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        known = _uses(self.keys) if self.keys else {}
        object.__setattr__(self, "_known", MappingProxyType(known))

    @property
    def writes(self) -> str:
        """The fingerprint of the key that seals what is new; empty when nothing is sealed."""
        return next(iter(self._known), "")

    @property
    def fingerprints(self) -> tuple[str, ...]:
        return tuple(self._known)

    def name(self, sha256: bytes, seal: str) -> str:
        """The name of a piece under the key of this fingerprint: without the key it says nothing about the bytes."""
        if not seal:
            return sha256.hex()
        return f"{seal}-{hmac.digest(self._key(seal).naming, sha256, 'sha256').hex()}"

    def seal(self, name: str, data: bytes | memoryview) -> bytes | memoryview:
        """What is stored under the name; plain bytes stay what they are."""
        seal = seal_of(name)
        if not seal:
            return data
        return self._key(seal).cipher.seal(name, data)

    def open(self, name: str, stored: bytes) -> bytes:
        """The bytes of that name. Raises Damaged when these are not what was stored, or their key is not here."""
        seal = seal_of(name)
        if not seal:
            if hashlib.sha256(stored).hexdigest() != name:
                raise Damaged(f"{name[:12]} is not what was stored.")
            return stored
        try:
            return self._key(seal).cipher.open(name, stored)
        except ValueError:
            raise Damaged(f"{name[:21]} is not what was stored.") from None

    def lacks(self, needed: Iterable[str]) -> str:
        """Why this ring cannot open what is sealed with keys of these fingerprints; empty when it can."""
        missing = sorted(set(needed) - set(self._known))
        if not missing:
            return ""
        here = f"it holds {_listed(self.fingerprints)}" if self.keys else "it is not set"
        way = "Add it there, after the key that is to write." if self.keys else "Put that key there."
        return (
            f"Stored backups are sealed with {_listed(missing)}, which {VARIABLE} does not hold ({here}). "
            f"{way} Nothing else opens them."
        )

    def _key(self, seal: str) -> _Key:
        if seal not in self._known:
            raise Damaged(self.lacks([seal]))
        return self._known[seal]


PLAIN = Keyring()
"""No encryption."""


def seal_of(name: str) -> str:
    """The fingerprint of the key that something of this name is sealed with; empty for plain bytes."""
    return name[:_FINGERPRINT] if name[_FINGERPRINT : _FINGERPRINT + 1] == "-" else ""


def stored_size(name: str, size: int) -> int:
    """How long the stored form of `size` bytes is under this name."""
    return size + OVERHEAD if seal_of(name) else size


def fingerprint(key: bytes) -> str:
    """Eight hex digits that tell keys apart and say nothing about them."""
    return _derived(key, "fingerprint").hex()[:_FINGERPRINT]


def fresh() -> str:
    """A new key as it is written into the environment."""
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()


def parse(text: str) -> Keyring:
    """The ring of SWITCHBACK_BACKUP_KEYS: base64 of 32 bytes each, separated by commas. Raises BadInput."""
    keys: list[bytes] = []
    words = [word.strip() for word in text.split(",")] if text.strip() else []
    for number, word in enumerate(words, 1):
        try:
            key = base64.b64decode(word, validate=True)
        except (binascii.Error, ValueError):
            raise BadInput(f"Key {number} in {VARIABLE} is not base64. {_MAKE_ONE}") from None
        if len(key) != KEY_BYTES:
            raise BadInput(f"Key {number} in {VARIABLE} is {len(key)} bytes long, not {KEY_BYTES}. {_MAKE_ONE}")
        if fingerprint(key) in map(fingerprint, keys):
            raise BadInput(f"Key {number} in {VARIABLE} is there twice ({fingerprint(key)}). Leave one of them out.")
        keys.append(key)
    return Keyring(tuple(keys))


def _uses(keys: Iterable[bytes]) -> Mapping[str, _Key]:
    from storage.vault.cipher import Cipher

    return {fingerprint(key): _Key(Cipher(_derived(key, "sealing")), _derived(key, "naming")) for key in keys}


def _derived(key: bytes, use: str) -> bytes:
    return hmac.digest(key, f"switchback {use}".encode(), "sha256")


def _listed(fingerprints: Iterable[str]) -> str:
    found = tuple(fingerprints)
    return f"key{'s' if len(found) > 1 else ''} {', '.join(found)}"
