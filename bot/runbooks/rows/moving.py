"""Moving a pool once: here, elsewhere, or by somebody before us; and what its servers say of it afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.access import Need
from bot.domain.deployment.cmdlets import Cmdlet
from bot.domain.deployment.server_state import UNKNOWN, ServerState
from bot.domain.errors import BadInput, BotError
from bot.domain.model import Mark, Pool, PoolState, Verdict
from bot.domain.runs.acts import Acts, Attempt, Invoke, ReadState, Seen
from bot.domain.runs.prerequisites import Prerequisite
from bot.domain.runs.run import Finding, Found, Run, Tell
from bot.domain.runs.runbook import Choice, Plan, Step, Then
from bot.runbooks.rows.attesting import attested, witnessed
from bot.runbooks.rows.by_command import After, ByCommand, Lost
from bot.runbooks.rows.by_hand import reached, run_there
from bot.runbooks.rows.facts import MOVED, SERVER_SAID

_BROKE_OFF = (
    "It is being moved now, or the move broke off. Wait some minutes, then look again. If nothing moves, take it back "
    'on a Front End: `Set-CsRegistrarConfiguration -Identity "service:Registrar:{fqdn}" -PoolState Active`'
)

_ASKED = "{where} is asked. While it does not answer, {pool} cannot be moved. When it does, press Try again."
_SENT = "The command ended. What it did is read next."


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A move of the primary pool by one command on a Front End of `where`, which one person approves.

    Where Switchback reaches no Front End there, people run it. Whoever moved the pool, its registrar's PoolState has to
    be one of `becomes` afterwards (facts: recovery §0.3, §0.4): only then it has `reached` where it goes, and `done` is
    said. `leaves` and `tells` hold from when it is sent. `moded` are choices that change the command. `reads` is read
    right before it is sent, beside where the pool stands, and `unfit` says why it may not move now, if so.
    """

    key: str
    stretch: str
    title: str
    where: Callable[[Run], Pool]
    command: Callable[[Run], Cmdlet]
    effect: Callable[[Run], tuple[str, ...]]
    explain: Callable[[Run], str]
    becomes: frozenset[str]
    leaves: PoolState
    done: Callable[[Run], Verdict]
    prerequisites: Callable[[Run], tuple[Prerequisite, ...]]
    reached: PoolState | None = None
    moded: Callable[[Run], tuple[Choice, ...]] = lambda run: ()
    reads: Callable[[Run], Acts] = lambda run: {}
    unfit: Callable[[Run, Seen], str] = lambda run, seen: ""
    tells: Callable[[Run], tuple[Tell, ...]] = lambda run: ()
    tells_reached: Callable[[Run], tuple[Tell, ...]] = lambda run: ()
    skip: Callable[[Run], str | None] = lambda run: None

    def rows(self) -> tuple[Step, ...]:
        """Where the pool stands, the move by hand, the move by a command, and where the pool stands then."""
        move = ByCommand(
            key=self.key,
            stretch=self.stretch,
            title=self.title,
            plan=self._plan,
            after=After(
                "See that the pool has moved",
                self._look,
                lambda run, seen: _judge_after(run, seen["state"], self.becomes, self.done),
                lambda run: _unmoved(run, self._before_key),
                tells=self.tells_reached,
                leaves=self.reached,
            ),
            lost=Lost(
                self._look,
                lambda run, seen: seen["state"].known,
                lambda run, seen: _found(run.primary, seen["state"], self.becomes),
            ),
            facts=MOVED.to("here"),
            skip=self.skip,
            unsent=_done_before,
            ways=lambda run: (*self.moded(run), *_WAYS),
            refused=(self._look_first(),),
            explain=self.explain,
            prerequisites=self.prerequisites,
            reads=self.reads,
            breaks=True,
            tells=self.tells,
            leaves=self.leaves,
        )
        return self._before(), self._by_hand(), *move.rows()

    def _before(self) -> Step:
        return Step(
            key=self._before_key,
            stretch=self.stretch,
            title="See where the pool stands",
            skip=self._skip,
            explain=lambda run: _ASKED.format(where=self.where(run).short, pool=run.primary.short),
            reads=self._look,
            judge=lambda run, seen: _judge_before(run.primary, seen["state"], self.becomes),
        )

    @property
    def _before_key(self) -> str:
        return f"{self.key}-before"

    def _by_hand(self) -> Step:
        return Step(
            key="hand",
            stretch=self.stretch,
            title="Move the pool by hand",
            asks=True,
            need=Need.SERVER_ADMIN,
            skip=lambda run: self._skip(run) or reached(self.where(run)),
            explain=lambda run: run_there(self.where(run), self.command(run)),
            prerequisites=self.prerequisites,
            choices=lambda run: _WAYS,
            tells=self.tells,
            leaves=self.leaves,
        )

    def _skip(self, run: Run) -> str | None:
        return self.skip(run) or _done_before(run)

    def _look(self, run: Run) -> Acts:
        return {"state": ReadState(self.where(run).fqdn, run.primary.fqdn)}

    def _plan(self, run: Run, seen: Seen) -> Plan:
        """Raises BadInput when somebody else has moved it since, while a move is half-way, or it may not move."""
        said = seen["state"].said(run.primary.short)
        if why := self.unfit(run, seen):
            raise BadInput(f"{why} Nothing was sent.")
        if seen["state"].known in self.becomes:
            raise BadInput(f"{said}: somebody moved it already. Nothing was sent.")
        if seen["state"].is_between:
            raise BadInput(f"{said}. {_BROKE_OFF.format(fqdn=run.primary.fqdn)}")
        return Plan({"move": Invoke(self.where(run).fqdn, self.command(run))}, self.effect(run))

    def _look_first(self) -> Choice:
        said = "asked to look where the pool stands."
        return Choice("look-first", "Look where it stands", said, then=Then.BACK, to=self._before_key)


