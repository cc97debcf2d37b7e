"""The deployment as one frozen value: its pools and what they hold, its pairs, its contact objects, its faults."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from bot.domain.deployment.cmdlets import Cmdlet
from bot.domain.groups.groups import Audio, Inventory, Kind, Ref, RgsObject, Row, ServiceSettings, Value
from bot.domain.model import Edition

EFFECTS_KEPT = 200

ACTIVE, FAILING_OVER, FAILED_OVER, FAILED_BACK = "Active", "FailingOver", "FailedOver", "FailedBack"
"""The values of PoolState (facts: recovery §0.3)."""

HOME = frozenset({ACTIVE, FAILED_BACK})
"""Those of a pool that serves its users itself."""

_PLAIN = (str, int, float, Ref, type(None))
_EMPTY: Mapping[Any, Any] = MappingProxyType({})


def _mapping() -> Any:
    return field(default_factory=lambda: _EMPTY)


CONFERENCES = "ConfServices.DataConf"
"""The module of the Backup Service that copies the contents of conferences."""


@dataclass(frozen=True, slots=True)
class ServerFile:
    """A file on a server: an export as a value, made at `at` (seconds since the epoch).

    A file that was brought there keeps its own bytes: `raw` is their SHA-256 (hex), `size` their number; `inventory` is
    then None when they are not an export. `path` is how its name is written, where it has one. `locations` are its
    bytes when it is a location configuration.
    """

    inventory: Inventory | None
    at: float = 0.0
    raw: str = ""
    size: int = 0
    path: str = ""
    locations: bytes = b""


@dataclass(frozen=True, slots=True)
class LivePool:
    """A pool as it stands. `objects` by kind and GUID, `audio` unique name to SHA-256 (hex), `files` by `file_key`.

    `files` are those of its server and of its file store; `call_park` what its site has set for Call Park, if anything.
    `build` is what its servers call themselves, such as 7.0.2046.820; empty: the first of their `version`.
    `up` are its Front Ends, `back_end` is its SQL Server (named `sql`, where somebody said so), `registrar` its
    PoolState. `replica_behind`: its copy of Central Management is old. `stopped` are Windows services by machine.
    `modules` are those of the Backup Service that do not stand as they should: identity to (export, import).
    `principals` are its mirrored databases, type to which server is principal (Primary or Mirror).
    """

    fqdn: str
    edition: Edition = Edition.ENTERPRISE
    version: str = "2015"
    site: str = ""
    front_ends: tuple[str, ...] = ()
    up: bool = True
    registrar: str = ACTIVE
    objects: Mapping[tuple[Kind, str], RgsObject] = _mapping()
    settings: ServiceSettings = field(default_factory=ServiceSettings)
    audio: Mapping[str, str] = _mapping()
    files: Mapping[str, ServerFile] = _mapping()
    call_park: Mapping[str, Value] = _mapping()
    build: str = ""
    back_end: bool = True
    sql: str = ""
    replica_behind: bool = False
    stopped: Mapping[str, tuple[str, ...]] = _mapping()
    modules: Mapping[str, tuple[str, str]] = _mapping()
    principals: Mapping[str, str] = _mapping()

    @property
    def failed_over(self) -> bool:
        return self.registrar == FAILED_OVER

    @property
    def machines(self) -> tuple[str, ...]:
        """Its Front Ends; a pool that names none is one machine of its own name."""
        return self.front_ends or (self.fqdn,)

    def runs(self, name: str) -> bool:
        """Whether this Windows service runs on any of its machines."""
        return self.up and any(name not in self.stopped.get(machine, ()) for machine in self.machines)

    def of(self, kind: Kind) -> tuple[RgsObject, ...]:
        return tuple(item for item in self.objects.values() if item.kind is kind)

    def inventory(self, objects: Iterable[RgsObject] | None = None) -> Inventory:
        """These objects (all, when None), the pool's settings, and the audio that both use."""
        kept = tuple(self.objects.values() if objects is None else objects)
        used = audio_names(kept, self.settings)
        sounds = {name: sha256 for name, sha256 in self.audio.items() if name in used}
        return Inventory(kept, self.settings, MappingProxyType(sounds))

    def holding(
        self,
        objects: Iterable[RgsObject],
        settings: ServiceSettings | None = None,
        audio: Mapping[str, str] = _EMPTY,
    ) -> LivePool:
        """The pool with exactly these objects; of its audio and the one that is added, what is still used stays."""
        after = tuple(objects)
        settings = settings or self.settings
        used = audio_names(after, settings)
        sounds = {name: sha256 for name, sha256 in {**self.audio, **audio}.items() if name in used}
        by_identity = {(item.kind, item.guid): item for item in after}
        return replace(
            self,
            objects=MappingProxyType(by_identity),
            settings=settings,
            audio=MappingProxyType(sounds),
        )

    def file(self, path: str) -> ServerFile | None:
        return self.files.get(file_key(path))

    def with_file(self, path: str, file: ServerFile | None) -> LivePool:
        """The pool with this file under this path, or with none when it is None."""
        rest = {key: kept for key, kept in self.files.items() if key != file_key(path)}
        if file is not None:
            rest[file_key(path)] = replace(file, path=path)
        return replace(self, files=MappingProxyType(rest))

    def under(self, folder: str) -> tuple[tuple[str, ServerFile], ...]:
        """Every file below this folder, however deep, by its path from there; in order."""
        above = file_key(folder).rstrip("\\") + "\\"
        depth = above.count("\\")
        found = ((file.path or key, file) for key, file in self.files.items() if key.startswith(above))
        named = (("\\".join(_parts(path)[depth:]), file) for path, file in found)
        return tuple(sorted(named, key=lambda each: each[0]))


