"""Acts: what a row wants done, as values; the engine performs them, and results come back under the acts' names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.backups.backup import Stamp
from bot.domain.companions.kinds import Attestation, How
from bot.domain.deployment.cmdlets import Cmdlet


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
class Survey:
    """Everything that `pool` holds, copies of others included, with its settings; gives an Inventory.

    Gives the BotError because of which it cannot be told, instead of raising it.
    """

    pool: str


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """`Get-CsRgsConfiguration` of `pool`; gives ServiceSettings."""

    on: str
    pool: str


@dataclass(frozen=True, slots=True)
class ReadState:
    """Where `pool` stands, asked on a server of `on`; gives a ServerState, an old one while only a replica answers."""

    on: str
    pool: str


@dataclass(frozen=True, slots=True)
class Put:
    """The zip of a kept backup goes to the server of `on` as `file`."""

    on: str
    file: str
    backup: str


@dataclass(frozen=True, slots=True)
class PutCompanion:
    """The file `name` of the kept companion copy `copy` goes to the server of `on` as `file`."""

    on: str
    file: str
    copy: str
    name: str


@dataclass(frozen=True, slots=True)
class Collect:
    """The zip `file` is brought from `on`, checked on both ends, read, and kept as an unlisted backup of `pool`.

    Gives the pair (Backup, Inventory). The file on the server is removed afterwards. `backup` is its id,
    `run` the run that took it; with `because` it is pinned by that run. With `listed` it becomes one of the pool's
    backups, unless it is none: it holds nothing, or what others own.
    """

    on: str
    file: str
    backup: str
    pool: str
    run: str
    settings: Mapping[str, object] | None = None
    because: str = ""
    listed: bool = False


@dataclass(frozen=True, slots=True)
class ListBackup:
    """An unlisted backup becomes one of the pool's backups, compared with the one before; gives it."""

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
class CheckBackups:
    """Every byte of the pool's kept backups is read again, and mended where that can be; gives a Checkup."""

    pool: str


@dataclass(frozen=True, slots=True)
class NewestKept:
    """The newest backups of a pool with what is known of each, newest first; gives pairs (Backup, Keeping).

    Those that are dated in the future come last.

    `proven`: each is read as a whole first, and one that cannot be is marked as damaged; while none is whole, older
    ones follow.
    """

    pool: str
    count: int = 10
    proven: bool = False


@dataclass(frozen=True, slots=True)
class NewestWhole:
    """The newest backup of a pool that did not shrink suddenly, `but` left out; gives a Backup, or None."""

    pool: str
    but: str = ""


@dataclass(frozen=True, slots=True)
class KeepStamp:
    """What the rehearsal of a backup came to is kept, and what the backup pool held then."""

    backup: str
    stamp: Stamp


@dataclass(frozen=True, slots=True)
class Flag:
    """A backup that shrank suddenly is marked with the sentence that says so; an empty one takes the mark away."""

    backup: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Pin:
    """A backup is kept for ever, by and because of whatever uses it."""

    backup: str
    by: str
    because: str


@dataclass(frozen=True, slots=True)
class PinNewest:
    """The newest backup of a pool is pinned, and the newest sound one where that is another; gives their ids."""

    pool: str
    by: str
    because: str


@dataclass(frozen=True, slots=True)
class Records:
    """Where pools stand; gives a mapping FQDN → PoolRecord."""

    pools: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Supersede:
    """Other open backups of the pool are ended, or only those that wait for people; gives the ids of their runs.

    `but` is the run that asks. `because` is said to whoever looks at them. Of another `runbook`, those of this `kind`.
    """

    pool: str
    because: str
    but: str = ""
    only_stuck: bool = False
    runbook: str = "backup"
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Take:
    """A copy of a companion is taken from `pool` as `id`, checked on both ends, and kept; `by` is whoever asked.

    `way` says which of the rest it needs: `asked` are the pools (FQDNs) that a command is sent to, one after the other
    until one answers, `store` is the folder of the pool's application server in its file store,
    `files` are what people sent, as (id in Slack, name), `word` is what they attest. Gives the CompanionCopy, or the
    BotError that says why there is none; what trying again may mend is raised while it is `patient`.
    """

    id: str
    kind: str
    pool: str
    by: str
    way: How
    asked: tuple[str, ...] = ()
    store: str = ""
    files: tuple[tuple[str, str], ...] = ()
    word: Attestation | None = None
    patient: bool = True


@dataclass(frozen=True, slots=True)
class FindCopies:
    """The newest copies of these companions of `pool`; gives a mapping kind → Shelf."""

    pool: str
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Delete:
    """A file that is no longer needed goes from the server of `on`."""

    on: str
    file: str


@dataclass(frozen=True, slots=True)
class Stand:
    """The standing notice `key` says this sentence; an empty one ends it, and `over` says so if it stood."""

    key: str
    sentence: str
    over: str


@dataclass(frozen=True, slots=True)
class Invite:
    """These agents shall be asked to sign in, as (address, names of their groups), each once in a run."""

    run: str
    agents: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """Everybody who was to be asked in that run, with what is known of them; gives a tuple of Agent."""

    run: str


@dataclass(frozen=True, slots=True)
class Clock:
    """Gives the time, in seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Something that may fail without harm; gives its result, or the DriverError instead of raising it.

    `kept`: it reaches for a backup, which may also be damaged or gone; that error is given as well.
    """

    act: Act
    kept: bool = False


Act = (
    Answers
    | Attempt
    | CheckBackups
    | Clock
    | Delete
    | FindCopies
    | Invite
    | Invoke
    | ReadGroups
    | ReadSettings
    | ReadState
    | Survey
    | Put
    | PutCompanion
    | Collect
    | ListBackup
    | Load
    | Newest
    | NewestKept
    | NewestWhole
    | KeepStamp
    | Flag
    | Pin
    | PinNewest
    | Records
    | Stand
    | Supersede
    | Take
)

Acts = Mapping[str, Act]
Seen = Mapping[str, Any]
