"""What no backup of Response Groups holds and a lost pool takes along: its companions, and how fresh their copies are.

Each has its own schedule and its own clock (seed 001; facts: lync §6).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from bot.domain.deployment.cmdlets import Cmdlet, cmdlet
from bot.domain.errors import BadInput
from bot.domain.measures import aged, numbered, sized
from bot.domain.model import Pool, short

ORGANISATION = "organisation"
"""Under this name is kept what belongs to no single pool."""

DAY_S = 86_400.0
WEEKLY = ("Sun 03:30",)
FORTNIGHT_D = 14
QUARTER_D = 92


class How(StrEnum):
    """How a copy comes here: by a cmdlet, from the pool's file store, from people, or as their word for it."""

    COMMAND = "command"
    FILES = "files"
    UPLOAD = "upload"
    ATTEST = "attest"


@dataclass(frozen=True, slots=True)
class Companion:
    """One kind of companion.

    `folder` lies in the pool's file store, `command` is what reads it, and its bytes are kept as the file `file`.
    `beside` is read as well, so that a copy whose format is not ours can be compared with what is there later.
    `everywhere`: one copy is that of the whole organisation, from whichever pool. `stale_d` is after how many days a
    copy is stale, `at` when a new one is taken by itself; `suffixes` are the files that people may send. `lost` is what
    is lost without it, `note` what has to be known beside the commands of `bot.domain.companions.way_back`.
    """

    key: str
    title: str
    how: How
    lost: str
    note: str
    stale_d: int = FORTNIGHT_D
    at: tuple[str, ...] = ()
    command: Cmdlet | None = None
    file: str = ""
    beside: tuple[Cmdlet, ...] = ()
    folder: str = ""
    everywhere: bool = False
    suffixes: tuple[str, ...] = ()

    def scope(self, pool: str) -> str:
        """Under which name the copies of a pool are kept."""
        return ORGANISATION if self.everywhere else pool

    def way(self, pool: Pool) -> How:
        """How it comes from this pool: files of a store that nobody named have to come from people."""
        return How.UPLOAD if self.how is How.FILES and not pool.file_store else self.how


_SOUNDS = (".wav", ".wma")

COMPANIONS: Mapping[str, Companion] = MappingProxyType(
    {
        one.key: one
        for one in (
            Companion(
                "lis",
                "LIS",
                How.COMMAND,
                "The locations that emergency calls carry, when the pool held the Central Management store.",
                "Import deletes nothing, but what was moved since the copy goes back to its old place, and emergency "
                "calls carry that. Take the newest copy, and compare afterwards. Publish makes it take effect.",
                at=WEEKLY,
                command=cmdlet("Export-CsLisConfiguration", AsBytes=True),
                file="lis.zip",
                beside=(cmdlet("Get-CsLisLocation"), cmdlet("Get-CsLisSubnet")),
                everywhere=True,
            ),
            Companion(
                "call-park-settings",
                "Call Park settings",
                How.COMMAND,
                "How long a call stays parked, how often it rings back, where it goes then: no server backs this up.",
                "In a pool of another name, Set-CsCallParkOrbit also moves every orbit to it. Where a site has no "
                "settings of its own yet, New-CsCpsConfiguration makes them, with the same parameters.",
                at=WEEKLY,
                command=cmdlet("Get-CsCpsConfiguration"),
            ),
            Companion(
                "call-park-music",
                "Call Park music",
                How.FILES,
                "The music that parked callers hear: one file of the pool's own file store.",
                "The server takes WMA 9, 44 kHz, 16 bit, mono, 32 kbit/s at a constant rate.",
                at=WEEKLY,
                folder="CPS",
                suffixes=(".wma",),
            ),
            Companion(
                "announcements",
                "Announcements",
                How.FILES,
                "What callers of unassigned numbers hear: the recordings of the Announcement service.",
                "An announcement that is made again under its old Identity (service and GUID) needs no change of "
                "number ranges. In another pool the service differs: Set-CsUnassignedNumber moves every range to it.",
                at=WEEKLY,
                folder="RGS\\AS",
                suffixes=_SOUNDS,
            ),
            Companion(
                "rgs-audio",
                "Response Group audio",
                How.UPLOAD,
                "The original recordings of Response Groups, as they were before a server took them in.",
                "A backup holds the recordings too; the originals are for the day when one of them is found damaged.",
                stale_d=2 * QUARTER_D,
                suffixes=_SOUNDS,
            ),
            Companion(
                "monitoring",
                "Monitoring",
                How.ATTEST,
                "Call records and call quality, when LcsCDR and QoEMetrics lie on the pool's own SQL Server.",
                "They are backed up by the tools of SQL Server, never by Lync Server Backup Service.",
            ),
            Companion(
                "archiving",
                "Archiving",
                How.ATTEST,
                "Archived conversations, when LcsLog lies on the pool's own SQL Server.",
                "It is backed up by the tools of SQL Server, never by Lync Server Backup Service.",
            ),
        )
    }
)


