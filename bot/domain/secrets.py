"""Where a secret of the configuration comes from: a file or a variable of the environment, exactly one of the two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def passwords(table: str, said: Mapping[str, Any], variable: str, password: str) -> Iterator[str]:
    """What is wrong with where the password of this table comes from; the sentence never shows it.

    `password` is what the environment has under `variable`, "" for nothing.
    """
    if not said["password_file"] and not password:
        yield f"The bot's own account under {table} has no password: name a password_file there, or set {variable}."
    if said["password_file"] and password:
        yield f"{variable} is set, and password_file under {table} as well: keep one of the two."


def files(said: Mapping[str, Any], *keys: str) -> Iterator[tuple[str, str]]:
    """Which of these keys name no file of this machine by its full path: the key, and a sentence."""
    for key in keys:
        if (path := said.get(key)) and not path.startswith("/"):
            yield key, f"must be a full path such as “/etc/switchback/file”, not “{path[:80]}”."