def _done_before(run: Run) -> str | None:
    return "Done before." if MOVED.of(run) else None


_WAYS = (
    attested(
        "elsewhere",
        "Someone else is running it",
        "says someone else is running it",
        "Switchback sends nothing. It reads where the pool stands, and goes on when its server says that it is done.",
        MOVED.to("elsewhere"),
    ),
    attested(
        "moved",
        "It has already been run",
        "says it has already been run",
        "Switchback sends nothing. It reads where the pool stands before it goes on.",
        MOVED.to("done"),
    ),
)
"""Somebody else moves the pool, or has moved it; what they say is read afterwards (runbooks: failover 6)."""


def told(answer: ServerState | BotError) -> ServerState:
    """What a server said; one that does not answer has not said anything, so that what is remembered holds."""
    return UNKNOWN if isinstance(answer, BotError) else answer


def read_place(pool: Pool) -> Acts:
    """Where a pool stands whose groups are to be changed, by its own server."""
    return {"place": Attempt(ReadState(pool.fqdn, pool.fqdn))}


def refuse_away(pool: Pool, seen: Seen) -> None:
    """Raises BadInput while it is known to be away: its groups can be viewed, but not changed (seed 002)."""
    state = told(seen["place"])
    if state.known and not state.is_home:
        why = "so its groups can be viewed, but not changed. Nothing was sent"
        raise BadInput(f"{state.said(pool.short)}, {why}. `/rgs start adopt {pool.short}` shows more.")


def _judge_before(pool: Pool, state: ServerState, becomes: frozenset[str]) -> Verdict:
    said = state.said(pool.short)
    if state.known in becomes:
        return Verdict(Mark.WARN, f"{said}. Somebody moved it already, so nothing is sent.", facts=MOVED.to("done"))
    if state.is_between:
        return Verdict(Mark.STOP, f"{said}. {_BROKE_OFF.format(fqdn=pool.fqdn)}")
    return Verdict(Mark.PASS if state.known else Mark.WARN, f"{said}.")


def _judge_after(run: Run, state: ServerState, becomes: frozenset[str], done: Callable[[Run], Verdict]) -> Verdict:
    """Nobody's word replaces a reading where there is one; where there is none, a word stands as a word."""
    said, facts = state.said(run.primary.short), SERVER_SAID.to(state.known)
    if state.known in becomes:
        end = done(run)
        return Verdict(end.mark, f"{said}. {end.sentence}", end.details, {**end.facts, **facts})
    if state.is_between:
        return Verdict(Mark.STOP, f"{said}. {_BROKE_OFF.format(fqdn=run.primary.fqdn)}", facts=facts)
    if state.known:
        return Verdict(Mark.STOP, f"{said}: it is not moved yet. Nothing that needs it goes on.", facts=facts)
    return Verdict(Mark.STOP, f"{said}. See where its users are signed in: `Get-CsUserPoolInfo`.", facts=facts)


def _unmoved(run: Run, to: str) -> tuple[Choice, ...]:
    here = Choice("here", "Run it from here", "asked to run it from here.", MOVED.to(None), Then.BACK, to)
    return (here,) if SERVER_SAID.of(run) else (here, _SEEN)


_SEEN = witnessed("seen", "I have seen that it moved", "has seen that the pool has moved")


def _found(pool: Pool, state: ServerState, becomes: frozenset[str]) -> Finding:
    """What a lost or refused move did; that it stands as before was seen already."""
    said = state.said(pool.short)
    if state.known in becomes:
        return Finding(Found.DONE, f"{said}: the move is done, by this command or by somebody else.")
    if state.is_between:
        return Finding(Found.PARTLY, f"{said}. {_BROKE_OFF.format(fqdn=pool.fqdn)}")
    if state.known:
        return Finding(Found.NOT_DONE, f"{said}: the command did not move it. It may be run again.")
    return Finding(Found.UNKNOWN, f"{said}. See where its users are signed in: `Get-CsUserPoolInfo`.")
