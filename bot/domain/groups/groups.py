"""Response Group objects as frozen values: what a pool holds and what an export contains (facts: lync §2, §4)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from bot.domain.errors import BadInput

_FQDN = re.compile(r"(?=.{1,253}$)(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))+")
_SERVICE = re.compile(r"(?:service:)?ApplicationServer:(?P<pool>[^/\s]+?)(?:/(?P<guid>[0-9A-F-]{36}))?", re.IGNORECASE)


class Kind(StrEnum):
    """The five types that are exported, named as in `Get-CsRgs<Kind>`."""

    WORKFLOW = "Workflow"
    QUEUE = "Queue"
    AGENT_GROUP = "AgentGroup"
    HOURS_OF_BUSINESS = "HoursOfBusiness"
    HOLIDAY_SET = "HolidaySet"

    @property
    def singular(self) -> str:
        return _WORDS[self][0]

    @property
    def plural(self) -> str:
        return _WORDS[self][1]

    @property
    def stem(self) -> str:
        """The name of its file in an export, without `.xml`."""
        return _WORDS[self][2]


_WORDS = {
    Kind.WORKFLOW: ("workflow", "workflows", "Workflows"),
    Kind.QUEUE: ("queue", "queues", "Queues"),
    Kind.AGENT_GROUP: ("agent group", "agent groups", "AgentGroups"),
    Kind.HOURS_OF_BUSINESS: ("hours of business", "hours of business", "HoursOfBusiness"),
    Kind.HOLIDAY_SET: ("holiday set", "holiday sets", "HolidaySets"),
}


def checked_fqdn(text: str) -> str:
    """The FQDN in lower case. Raises BadInput when it is not one: nothing unchecked goes into a command."""
    if not _FQDN.fullmatch(text):
        raise BadInput(f"“{text[:80]}” is not a fully qualified domain name such as pool-a.contoso.com.")
    return text.lower()


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """An RgsIdentity: the pool that stores an object, and its GUID (empty: the pool's service itself)."""

    pool: str
    guid: str = ""

    def __str__(self) -> str:
        service = f"service:ApplicationServer:{self.pool}"
        return f"{service}/{self.guid}" if self.guid else service

    @classmethod
    def parse(cls, text: str) -> Ref:
        """Both spellings, with and without `service:`, as the cmdlets take them (facts: lync §1.1)."""
        match = _SERVICE.fullmatch(text.strip())
        if not match:
            raise BadInput(f"“{text[:120]}” is not a Response Group identity.")
        return cls(checked_fqdn(match["pool"]), (match["guid"] or "").lower())


def service(pool: str) -> Ref:
    """`svc(X)` of the runbooks: built from a checked FQDN, never pasted."""
    return Ref(checked_fqdn(pool))


@dataclass(frozen=True, slots=True)
class Audio:
    """An AudioFile: the name it was uploaded under, and the unique name it is stored under."""

    unique_name: str
    original_name: str


Value = None | bool | int | float | str | bytes | Ref | Audio | tuple["Value", ...] | Mapping[str, Any]
Row = Mapping[str, Value]
"""What a cmdlet returns for one object: property names as PowerShell spells them."""


@dataclass(frozen=True, slots=True)
class RgsObject:
    """One workflow, queue, agent group, hours of business or holiday set.

    `properties` has everything except Identity, Name and OwnerPool. Nested objects (CallAction, Prompt, Question,
    Answer, TimeRange, Holiday) are mappings, collections are tuples, references are `Ref`, audio files are `Audio`,
    time spans and dates are text in XML notation.
    """

    kind: Kind
    identity: Ref
    name: str
    owner: str
    properties: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def guid(self) -> str:
        return self.identity.guid

    @property
    def parent(self) -> str:
        """The pool that stores it. A copy has a parent other than its owner (seed 000)."""
        return self.identity.pool

    @property
    def key(self) -> tuple[Kind, str]:
        """Objects are the same by type and name, case-insensitively, never by GUID alone."""
        return self.kind, self.name.casefold()

    @property
    def is_copy(self) -> bool:
        return self.owner != self.parent

    def row(self) -> dict[str, Value]:
        return {"Identity": self.identity, "Name": self.name, "OwnerPool": Ref(self.owner), **self.properties}

    @classmethod
    def from_row(cls, kind: Kind, row: Row) -> RgsObject:
        """Reads back what `row()` made, or what a cmdlet or an export gave. Raises BadInput without an identity."""
        identity, owner = row.get("Identity"), row.get("OwnerPool")
        if not isinstance(identity, Ref) or not identity.guid:
            raise BadInput(f"A {kind.singular} has no identity that can be read.")
        rest = {key: value for key, value in row.items() if key not in ("Identity", "Name", "OwnerPool")}
        owner_pool = owner.pool if isinstance(owner, Ref) else identity.pool
        return cls(kind, identity, str(row.get("Name") or ""), owner_pool, MappingProxyType(rest))

    def moved(self, pool: str, owner: str) -> RgsObject:
        """The same object as it lies on another pool: its own references follow it."""

        def follow(value: Value) -> Value:
            match value:
                case Ref(guid=guid) if guid:
                    return Ref(pool, guid)
                case tuple():
                    return tuple(follow(item) for item in value)
                case Mapping():
                    return MappingProxyType({key: follow(item) for key, item in value.items()})
            return value

        properties = MappingProxyType({key: follow(value) for key, value in self.properties.items()})
        return replace(self, identity=Ref(pool, self.guid), owner=owner, properties=properties)


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """Application-level settings, one set per pool; the defaults are the server's own (facts: lync §2.7)."""

    ringback_grace_s: int = 60
    default_music: Audio | None = None
    call_context_disabled: bool = False

    def row(self) -> dict[str, Value]:
        return {
            "AgentRingbackGracePeriod": self.ringback_grace_s,
            "DefaultMusicOnHoldFile": self.default_music,
            "DisableCallContext": self.call_context_disabled,
        }

    @classmethod
    def from_row(cls, row: Row) -> ServiceSettings:
        grace, music = row.get("AgentRingbackGracePeriod"), row.get("DefaultMusicOnHoldFile")
        return cls(
            grace if isinstance(grace, int) else 60,
            music if isinstance(music, Audio) else None,
            bool(row.get("DisableCallContext")),
        )


@dataclass(frozen=True, slots=True)
class Inventory:
    """What an export contains, or what was read from a live pool.

    `audio` maps an AudioFile's unique name to the SHA-256 (hex) of its bytes; it is empty for what was read live, since
    `Get-CsRgs*` shows no bytes. `others` are the paths of files that are kept but not understood.
    """

    objects: tuple[RgsObject, ...] = ()
    settings: ServiceSettings | None = None
    audio: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    others: tuple[str, ...] = ()

    def of(self, kind: Kind) -> tuple[RgsObject, ...]:
        return tuple(item for item in self.objects if item.kind is kind)

    def owned_by(self, pool: str) -> Inventory:
        return replace(self, objects=tuple(item for item in self.objects if item.owner == pool))

    def counts(self) -> dict[Kind, int]:
        return {kind: sum(item.kind is kind for item in self.objects) for kind in Kind}


def walk(value: Value, path: str = "") -> Iterator[tuple[str, Value]]:
    """Every leaf below a property value with its path, such as `DefaultAction.Question.AnswerList[1].Name`."""
    match value:
        case tuple():
            for index, item in enumerate(value):
                yield from walk(item, f"{path}[{index}]")
        case Mapping():
            for key, item in value.items():
                yield from walk(item, f"{path}.{key}" if path else key)
        case _:
            yield path, value


def counted(counts: Mapping[str, int], none: str = "nothing") -> str:
    """“24 workflows, 18 queues, …”, of what there is; `none` is said when there is nothing."""
    parts = [
        f"{counts[kind]} {kind.singular if counts[kind] == 1 else kind.plural}" for kind in Kind if counts.get(kind)
    ]
    return ", ".join(parts) or none
