"""What a runbook is: rows of steps, the acts they plan, the choices they offer to people."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import groupby
from types import MappingProxyType
from typing import Any

from bot.domain.access import Need
from bot.domain.deployment.abilities import NO_USES, Uses
from bot.domain.deployment.answers import PoolAnswer
from bot.domain.deployment.server_state import ServerState
from bot.domain.groups.compare import masked
from bot.domain.model import Mark, Pool, PoolState, Undone, Verdict
from bot.domain.runs.acts import Acts, Invoke, Seen
from bot.domain.runs.facts import Fact
from bot.domain.runs.prerequisites import Prerequisite
from bot.domain.runs.run import Finding, Run, Tell

APPROVED_S = 3600.0
"""An approval counts for so long, unless the configuration says else."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a row with commands will do; its hash is what people approve.

    `effect` says in sentences what is predicted, `basis` is a digest of everything that the prediction rests on.
    `facts` are the names that it chose, which the run knows from the moment its acts may have begun.
    """

    acts: Acts
    effect: tuple[str, ...] = ()
    basis: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def commands(self) -> tuple[str, ...]:
        return tuple(str(act.command) for act in self.acts.values() if isinstance(act, Invoke))

    @property
    def hash(self) -> str:
        """64 bits, in hex, over the exact acts, the effect and the basis."""
        text = "\n".join([repr(list(self.acts.items())), *self.effect, self.basis])
        return hashlib.sha256(text.encode()).hexdigest()[:16]


class Then(StrEnum):
    """Where a choice leads."""

    NEXT = "next"
    AGAIN = "again"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form; `options` are pairs (value, label) and make it a menu. Lengths in characters.

    `last_s` makes it a date and time picker: an instant of the last so many seconds, answered in seconds since the
    epoch. `check` says what is wrong with an answer, for a sentence that begins with the field; empty when it can be
    taken. `says` is the answer as the log and the card tell it. `begins` is what it holds from the start, by how the
    pool answered last, if that is known, and what time it is.
    """

    key: str
    label: str
    options: tuple[tuple[str, str], ...] = ()
    hint: str = ""
    required: bool = True
    multiline: bool = False
    max_length: int = 500
    last_s: float = 0.0
    check: Callable[[str], str] = lambda text: ""
    says: Callable[[str], str] = masked
    begins: Callable[[PoolAnswer | None, float], str] | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One button: what it is called, who may press it, what it records, where it leads.

    `said` completes the sentence "<name> …" in the log. A choice with `fields` opens a form first. `to` is the row that
    Then.BACK goes to; with a mark to be `recorded` as, the row keeps a record of what was said, and the thread is told.
    Of the rows from there to here, those `afresh` are done again, and what was answered or done at others stays so;
    without any, all of them. One that passes the row while what it is for is `undone` says what the card calls that.
    `need` None means the row's own. `also` are choices of the rows right behind it, in order: the same press makes them
    as well, as far as the same people may.
    """

    key: str
    label: str
    said: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    then: Then = Then.NEXT
    to: str = ""
    need: Need | None = None
    fields: tuple[Field, ...] = ()
    style: str = ""
    confirm: str = ""
    recorded: Mark | None = None
    undone: Undone | None = None
    afresh: frozenset[str] = frozenset()
    also: tuple[str, ...] = ()


def _nothing(run: Run) -> Acts:
    return {}


def _nothing_more(run: Run, seen: Seen) -> Acts:
    return {}


def _no_choices(run: Run) -> tuple[Choice, ...]:
    return ()


def _no_prerequisites(run: Run) -> tuple[Prerequisite, ...]:
    return ()


def _never(run: Run) -> None:
    return None


def _no_tells(run: Run) -> tuple[Tell, ...]:
    return ()


def _no_approvals(run: Run) -> int:
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One row of a runbook.

    `stretch` is the part of the story that it belongs to: its rows follow each other, and share the number that
    people read. A row that `asks` is done when somebody has answered. `reads` are the acts that a plan or a
    judgement rests on; they change nothing. `does` is what the row changes in what is kept, or fetches into it,
    performed after that and before plan and judge, which see both: every act in it may be done twice with the same
    end, since a row lost there is begun again. `plan` makes commands from what was seen. `judge` turns what was
    seen into a Verdict. `prerequisites` have to be so before anybody presses. `choices` are the buttons while the
    row asks, waits or is stopped. `skip` gives the reason why the row falls away, or None. `again`: a lost command
    may simply be run again. Every other command is looked at when it was lost: `look` is read before it is sent and
    again afterwards, `stands` makes one digest of that, and when both are equal the command did nothing; else
    `found` says what it did, and `saves` brings to safety what is there, as `does` does. `breaks`: a command that
    was refused may have done a part, so it is looked at as well. `accepted` are the facts that hold when people
    count it as done. `tells` are messages that go out when the row is done, `leaves` is where the primary pool
    stands from then on, or says so of the run; of a row with commands both hold from when they are sent.
    """

    key: str
    stretch: str
    title: str
    asks: bool = False
    need: Need = Need.ADMIN
    explain: Callable[[Run], str] = lambda run: ""
    reads: Callable[[Run], Acts] = _nothing
    does: Callable[[Run, Seen], Acts] = _nothing_more
    plan: Callable[[Run, Seen], Plan] | None = None
    judge: Callable[[Run, Seen], Verdict] | None = None
    prerequisites: Callable[[Run], tuple[Prerequisite, ...]] = _no_prerequisites
    choices: Callable[[Run], tuple[Choice, ...]] = _no_choices
    approvals: Callable[[Run], int] = _no_approvals
    skip: Callable[[Run], str | None] = _never
    again: bool = False
    breaks: bool = False
    look: Callable[[Run], Acts] = _nothing
    stands: Callable[[Run, Seen], str] | None = None
    saves: Callable[[Run, Seen], Acts] = _nothing_more
    found: Callable[[Run, Seen], Finding] | None = None
    accepted: Mapping[str, Any] = field(default_factory=dict)
    tells: Callable[[Run], tuple[Tell, ...]] = _no_tells
    leaves: PoolState | Callable[[Run], PoolState | None] | None = None

    def __post_init__(self) -> None:
        """Raises TypeError for a row whose lost command nobody could look at (runbooks, "Rules for every cmd row")."""
        if self.plan and not self.again and not (self.found and self.stands):
            raise TypeError(
                f"The row {self.key} sends a command: say how a lost one is looked at, or that it is `again`."
            )

    def leaving(self, run: Run) -> PoolState | None:
        """Where the primary pool stands when this row is done; None where it stays."""
        return self.leaves(run) if callable(self.leaves) else self.leaves


