"""A run as one frozen value, with what is recorded of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.domain.model import Pool, PoolState, Who


class Phase(StrEnum):
    """Where a run is within its row: four phases of the engine, four of people, three ends."""

    READY = "ready"
    READING = "reading"
    RUNNING = "running"
    LOOKING = "looking"
    WAITING = "waiting"
    ASKING = "asking"
    STOPPED = "stopped"
    LOST = "lost"
    DONE = "done"
    ABANDONED = "abandoned"
    SUPERSEDED = "superseded"


ENDED = frozenset({Phase.DONE, Phase.ABANDONED, Phase.SUPERSEDED})
FOR_PEOPLE = frozenset({Phase.WAITING, Phase.ASKING, Phase.STOPPED, Phase.LOST})


class AtWork(StrEnum):
    """Who a run waits for: the bot, a server that was sent a command, or people."""

    BOT = "bot"
    SERVER = "server"
    PEOPLE = "people"


AT_WORK = {
    **dict.fromkeys((Phase.READY, Phase.READING), AtWork.BOT),
    **dict.fromkeys((Phase.RUNNING, Phase.LOOKING), AtWork.SERVER),
    **dict.fromkeys(FOR_PEOPLE, AtWork.PEOPLE),
}


@dataclass(frozen=True, slots=True)
class Stay:
    """From the second `at` on the run stood at this row with them at work, until the next stay or its end."""

    step: str
    who: AtWork
    at: float


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody let this plan (its hash) run; `lent`: under a break-glass, and only as long as that is open."""

    who: Who
    hash: str
    at: float
    lent: bool = False


