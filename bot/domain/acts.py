"""Acts: what a row wants done, as values; the engine performs them, and results come back under the acts' names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.cmdlets import Cmdlet


@dataclass(frozen=True, slots=True)
class Invoke:
    """One cmdlet on a server of the pool `on`; gives its rows."""

    on: str
    command: Cmdlet


@dataclass(frozen=True, slots=True)
class ReadGroups:
    """The five `Get-CsRgs*` on a server of `on`; gives an Inventory. `pool` None asks the whole organisation."""

    on: str
    pool: str | None
    owner: str | None = None
    show_all: bool = False


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """`Get-CsRgsConfiguration` of `pool`; gives ServiceSettings."""

    on: str
    pool: str


@dataclass(frozen=True, slots=True)
class Put:
    """The zip of a kept backup goes to the server of `on` as `file`."""

    on: str
    file: str
    backup: str


@dataclass(frozen=True, slots=True)
class Collect:
    """The zip `file` is brought from `on`, checked on both ends, read, and kept as an unlisted backup of `pool`.

    Gives the pair (Backup, Inventory). The file on the server is removed afterwards. `backup` is its id,
    `run` the run that took it.
    """

    on: str
    file: str
    backup: str
    pool: str
    run: str
    settings: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class ListBackup:
    """An unlisted backup becomes one of the pool's backups; gives it."""

    backup: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Load:
    """A kept backup is read; gives its Inventory."""

    backup: str


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest backups of a pool, newest first; gives a tuple of Backup."""

    pool: str
    count: int = 5


@dataclass(frozen=True, slots=True)
class LoadNewest:
    """The newest backup of a pool is read; gives its Inventory, or None where there is no backup."""

    pool: str


@dataclass(frozen=True, slots=True)
class CheckBackups:
    """Every byte of the pool's kept backups is read again, and mended where that can be; gives a Checkup."""

    pool: str


@dataclass(frozen=True, slots=True)
class Records:
    """Where pools stand; gives a mapping FQDN → PoolRecord."""

    pools: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Supersede:
    """Other open backups of the pool are ended, or only those that wait for people; gives the ids of their runs.

    `but` is the run that asks. `because` is said to whoever looks at them.
    """

    pool: str
    because: str
    but: str = ""
    only_stuck: bool = False


@dataclass(frozen=True, slots=True)
class Delete:
    """A file that is no longer needed goes from the server of `on`."""

    on: str
    file: str


@dataclass(frozen=True, slots=True)
class Clock:
    """Gives the time, in seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Something that may fail without harm; gives its result, or the DriverError instead of raising it."""

    act: Act


Act = (
    Attempt
    | CheckBackups
    | Clock
    | Delete
    | Invoke
    | ReadGroups
    | ReadSettings
    | Put
    | Collect
    | ListBackup
    | Load
    | LoadNewest
    | Newest
    | Records
    | Supersede
)
Acts = Mapping[str, Act]
Seen = Mapping[str, Any]