def unless(why: Callable[[Run], str | None], step: Step) -> Step:
    """The row, which falls away for this reason as well."""
    return replace(step, skip=lambda run: why(run) or step.skip(run))


@dataclass(frozen=True, slots=True)
class Left:
    """What abandoning a run leaves behind: a sentence, and the primary pool's state if that changes."""

    sentence: str
    state: PoolState | None = None


@dataclass(frozen=True, slots=True)
class Runbook:
    """A tuple of rows. `about` is one sentence for people, `numbers` is what they call each row by.

    `holds_pools`: it holds a pair from its first row to its end, and says where the primary stands. `paired`: it needs
    a backup pool as well, though it holds none. `replaces`: it needs a third pool, which takes the primary's place.
    `alone`: it holds no pool, and is refused beside one of its own kind only. `unfit` says why servers of a pool cannot
    have it, if so; `barred` why it cannot start while the backup pool stands so, as remembered and as its servers said.
    `opens` says which states of the primary pool it can start from; `carry` is what the next runbook
    needs to know; `left` what a run that is abandoned now leaves behind. `quiet`: a run that nobody asked for gets a
    card only when it needs people, and its trouble goes to the notification channel instead of the card's thread. One
    that is not `carded` does so whoever asked: they are told directly what became of it. Only a `scheduled` one is
    started by anything but people; lists of runs fold those that are `routine`. `gap` says what is missing while a run
    is where it is, if anything: when it stops or is left there, the notification channel is told, loudly. `approved_s`:
    an approval counts for so many seconds. `facts` are all that its rows leave for later ones, `uses` all that they
    send to servers.
    """

    key: str
    title: str
    steps: tuple[Step, ...]
    facts: tuple[Fact, ...] = ()
    uses: Uses = NO_USES
    need: Need = Need.ADMIN
    about: str = ""
    holds_pools: bool = False
    paired: bool = False
    replaces: bool = False
    alone: bool = False
    unfit: Callable[[Pool], str] = lambda pool: ""
    barred: Callable[[Pool, Pool, PoolState, ServerState], str] = lambda pool, backup, state, said: ""
    quiet: bool = False
    carded: bool = True
    scheduled: bool = False
    routine: bool = False
    opens: frozenset[PoolState] = frozenset(PoolState)
    carry: Callable[[Run], Mapping[str, Any]] = lambda run: {}
    left: Callable[[Run], Left] = lambda run: Left("Nothing was changed.")
    gap: Callable[[Run], str] = lambda run: ""
    approved_s: float = APPROVED_S
    numbers: Mapping[str, str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Rows are numbered by stretch, in their order.

        Raises TypeError for one that holds pools and would start without anybody: moves are manual, always (seed 004).
        """
        if self.scheduled and self.holds_pools:
            raise TypeError(f"The runbook {self.key} holds pools, so only people start it: it cannot be `scheduled`.")
        stretches = enumerate(groupby(self.steps, key=lambda step: step.stretch), 1)
        numbers = {step.key: str(number) for number, (_, steps) in stretches for step in steps}
        object.__setattr__(self, "numbers", MappingProxyType(numbers))

    def step(self, key: str) -> Step:
        return next(step for step in self.steps if step.key == key)

    def position(self, key: str) -> int:
        return next(index for index, step in enumerate(self.steps) if step.key == key)
