"""What no backup of Response Groups holds and a lost pool takes along: its companions, and how fresh their copies are.

Each has its own schedule and its own clock (seed 001; facts: lync §6).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from bot.domain.cmdlets import Cmdlet, cmdlet
from bot.domain.errors import BadInput
from bot.domain.groups import Row
from bot.domain.model import Pool

DAY_S = 86_400.0
ORGANISATION = "organisation"
"""Under this name is kept what belongs to no single pool."""

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
    `everywhere`: one copy is that of the whole organisation, from whichever pool. `stale_d` is after how many days a
    copy is stale, `at` when a new one is taken by itself; `suffixes` are the files that people may send. `lost` is what
    is lost without it, `note` what has to be known beside the commands of `bot.domain.restoring`.
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
                "Import only adds: it neither overwrites nor deletes a location. Publish makes it take effect.",
                at=WEEKLY,
                command=cmdlet("Export-CsLisConfiguration", AsBytes=True),
                file="lis.zip",
                everywhere=True,
            ),
            Companion(
                "call-park-settings",
                "Call Park settings",
                How.COMMAND,
                "How long a call stays parked, how often it rings back, where it goes then: no server backs this up.",
                "In a pool of another name, Set-CsCallParkOrbit also leads every orbit to it.",
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
                "announcements",
                How.FILES,
                "What callers of unassigned numbers hear: the recordings of the Announcement service.",
                "An announcement that is made again under its old Identity (service and GUID) needs no change of "
                "number ranges. In another pool the service differs: Set-CsUnassignedNumber leads every range to it.",
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
        raise BadInput(f"There is no companion “{key[:40]}”. There are: {', '.join(COMPANIONS)}.")
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
class Kept:
    """One kept copy of a companion.

    `pool` is its scope, `source` the pool it is from, `taken_at` seconds since the epoch, `by` whoever brought it.
    `contents` is one digest over all of it, so equal ones mean that nothing changed.
    """

    id: str
    pool: str
    kind: str
    source: str
    taken_at: float
    by: str
    contents: str
    files: tuple[KeptFile, ...] = ()
    rows: tuple[Row, ...] = ()
    attestation: Attestation | None = None
    warnings: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files)

    @property
    def as_of(self) -> float:
        """The second from which its age counts: an attested copy is as old as that copy."""
        return self.attestation.at if self.attestation else self.taken_at


@dataclass(frozen=True, slots=True)
class Rule:
    """What is configured for one kind on one pool: when it is taken, when it is stale, or that it is not used there."""

    at: tuple[str, ...] = ()
    stale_d: int = FORTNIGHT_D
    used: bool = True


Rules = Mapping[tuple[str, str], Rule]
"""By FQDN and kind; whatever is not in it is as its companion says."""


def rule(rules: Rules, pool: str, kind: str) -> Rule:
    usual = COMPANIONS[kind]
    return rules.get((pool, kind), Rule(usual.at, usual.stale_d))


class State(StrEnum):
    """In the order in which the line of a pool tells them: what needs somebody comes first."""

    UNPROTECTED = "not protected"
    STALE = "stale"
    FRESH = "fresh"
    UNUSED = "not applicable"


@dataclass(frozen=True, slots=True)
class Cover:
    """How one companion of one pool is covered; `age_s` is None without a copy."""

    companion: Companion
    state: State
    kept: Kept | None
    rule: Rule
    way: How
    age_s: float | None = None

    @property
    def needs_people(self) -> bool:
        return self.way in (How.UPLOAD, How.ATTEST) and self.state in (State.UNPROTECTED, State.STALE)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How all companions of one pool are covered."""

    pool: str
    covers: tuple[Cover, ...] = field(default=())

    def of(self, *states: State) -> tuple[Cover, ...]:
        return tuple(cover for cover in self.covers if cover.state in states)

    @property
    def needing(self) -> tuple[Cover, ...]:
        """Those that only people can mend, and those that should have come by themselves and have not."""
        return tuple(cover for cover in self.covers if cover.needs_people or cover.state is State.STALE)

    @property
    def line(self) -> str:
        """The whole of it in one line, what needs somebody first."""
        groups = ((state, self.of(state)) for state in State)
        return "Companions: " + " · ".join(f"{state}: {_listed(covers)}" for state, covers in groups if covers)


def coverage(pool: Pool, newest: Mapping[str, Kept | None], rules: Rules, now: float) -> Coverage:
    """How the pool's companions are covered at `now` (seconds); `newest` by kind."""
    return Coverage(pool.fqdn, tuple(_cover(one, pool, newest.get(one.key), rules, now) for one in COMPANIONS.values()))


def _cover(one: Companion, pool: Pool, kept: Kept | None, rules: Rules, now: float) -> Cover:
    ruled, way = rule(rules, pool.fqdn, one.key), one.way(pool)
    age = None if kept is None else max(0.0, now - kept.as_of)
    if not ruled.used:
        state = State.UNUSED
    elif age is None:
        state = State.UNPROTECTED
    else:
        state = State.STALE if age > ruled.stale_d * DAY_S else State.FRESH
    return Cover(one, state, kept, ruled, way, age)


def _listed(covers: Sequence[Cover]) -> str:
    ages = {State.FRESH, State.STALE}
    return ", ".join(
        f"{cover.companion.title} ({aged(cover.age_s or 0.0)})" if cover.state in ages else cover.companion.title
        for cover in covers
    )


def aged(seconds: float) -> str:
    """An age in whole days, or hours within the first."""
    return f"{int(seconds // DAY_S)} d" if seconds >= DAY_S else f"{int(seconds // 3600)} h"


def slots(pools: Iterable[Pool], rules: Rules) -> tuple[tuple[Pool, Companion, tuple[str, ...]], ...]:
    """What is taken by itself, and at which wall times of the pool.

    What belongs to the organisation is taken from the pools that a rule names, or else from the first one alone.
    """
    ordered = tuple(pools)
    found: list[tuple[Pool, Companion, tuple[str, ...]]] = []
    for one in COMPANIONS.values():
        taken = [pool for pool in ordered if one.way(pool) in (How.COMMAND, How.FILES)]
        if one.everywhere:
            taken = [pool for pool in taken if (pool.fqdn, one.key) in rules] or taken[:1]
        found += [(pool, one, ruled.at) for pool in taken if (ruled := rule(rules, pool.fqdn, one.key)).used]
    return tuple(row for row in found if row[2])
