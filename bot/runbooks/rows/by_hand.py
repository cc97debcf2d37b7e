"""What people do by hand, with the exact lines, and the reading that proves it (runbooks, "Rules")."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from bot.domain.access import Need
from bot.domain.deployment.cmdlets import Cmdlet
from bot.domain.errors import BotError, CmdletFailed
from bot.domain.model import Mark, Pool, PoolState, Verdict
from bot.domain.runs.acts import Acts, Seen
from bot.domain.runs.prerequisites import Prerequisite
from bot.domain.runs.run import Phase, Run, Tell
from bot.domain.runs.runbook import Choice, Step, Then
from bot.runbooks.rows.attesting import attested, witnessed
from bot.runbooks.rows.facts import UNREAD

_WORD_ONLY = "Nothing can be read that would prove it. It is recorded as your word only."
_PROVEN = "It is read afterwards whether it is so."
_UNREAD = "It could not be read: {what}. So nothing proves what was said."
_RUN_THERE = (
    "This has to run on a Front End of {pool}, and Switchback reaches none. Sign in to one as a member of "
    "RTCUniversalServerAdmins, open the Management Shell, and run: `{command}`"
)


def run_there(pool: Pool, command: Cmdlet) -> str:
    """What people do in place of a command that Switchback can send to no server of the pool."""
    return _RUN_THERE.format(pool=pool.short, command=command)


def reached(pool: Pool) -> str | None:
    """Why nobody has to, if so."""
    return f"Skipped: Switchback reaches a Front End of {pool.short}." if pool.front_end else None


def _nothing_more(run: Run, seen: Seen) -> Acts:
    return {}


@dataclass(frozen=True, slots=True)
class Proof:
    """A reading that shows whether something is so: `judge` passes when it is, and stops with why it is not.

    Every act is attempted: what could not be read proves nothing, and where nothing that was read tells, `judge` leaves
    UNREAD. `more` is read after `reads`, and rests on it. `refusals` are answers too, and come to `judge`: what is not
    there yet, a server may refuse to tell of.
    """

    reads: Callable[[Run], Acts]
    judge: Callable[[Run, Seen], Verdict]
    more: Callable[[Run, Seen], Acts] = _nothing_more
    refusals: bool = False

    def of(self, run: Run, seen: Seen) -> Verdict:
        """Passes, stops, or warns that nobody can tell."""
        unread = [value.sentence for value in seen.values() if isinstance(value, BotError) and not self._is_no(value)]
        if unread:
            return Verdict(Mark.WARN, _UNREAD.format(what=unread[0].rstrip(".")), tuple(unread), UNREAD.to(True))
        verdict = self.judge(run, seen)
        return Verdict(verdict.mark, verdict.sentence, verdict.details, {**UNREAD.to(False), **verdict.facts})

    def _is_no(self, error: BotError) -> bool:
        return self.refusals and isinstance(error, CmdletFailed)


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """Something that people do: where and how is in `explain`, the very lines are `lines`, as far as there are any.

    `first` has to be so before anybody is asked, as for a point of no return, and `prerequisites` say how people see
    and mend it; `proof` shows that it was done. What has none is a word only. `others` are further answers, which need
    no proof; `ways` go on where the reading says no. `leaves` and `tells` hold once the lines are shown, after `first`,
    since what they do may begin then; `tells_proven` goes out when it was read.
    """

    key: str
    stretch: str
    title: str
    explain: Callable[[Run], str]
    lines: Callable[[Run, Seen], tuple[str, ...]] = lambda run, seen: ()
    first: Proof | None = None
    prerequisites: Callable[[Run], tuple[Prerequisite, ...]] = lambda run: ()
    proof: Proof | None = None
    need: Need = Need.SERVER_ADMIN
    skip: Callable[[Run], str | None] = lambda run: None
    others: Callable[[Run], tuple[Choice, ...]] = lambda run: ()
    ways: Callable[[Run], tuple[Choice, ...]] = lambda run: ()
    leaves: PoolState | None = None
    tells: Callable[[Run], tuple[Tell, ...]] = lambda run: ()
    tells_proven: Callable[[Run], tuple[Tell, ...]] = lambda run: ()

    def rows(self) -> tuple[Step, ...]:
        """What has to be so first, the question, and the reading afterwards."""
        return tuple(self._rows())

    def _rows(self) -> Iterator[Step]:
        if self.first:
            yield self._proven(
                "first",
                "Check first",
                self.first,
                choices=lambda run: _only_unread(run, "I have looked: it is so", "has looked, and says that it is so"),
                tells=self.tells,
                leaves=self.leaves,
                prerequisites=self.prerequisites,
            )
        yield self._asked()
        if self.proof:
            yield self._proven(
                "seen", "Read whether it is so", self.proof, choices=self._ways_on, tells=self.tells_proven
            )

    def _proven(self, name: str, title: str, proof: Proof, **rest: Any) -> Step:
        """Where servers say nothing, somebody has to have looked; where they say no, nobody's word is enough."""
        return Step(
            key=f"{self.key}-{name}",
            stretch=self.stretch,
            title=f"{title}: {self.title[0].lower()}{self.title[1:]}",
            need=self.need,
            skip=self.skip,
            reads=proof.reads,
            does=proof.more,
            judge=lambda run, seen: _stopping(proof.of(run, seen)),
            **rest,
        )

    def _asked(self) -> Step:
        proof = self.proof or _WITHOUT
        return Step(
            key=self.key,
            stretch=self.stretch,
            title=self.title,
            asks=True,
            need=self.need,
            explain=self.explain,
            prerequisites=self.prerequisites,
            skip=self.skip,
            reads=proof.reads,
            does=proof.more,
            judge=lambda run, seen: self._shown(run, seen, proof),
            choices=self._choices,
        )

    def _shown(self, run: Run, seen: Seen, proof: Proof) -> Verdict:
        found = proof.of(run, seen)
        lines = self.lines(run, {name: value for name, value in seen.items() if not isinstance(value, BotError)})
        return Verdict(Mark.PASS, found.sentence, lines or found.details, found.facts)

    def _choices(self, run: Run) -> tuple[Choice, ...]:
        means = _PROVEN if self.proof else _WORD_ONLY
        done = attested("done", "It is done", "says that it is done", means, style="primary")
        return (done, *self.others(run))

    def _ways_on(self, run: Run) -> tuple[Choice, ...]:
        if run.phase is not Phase.STOPPED:
            return ()
        again = Choice("again", "Show what is to be done", "asked to see it again.", then=Then.BACK, to=self.key)
        return (again, *self.ways(run), *_only_unread(run, "I have seen it", "has seen it"))


def _stopping(verdict: Verdict) -> Verdict:
    """What nobody can tell is put to people as well: nobody's word replaces a reading where there is one."""
    return Verdict(
        Mark.PASS if verdict.mark is Mark.PASS else Mark.STOP, verdict.sentence, verdict.details, verdict.facts
    )


def _only_unread(run: Run, label: str, said: str) -> tuple[Choice, ...]:
    if run.phase is not Phase.STOPPED or not UNREAD.of(run):
        return ()
    return (witnessed("word", label, said),)


_WITHOUT = Proof(lambda run: {}, lambda run, seen: Verdict(Mark.PASS, _WORD_ONLY))