class FaultKind(StrEnum):
    """What can be made to go wrong, on purpose."""

    POOL_DOWN = "pool down"
    BACK_END_DOWN = "SQL back end down"
    SLOW = "slow command"
    LOST_BEFORE = "connection lost before the effect"
    LOST_AFTER = "connection lost after the effect"
    HALF_FAILED = "import fails half-way"
    HALF_LOST = "connection lost half-way through an import"
    MOVE_BREAKS = "pool move breaks off half-way"


_ONLY: Mapping[FaultKind, tuple[str, ...]] = {
    FaultKind.HALF_FAILED: ("Import-CsRgsConfiguration",),
    FaultKind.HALF_LOST: ("Import-CsRgsConfiguration",),
    FaultKind.MOVE_BREAKS: ("Invoke-CsPoolFailOver", "Invoke-CsPoolFailBack"),
}
"""What the half-way ones strike, whatever else they name."""

_FELLED: Mapping[FaultKind, Mapping[str, bool]] = {
    FaultKind.POOL_DOWN: {"up": False},
    FaultKind.BACK_END_DOWN: {"back_end": False},
}
"""What is so at once, and until it is mended."""


@dataclass(frozen=True, slots=True)
class Fault:
    """Strikes the next `times` commands that run on `pool` (0: until cleared).

    `cmdlet` narrows it to one cmdlet; the half-way ones only ever strike an import, or a pool move. `seconds` is
    how slow a slow one is.
    """

    kind: FaultKind
    pool: str
    cmdlet: str = ""
    seconds: float = 0.0
    times: int = 1

    def strikes(self, pool: str, command: Cmdlet) -> bool:
        named = _ONLY.get(self.kind) or (self.cmdlet or command.name,)
        return self.pool == pool and command.name in named


@dataclass(frozen=True, slots=True)
class Effect:
    """A command that changed something: on which pool's server, its line, when (seconds since the epoch)."""

    pool: str
    cmdlet: str
    line: str
    at: float


