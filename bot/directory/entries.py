"""What a directory answers, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its name, and the values that were asked for, by their names in lower case."""

    dn: str
    values: Mapping[str, tuple[bytes, ...]]

    def one(self, name: str) -> bytes | None:
        """The only value; None where there is none, or more than one."""
        values = self.values.get(name.lower(), ())
        return values[0] if len(values) == 1 else None

    def text(self, name: str) -> str:
        return (self.one(name) or b"").decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found, and the places (`ldap://…`) that the controller named instead of looking there itself."""

    entries: tuple[Entry, ...] = ()
    elsewhere: tuple[str, ...] = ()
