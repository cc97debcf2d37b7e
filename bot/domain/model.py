"""The nouns everybody shares: pools and pairs, people and roles, verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """The two groups that seed 000 names for every phase of the recovery."""

    SERVER_ADMIN = "RTCUniversalServerAdmins"
    RG_ADMIN = "CsResponseGroupAdministrator"


class Standing(StrEnum):
    """What somebody is in the workspace; only a member may ever press anything."""

    MEMBER = "member"
    GUEST = "guest"
    EXTERNAL = "external"
    DELETED = "deleted"
    BOT = "bot"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in Slack, by stable id `T…:U…`; `roles` is None when nobody could tell in time, which is not "none".

    `doubt` says why not, or why there are no others, as a sentence, where that is known. `lent`: the roles are those of
    a break-glass, not theirs. `through` are the groups by which they are held, as read at `read_at` (seconds).
    """

    id: str
    name: str
    standing: Standing
    roles: frozenset[Role] | None = frozenset()
    doubt: str = ""
    lent: bool = False
    through: tuple[str, ...] = ()
    read_at: float = 0.0

    @property
    def slack_id(self) -> str:
        return self.id.rpartition(":")[2]


@dataclass(frozen=True, slots=True)
class Account:
    """Whoever roles are asked for, by stable id `T…:U…`; `email` and `name` are empty where nobody has told them."""

    id: str
    email: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class AccountLink:
    """The account (its GUID) of a person in Slack (`T…:U…`), and the e-mail address that led to it."""

    person: str
    account: str
    address: str


@dataclass(frozen=True, slots=True)
class Asks:
    """That a row of a runbook, or starting and leaving it (`row` is empty), takes this role, or "anybody"."""

    runbook: str
    role: str
    row: str = ""


class Edition(StrEnum):
    ENTERPRISE = "Enterprise"
    STANDARD = "Standard"


INSTANCE = r"[A-Za-z_][0-9A-Za-z_$#]{0,15}"
"""What an instance of SQL Server can be called."""


@dataclass(frozen=True, slots=True)
class Pool:
    """A Front End pool as the configuration names it.

    `version` is "2013", "2015" or "2019"; `folder` is where on its server files are exchanged; `time_zone` is IANA;
    `file_store` is the folder of its application server in its file store, empty when nobody named it. `front_end`
    says whether commands can be sent to one of its own Front Ends. `sql_server` and `sql_instance` are its back end,
    with its mirror, as far as somebody named them; without an instance, the default one.
    """

    fqdn: str
    edition: Edition = Edition.ENTERPRISE
    version: str = "2015"
    site: str = ""
    backup_pool: str | None = None
    folder: str = "C:\\Switchback"
    time_zone: str = "UTC"
    file_store: str = ""
    front_end: bool = True
    sql_server: str = ""
    sql_instance: str = ""
    sql_mirror_server: str = ""
    sql_mirror_instance: str = ""

    @property
    def short(self) -> str:
        return short(self.fqdn)


def short(fqdn: str) -> str:
    """What people call a pool: the first part of its name."""
    return fqdn.partition(".")[0]


class PoolState(StrEnum):
    """Where a pool stands, as the runbooks leave it."""

    ACTIVE = "active"
    OUTAGE = "outage"
    FAILING_OVER = "failing over"
    FAILED_OVER = "failed over"
    FAILING_BACK = "failing back"
    REPLACING = "being replaced"
    """Its users move to a pool with a new name, for good: it cannot be failed back any more."""
    RETIRED = "replaced"
    UNKNOWN = "not known"
    """A newer Switchback wrote where it stands, or nobody can read it."""


@dataclass(frozen=True, slots=True)
class PoolRecord:
    """What is remembered of a pool: its state, since when (seconds), which run left it so, which open run holds it.

    `carry` is what the next runbook needs to know of the last one, such as which backup was imported.
    """

    fqdn: str
    state: PoolState = PoolState.ACTIVE
    since: float = 0.0
    run: str = ""
    held_by: str = ""
    carry: Mapping[str, object] = field(default_factory=dict)


class Mark(StrEnum):
    """What a judgement comes to."""

    PASS = "pass"
    WARN = "warn"
    STOP = "stop"


class Undone(StrEnum):
    """What people made of a row that they passed without having it done, as the card calls it."""

    PUT_OFF = "Put off"
    NOT_DONE = "Not done"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A judgement: its sentence, lines for those who want more, and facts that later rows may rest on.

    `back_to` names a row that has to be done once more before this one can be judged again. `undone`: people passed
    the row, and what it is for is not done.
    """

    mark: Mark
    sentence: str
    details: tuple[str, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)
    back_to: str = ""
    undone: Undone | None = None


@dataclass(frozen=True, slots=True)
class Who:
    """Whoever did something: a person by stable id, or the bot itself ("switchback", "schedule")."""

    id: str
    name: str

    @classmethod
    def person(cls, person: Person) -> Who:
        return cls(person.id, person.name)


BOT = Who("switchback", "Switchback")


SCHEDULE = Who("schedule", "the schedule")