@dataclass(frozen=True, slots=True)
class World:
    """A whole deployment.

    `pairs` leads from a pool to its backup pool; `contacts` from a workflow's PrimaryUri (lower case) to the pool whose
    contact object in Active Directory it is. `locations` are the bytes that Export-CsLisConfiguration gives,
    `published` what emergency calls carry of it.
    `store` is the pool on which Central Management is active, one of its own unless said; `also_active` is a second
    one that says so of itself, which should never be. `edges` leads from an Edge pool to the pool that is its next hop.
    `replicates`: the Backup Service copies Response Groups between pools that can. `told` has what lies in Central
    Management or Active Directory and is only read and set, as rows by the noun of its cmdlets (`CsSite`).
    `effects` are the newest `EFFECTS_KEPT`, `effect_count` counts them all.
    """

    pools: Mapping[str, LivePool] = _mapping()
    pairs: Mapping[str, str] = _mapping()
    contacts: Mapping[str, str] = _mapping()
    faults: tuple[Fault, ...] = ()
    effects: tuple[Effect, ...] = ()
    effect_count: int = 0
    locations: bytes = b""
    store: str = "cms.contoso.com"
    edges: Mapping[str, str] = _mapping()
    also_active: str = ""
    replicates: bool = False
    told: Mapping[str, tuple[Row, ...]] = _mapping()
    published: bytes = b""

    def with_told(self, noun: str, rows: Iterable[Row]) -> World:
        """The world in which exactly these rows are told of this noun."""
        return replace(self, told=MappingProxyType({**self.told, noun: tuple(rows)}))

    def with_pool(self, pool: LivePool) -> World:
        return replace(self, pools=MappingProxyType({**self.pools, pool.fqdn: pool}))

    def with_effect(self, effect: Effect) -> World:
        return replace(self, effects=(*self.effects, effect)[-EFFECTS_KEPT:], effect_count=self.effect_count + 1)

    def with_fault(self, fault: Fault) -> World:
        """The world in which it will strike; a pool or its back end goes down at once.

        Raises KeyError for a pool that is not there.
        """
        pool = self.pools[fault.pool]
        if fault.kind in _FELLED:
            return self.with_pool(replace(pool, **_FELLED[fault.kind]))
        return replace(self, faults=(*self.faults, fault))

    def without_faults(self, pool: str) -> World:
        """The world in which this pool and its back end are up, and nothing will strike what runs on it."""
        kept = tuple(fault for fault in self.faults if fault.pool != pool)
        return replace(self, faults=kept).with_pool(replace(self.pools[pool], up=True, back_end=True))

    def struck(self, pool: str, command: Cmdlet) -> tuple[World, tuple[Fault, ...]]:
        """The faults that strike this command, and the world in which they have struck once more."""
        striking = tuple(fault for fault in self.faults if fault.strikes(pool, command))
        if not striking:
            return self, ()
        kept = tuple(
            replace(fault, times=fault.times - 1) if fault in striking and fault.times else fault
            for fault in self.faults
            if not (fault in striking and fault.times == 1)
        )
        return replace(self, faults=kept), striking


def audio_names(objects: Iterable[RgsObject], settings: ServiceSettings | None = None) -> set[str]:
    """The unique names of all audio files that these objects and settings use."""
    found: set[str] = set()
    # A stack instead of `walk`, which would make a generator for every level of thousands of objects.
    below: list[Value] = [item.properties for item in objects]
    while below:
        value = below.pop()
        if isinstance(value, Audio):
            found.add(value.unique_name)
        elif isinstance(value, tuple):
            below += value
        elif not isinstance(value, _PLAIN) and isinstance(value, Mapping):
            below += value.values()
    if settings is not None and settings.default_music is not None:
        found.add(settings.default_music.unique_name)
    return found


def contact_of(item: RgsObject) -> str | None:
    """The PrimaryUri under which a workflow has its contact object, or None for any other kind (facts: lync §2.2)."""
    uri = item.properties.get("PrimaryUri")
    return uri.lower() if item.kind is Kind.WORKFLOW and isinstance(uri, str) and uri else None


def file_key(path: str) -> str:
    """Windows does not tell `C:\\A.zip` from `c:/a.zip`."""
    return path.replace("/", "\\").casefold()


def _parts(path: str) -> list[str]:
    return path.replace("/", "\\").split("\\")


def world_of(pools: Iterable[LivePool], pairs: Iterable[tuple[str, str]] = ()) -> World:
    """A world of these pools, paired both ways, in which every workflow has its contact object."""
    members = {pool.fqdn: pool for pool in pools}
    both = {one: other for pair in pairs for one, other in (pair, pair[::-1])}
    contacts = {
        uri: item.owner for pool in members.values() for item in pool.of(Kind.WORKFLOW) if (uri := contact_of(item))
    }
    return World(MappingProxyType(members), MappingProxyType(both), MappingProxyType(contacts))
