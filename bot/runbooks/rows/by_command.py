"""What commands of ours do, once one person has approved, and the reading that shows it (runbooks, "Rules")."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.domain.access import Need
from bot.domain.model import Mark, PoolState, Verdict
from bot.domain.runs.acts import Acts, Seen
from bot.domain.runs.prerequisites import Prerequisite
from bot.domain.runs.run import Finding, Phase, Run, Tell, refused_whole
from bot.domain.runs.runbook import Choice, Plan, Step


def _no_choices(run: Run) -> tuple[Choice, ...]:
    return ()


def _no_tells(run: Run) -> tuple[Tell, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Lost:
    """How it is seen what commands did whose end nobody knows.

    `reads` is read before they are sent and again afterwards, `stands` makes one digest of that, and where the two
    differ `found` says what was done.
    """

    reads: Callable[[Run], Acts]
    stands: Callable[[Run, Seen], str]
    found: Callable[[Run, Seen], Finding]


@dataclass(frozen=True, slots=True)
class After:
    """The reading that shows what holds once commands ended: `judge` passes where it is as it should be, or stops.

    `ways` go on from where it stops. `key` is needed where the row is not called after that of the commands. `tells`
    and `leaves` hold when it was read.
    """

    title: str
    reads: Callable[[Run], Acts]
    judge: Callable[[Run, Seen], Verdict]
    ways: Callable[[Run], tuple[Choice, ...]] = _no_choices
    key: str = ""
    tells: Callable[[Run], tuple[Tell, ...]] = _no_tells
    leaves: PoolState | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ByCommand:
    """Something that commands of ours do, after one approval; that they ended proves nothing, so `after` reads it.

    What has no `lost` may simply be sent again. `said` is what is told when they ended, and `facts` hold from then on,
    or once people count it as done. `skip` is why all of it falls away, `unsent` why nothing is sent, though it is
    read. `ways` are others than to send them; `refused` are further ones once a server said no. What else there is, is
    as in any row. `breaks` is for what does several things one after the other.
    """

    key: str
    stretch: str
    title: str
    plan: Callable[[Run, Seen], Plan]
    after: After | None = None
    lost: Lost | None = None
    said: Callable[[Run], str] = lambda run: "The command ended. What it did is read next."
    facts: Mapping[str, Any] = field(default_factory=dict)
    skip: Callable[[Run], str | None] = lambda run: None
    unsent: Callable[[Run], str | None] = lambda run: None
    ways: Callable[[Run], tuple[Choice, ...]] = _no_choices
    refused: tuple[Choice, ...] = ()
    explain: Callable[[Run], str] = lambda run: ""
    prerequisites: Callable[[Run], tuple[Prerequisite, ...]] = lambda run: ()
    reads: Callable[[Run], Acts] = lambda run: {}
    breaks: bool = False
    tells: Callable[[Run], tuple[Tell, ...]] = _no_tells
    leaves: PoolState | None = None

    def rows(self) -> tuple[Step, ...]:
        """The commands, and the reading afterwards."""
        return tuple(self._rows())

    def _rows(self) -> Iterator[Step]:
        yield self._sent()
        if self.after:
            yield self._seen(self.after)

    def _sent(self) -> Step:
        lost = self.lost
        looked_at = {"look": lost.reads, "stands": lost.stands, "found": lost.found} if lost else {"again": True}
        return Step(
            key=self.key,
            stretch=self.stretch,
            title=self.title,
            need=Need.SERVER_ADMIN,
            skip=lambda run: self.skip(run) or self.unsent(run),
            explain=self.explain,
            prerequisites=self.prerequisites,
            reads=self.reads,
            plan=self.plan,
            judge=lambda run, seen: Verdict(Mark.PASS, self.said(run), facts=self.facts),
            accepted=self.facts,
            choices=self._choices,
            approvals=lambda run: 1,
            breaks=self.breaks,
            tells=self.tells,
            leaves=self.leaves,
            **looked_at,
        )

    def _choices(self, run: Run) -> tuple[Choice, ...]:
        if run.phase is Phase.STOPPED or refused_whole(run):
            return (*self.refused, *self.ways(run))
        return self.ways(run) if run.phase is Phase.WAITING else ()

    def _seen(self, after: After) -> Step:
        return Step(
            key=after.key or f"{self.key}-after",
            stretch=self.stretch,
            title=after.title,
            need=Need.SERVER_ADMIN,
            skip=self.skip,
            reads=after.reads,
            judge=after.judge,
            choices=lambda run: after.ways(run) if run.phase is Phase.STOPPED else (),
            tells=after.tells,
            leaves=after.leaves,
        )