def companion(key: str) -> Companion:
    """Raises BadInput for one that there is not."""
    if key not in COMPANIONS:
        raise BadInput(f"No other data is called “{key[:40]}”. There are: {', '.join(COMPANIONS)}.")
    return COMPANIONS[key]


@dataclass(frozen=True, slots=True)
class KeptFile:
    """One file of a copy: its name as it was found, where folders are parted by a backslash, and its bytes' digest."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Attestation:
    """A person's word that there is a copy: when it was made (seconds), where it is kept, and anything else."""

    at: float
    about: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the last copy that was to come by itself did not, and when that was (seconds)."""

    at: float
    sentence: str


@dataclass(frozen=True, slots=True)
class CompanionCopy:
    """One kept copy of a companion.

    `pool` is its scope, `source` the pool it is from, `taken_at` seconds since the epoch, `by` whoever brought it.
    `contents` is one digest over all of it, so equal ones mean that nothing changed. `rows` are settings, or what was
    read beside the files.
    """

    id: str
    pool: str
    kind: str
    source: str
    taken_at: float
    by: str
    contents: str
    files: tuple[KeptFile, ...] = ()
    rows: tuple[Mapping[str, object], ...] = ()
    attestation: Attestation | None = None
    warnings: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    @property
    def in_words(self) -> str:
        """What it holds, in a few words."""
        if self.attestation:
            return "recorded by hand"
        if self.rows and not self.files:
            return numbered(len(self.rows), "set") + " of settings kept"
        return f"{numbered(len(self.files), 'file')}, {sized(self.size)}, kept"

    @property
    def as_of(self) -> float:
        """The second from which its age counts: an attested copy is as old as that copy."""
        return self.attestation.at if self.attestation else self.taken_at


@dataclass(frozen=True, slots=True)
class Shelf:
    """The newest copy of one companion that counts, its age in seconds, and how many are dated in the future."""

    newest: CompanionCopy | None
    age_s: float = 0.0
    ahead: int = 0

    def is_stale(self, one: Companion) -> bool:
        return self.age_s > one.stale_d * DAY_S

    def in_words(self, one: Companion) -> str:
        """Which copy there is, in a sentence; one that is dated in the future stands for nothing."""
        wrong = f" {_ahead(self.ahead)}" if self.ahead else ""
        if self.newest is None:
            return f"No copy of {one.title} is kept.{wrong}"
        stale = " That is old." if self.is_stale(one) else ""
        source = f" It came from {short(self.newest.source)}."
        return f"{one.title}: the newest copy is {aged(self.age_s)} old.{source}{stale}{wrong}"


def _ahead(count: int) -> str:
    return (
        "One copy is dated in the future and does not count."
        if count == 1
        else f"{count} copies are dated in the future and do not count."
    )