@dataclass(frozen=True, slots=True)
class Glass:
    """A break-glass in one run: who asked for it and why, and the second person who opened it, if one has yet."""

    reason: str
    asked: Who
    asked_at: float
    opened: Who | None = None
    opened_at: float = 0.0
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan as people saw it: commands, predicted effect, and the hash that they approve."""

    hash: str
    commands: tuple[str, ...]
    effect: tuple[str, ...]
    needed: int


@dataclass(frozen=True, slots=True)
class RowRecord:
    """What became of one row: `mark` is pass, warn, stop or "skipped"; `at` seconds since the epoch.

    `approved` are the people who approved its commands, in the order in which they did. `undone` is what the card calls
    it where people passed it and it is not done; else empty.
    """

    step: str
    mark: str
    sentence: str
    who: Who
    at: float
    details: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    approved: tuple[Who, ...] = ()
    undone: str = ""


QUESTION = "question"
"""In the data of a line of the log: which question of the run ended there."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the audit log."""

    at: float
    who: Who
    what: str
    step: str
    sentence: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a runbook.

    `partner` is the other pool of its pair. `step` is the key of the row it stands at. `attempt` counts the commands
    sent in the whole run, `tries` how often this row could not even be begun. `question` changes whenever people are
    asked something new: a button carries it, so a button of an older state is recognised. `due` is when the engine has
    to look at it, None while people are.
    `sentence` is what it last said; `detail` the server's own text, for holders of the role only. `since` is when
    `pool_state` began. `channel` is where the card was asked for (a Slack channel id, empty: the configured one).
    `sent_at` is when its last commands began to be sent. `replacement` is the pool with a new name that takes the
    primary's place. `alone`: it holds no pool, but is the only run of its runbook. `stays` say how its time went; a
    version before noted none. `left` is what a run that was abandoned left to people, and what can be started then, a
    line each. `tried_at` is when the row was tried last that is tried again. `settled` are rows that stay as they are,
    though one before them was opened again.
    """

    id: str
    runbook: str
    primary: Pool
    partner: Pool | None
    opened_by: Who
    opened_at: float
    step: str
    phase: Phase = Phase.READY
    version: int = 0
    due: float | None = None
    attempt: int = 0
    tries: int = 0
    question: int = 0
    facts: Mapping[str, Any] = field(default_factory=dict)
    proposal: Proposal | None = None
    approvals: tuple[Approval, ...] = ()
    records: tuple[RowRecord, ...] = ()
    finding: Finding | None = None
    sentence: str = ""
    details: tuple[str, ...] = ()
    detail: str = ""
    pool_state: PoolState | None = None
    since: float = 0.0
    carry: Mapping[str, Any] = field(default_factory=dict)
    closed_at: float | None = None
    channel: str = ""
    glass: Glass | None = None
    sent_at: float = 0.0
    replacement: Pool | None = None
    alone: bool = False
    stays: tuple[Stay, ...] = ()
    settled: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    tried_at: float = 0.0

    @property
    def is_open(self) -> bool:
        return self.phase not in ENDED

    @property
    def pools(self) -> tuple[Pool, ...]:
        return tuple(pool for pool in (self.primary, self.partner, self.replacement) if pool)

    def fact(self, key: str, default: Any = None) -> Any:
        return self.facts.get(key, default)

    def record_of(self, step: str) -> RowRecord | None:
        """The last thing that became of the row."""
        return next((record for record in reversed(self.records) if record.step == step), None)


@dataclass(frozen=True, slots=True)
class Change:
    """What one commit writes, all of it or nothing: the run, lines of the audit log, messages for the outbox."""

    run: Run
    entries: tuple[Entry, ...] = ()
    tells: tuple[Tell, ...] = ()


def was_refused(run: Run) -> bool:
    """Of a command whose work is in doubt: the server did answer. Only then there is text of its own."""
    return run.phase in (Phase.LOOKING, Phase.LOST) and bool(run.detail)


def refused_whole(run: Run) -> bool:
    """The server refused the command, and the look has found that it changed nothing."""
    return was_refused(run) and run.finding is not None and run.finding.found is Found.NOT_DONE


def fresh_file(run: Run, pool: Pool, step: str) -> str:
    """A file name that no attempt used before: export refuses an existing file (facts: lync §1.1)."""
    return f"{pool.folder}\\{file_name(run, f'{step}-{run.attempt + 1}')}"


def file_name(run: Run, what: str) -> str:
    """Of a file on a server: letters, digits, hyphens, 60 at most, whatever the run is called (facts: endpoint).

    People who meet it there see what it is for and of which pool; the rest tells runs and attempts apart.
    """
    digest = hashlib.sha256(f"{run.id}/{what}".encode()).hexdigest()[:12]
    return f"{what[:25]}-{run.primary.short[:20]}-{digest}.zip"


def partner(run: Run) -> Pool:
    """B of a run that holds a pair."""
    if run.partner is None:
        raise LookupError(f"{run.id} has no backup pool")
    return run.partner


def replacement(run: Run) -> Pool:
    """N of a run that replaces its primary pool."""
    if run.replacement is None:
        raise LookupError(f"{run.id} has no replacement pool")
    return run.replacement


def home(run: Run) -> Pool:
    """Where the groups go home to: the primary pool, or the one that takes its place."""
    return run.replacement or run.primary


AGENTS = "agents"
"""To everybody who is invited in the run to sign in, each directly, with a button."""

REPORT = "report"
"""To the thread of the card: how long everything took, as words and as files."""


BOARD = "board"
"""To the thread of the card: what callers and agents notice now, with the button that leads to all stages."""


@dataclass(frozen=True, slots=True)
class Tell:
    """A message for the outbox: `to` is "notifications", "thread" or "channel" (of the run's card), or a person's id;
    or AGENTS, REPORT or BOARD. `details` are further lines; a channel reads them, so that they hold no phone numbers.
    """

    to: str
    sentence: str
    details: tuple[str, ...] = ()
    loud: bool = False


class Found(StrEnum):
    """What a look at a lost command came to."""

    DONE = "done"
    NOT_DONE = "not done"
    PARTLY = "partly"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """A look with its sentence."""

    found: Found
    sentence: str
    details: tuple[str, ...] = ()
