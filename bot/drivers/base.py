"""The one narrow seam to a deployment, and what a simulated one needs to keep its world."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from bot.domain.deployment.abilities import Folder
from bot.domain.deployment.apply import World
from bot.domain.deployment.cmdlets import Cmdlet
from bot.domain.groups.groups import Row


class Told(tuple[Row, ...]):
    """Rows, and what a server warned of while it gave them, in its own language."""

    warnings: tuple[str, ...] = ()

    @classmethod
    def of(cls, rows: Iterable[Row], warnings: tuple[str, ...]) -> Told:
        told = cls(rows)
        told.warnings = warnings
        return told


class Driver(Protocol):
    """Runs cmdlets on a server of one pool and carries files to and from it.

    Methods raise NeverSent (nothing happened), CmdletFailed (the server said no) or OutcomeUnknown (nobody knows).
    `file` is a full path on that server.
    """

    async def invoke(self, pool: str, command: Cmdlet) -> tuple[Row, ...]: ...

    async def fetch(self, pool: str, file: str) -> bytes: ...

    async def put(self, pool: str, file: str, data: bytes) -> None: ...

    async def digest(self, pool: str, file: str) -> tuple[str, int]:
        """SHA-256 (hex) and size in bytes of the file as the server sees it."""
        ...

    async def files(self, pool: str, folder: str) -> tuple[tuple[str, int], ...]:
        """Every file below the folder, however deep: its path from there, parted by backslashes, and its bytes.

        In order of their paths. A folder that is not there raises CmdletFailed: that is not an empty one.
        """
        ...

    async def delete(self, pool: str, file: str) -> None: ...

    def said(self, pool: str) -> str:
        """What a server of this pool said last of the command that changes something there now, if anything.

        In its own language, on one line. It is only shown: nothing rests on it.
        """
        ...

    def through(self, pool: str) -> str:
        """The server by which this pool is asked now, where that is none of its own; empty where it is one of its own.

        What such a server does not answer says nothing of the pool.
        """
        ...

    async def parameters(self, pool: str) -> Mapping[str, frozenset[str]]:
        """Of the cmdlets in ASKED those that the bot's account can run there, with the parameters that they take."""
        ...

    async def folder(self, pool: str, path: str, make: bool = False) -> Folder:
        """Writes there, on each server of the pool that answers, and takes it away again: as it is at its worst.

        A folder that is not there is made, or raises CmdletFailed.
        """
        ...

    async def close(self) -> None: ...


class WorldStore(Protocol):
    """Keeps one world; `save` raises Stale when somebody saved in between."""

    async def load(self) -> tuple[World, int]: ...

    async def save(self, world: World, version: int) -> int:
        """Saves if `version` is still the one that was loaded; returns the new version."""
        ...

    async def blob(self, sha256: str) -> bytes: ...

    async def keep(self, data: bytes) -> str:
        """Stores audio bytes by their SHA-256 and returns it."""
        ...
