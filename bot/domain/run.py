"""A run as one frozen value, and the pure functions that say what it becomes; nothing else changes a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from bot.domain.model import Mark, Person, Pool, PoolState, Verdict
from bot.domain.runbook import Finding, Found, Plan, Runbook, Step, StepKind, Tell


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


@dataclass(frozen=True, slots=True)
class Approval:
    who: Who
    hash: str
    at: float


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan as people saw it: commands, predicted effect, and the hash that they approve."""

    hash: str
    commands: tuple[str, ...]
    effect: tuple[str, ...]
    needed: int


@dataclass(frozen=True, slots=True)
class Record:
    """What became of one row: `mark` is pass, warn, stop or "skipped"; `at` seconds since the epoch."""

    step: str
    mark: str
    sentence: str
    who: Who
    at: float
    details: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()


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

    `step` is the key of the row it stands at. `attempt` counts the commands sent in the whole run, `tries` how often
    this row could not even be begun. `question` changes whenever people are asked something new: a button carries it,
    so a button of an older state is recognised. `due` is when the engine has to look at it, None while people are.
    `sentence` is what it last said; `detail` the server's own text, for holders of the role only. `since` is when
    `pool_state` began. `channel` is where the card was asked for (a Slack channel id, empty: the configured one).
    """

    id: str
    runbook: str
    primary: Pool
    backup: Pool | None
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
    records: tuple[Record, ...] = ()
    finding: Finding | None = None
    sentence: str = ""
    details: tuple[str, ...] = ()
    detail: str = ""
    pool_state: PoolState | None = None
    since: float = 0.0
    carry: Mapping[str, Any] = field(default_factory=dict)
    closed_at: float | None = None
    channel: str = ""

    @property
    def is_open(self) -> bool:
        return self.phase not in ENDED

    @property
    def pools(self) -> tuple[Pool, ...]:
        return (self.primary, self.backup) if self.backup else (self.primary,)

    def fact(self, key: str, default: Any = None) -> Any:
        return self.facts.get(key, default)

    def record_of(self, step: str) -> Record | None:
        """The last thing that became of the row."""
        return next((record for record in reversed(self.records) if record.step == step), None)


@dataclass(frozen=True, slots=True)
class Change:
    """What one commit writes, all of it or nothing: the run, lines of the audit log, messages for the outbox."""

    run: Run
    entries: tuple[Entry, ...] = ()
    tells: tuple[Tell, ...] = ()


def fresh_file(run: Run, pool: Pool, step: str) -> str:
    """A file name that no attempt used before: export refuses an existing file (facts: lync §1.1)."""
    return f"{pool.folder}\\{run.id}-{step}-{run.attempt + 1}.zip"


def open_run(run: Run, runbook: Runbook, now: float) -> Change:
    """The first commit of a run, at the first row that does not fall away."""
    sentence = f"{run.opened_by.name} started {runbook.title} of {run.primary.short}."
    entry = Entry(now, run.opened_by, "opened", run.step, sentence)
    arrived = _arrive(run, runbook, 0, now)
    return Change(arrived.run, (entry, *arrived.entries), arrived.tells)


def claim(run: Run, runbook: Runbook, now: float, lease_s: float) -> Run | None:
    """The run as its next worker holds it, or None when it is not due.

    A worker that died while reading is simply followed by another; one that died after a command was sent leaves a row
    that may be run again, or one whose outcome nobody knows, which is then looked at.
    """
    if run.phase not in (Phase.READY, Phase.READING, Phase.RUNNING, Phase.LOOKING):
        return None
    if run.due is None or run.due > now:
        return None
    phase = Phase.READING
    if run.phase is Phase.LOOKING or (run.phase is Phase.RUNNING and not runbook.step(run.step).again):
        phase = Phase.LOOKING
    return replace(run, phase=phase, due=now + lease_s)


def propose(run: Run, step: Step, plan: Plan, now: float) -> Change:
    """The plan is laid before people. Approvals of another plan are gone, and the log says so."""
    proposal = Proposal(plan.hash, plan.commands, plan.effect, step.approvals(run))
    stale = any(approval.hash != plan.hash for approval in run.approvals)
    sentence = "What this rests on has changed since it was approved, so it asks again." if stale else ""
    entry = Entry(now, BOT, "proposed", step.key, sentence or "Waits for approval.", {"commands": plan.commands})
    new = _ask(run, Phase.WAITING, sentence)
    return Change(replace(new, proposal=proposal, approvals=()), (entry,))


def is_approved(run: Run, step: Step, plan: Plan) -> bool:
    """Whether enough different people approved this very plan."""
    return len({approval.who.id for approval in run.approvals if approval.hash == plan.hash}) >= step.approvals(run)


def launch(run: Run, step: Step, plan: Plan, now: float, lease_s: float) -> Change:
    """The last commit before commands are sent; from here on a lost row is not simply run again."""
    proposal = Proposal(plan.hash, plan.commands, plan.effect, step.approvals(run))
    entry = Entry(now, BOT, "sent", step.key, "Runs: " + " ; ".join(plan.commands), {"plan": plan.hash})
    new = replace(run, phase=Phase.RUNNING, due=now + lease_s, attempt=run.attempt + 1, proposal=proposal)
    return Change(new, (entry,))


def settle(run: Run, runbook: Runbook, verdict: Verdict, now: float, who: Who = BOT) -> Change:
    """The row has been judged: on to the next, back to an earlier one, stopped, or (ask rows) put to people."""
    step = runbook.step(run.step)
    run = replace(run, facts={**run.facts, **verdict.facts}, details=verdict.details, detail="", tries=0)
    entry = Entry(now, who, str(verdict.mark), step.key, verdict.sentence, {"details": verdict.details[:20]})
    if verdict.back_to:
        back = _arrive(_recorded(run, verdict, now, who), runbook, runbook.position(verdict.back_to), now)
        return Change(back.run, (entry, *back.entries), back.tells)
    if verdict.mark is Mark.STOP:
        return Change(_ask(run, Phase.STOPPED, verdict.sentence), (entry,), _alarm(run, runbook, verdict.sentence))
    if step.kind is StepKind.ASK:
        return Change(_ask(run, Phase.ASKING, verdict.sentence), (entry,))
    return pass_on(run, runbook, verdict, now, who, (entry,))


def pass_on(
    run: Run, runbook: Runbook, verdict: Verdict, now: float, who: Who, entries: tuple[Entry, ...] = ()
) -> Change:
    """The row is done: recorded, told, and the run arrives at the next one."""
    step = runbook.step(run.step)
    run = _recorded(run, verdict, now, who)
    if step.leaves and step.leaves is not run.pool_state:
        run = replace(run, pool_state=step.leaves, since=now)
    arrived = _arrive(run, runbook, runbook.position(step.key) + 1, now)
    return Change(arrived.run, (*entries, *arrived.entries), (*step.tells(run), *arrived.tells))


def stop(run: Run, runbook: Runbook, sentence: str, now: float, detail: str = "") -> Change:
    """Something failed where nothing is left in doubt; people decide."""
    entry = Entry(now, BOT, "stopped", run.step, sentence)
    stopped = replace(_ask(run, Phase.STOPPED, sentence), detail=detail, details=())
    return Change(stopped, (entry,), _alarm(run, runbook, sentence))


def retry(run: Run, sentence: str, now: float, wait_s: float) -> Change:
    """Nothing happened, so the row is begun again by itself after a while."""
    entry = Entry(now, BOT, "retry", run.step, sentence)
    return Change(replace(run, phase=Phase.READY, due=now + wait_s, tries=run.tries + 1, sentence=sentence), (entry,))


def lose(run: Run, sentence: str, now: float, detail: str = "") -> Change:
    """A command's outcome is in doubt: unknown is a state of its own, and the row is looked at first."""
    entry = Entry(now, BOT, "lost", run.step, sentence)
    return Change(replace(run, phase=Phase.LOOKING, due=now, sentence=sentence, detail=detail), (entry,))


def found(run: Run, runbook: Runbook, finding: Finding, now: float) -> Change:
    """The look is over; people choose among what is safe."""
    entry = Entry(now, BOT, "looked", run.step, finding.sentence, {"found": finding.found})
    new = replace(_ask(run, Phase.LOST, finding.sentence), finding=finding, details=finding.details)
    return Change(new, (entry,), _alarm(run, runbook, finding.sentence))


def accept_lost(run: Run, runbook: Runbook, now: float, who: Who) -> Change:
    """A person counts a lost command as done, on what the look found."""
    known = run.finding is not None and run.finding.found is Found.DONE
    sentence = run.finding.sentence if known and run.finding else f"{who.name} checked it and counts it as done."
    return pass_on(run, runbook, Verdict(Mark.PASS if known else Mark.WARN, sentence), now, who)


def again(run: Run, now: float) -> Run:
    """The row is begun afresh; whatever was approved for it is asked again."""
    return replace(
        run, phase=Phase.READY, due=now, tries=0, proposal=None, approvals=(), finding=None, sentence="", detail=""
    )


def go_back(run: Run, runbook: Runbook, to: str, now: float) -> Change:
    return _arrive(run, runbook, runbook.position(to), now)


def close(run: Run, phase: Phase, sentence: str, now: float, who: Who) -> Change:
    """The run ends here; its pools are free again."""
    ended = replace(run, phase=phase, due=None, closed_at=now, sentence=sentence, proposal=None, approvals=())
    return Change(ended, (Entry(now, who, str(phase), run.step, sentence),))


def _recorded(run: Run, verdict: Verdict, now: float, who: Who) -> Run:
    commands = run.proposal.commands if run.proposal else ()
    record = Record(run.step, str(verdict.mark), verdict.sentence, who, now, verdict.details[:10], commands)
    return replace(run, records=(*run.records, record))


def _ask(run: Run, phase: Phase, sentence: str) -> Run:
    return replace(run, phase=phase, due=None, question=run.question + 1, sentence=sentence)


def _alarm(run: Run, runbook: Runbook, sentence: str) -> tuple[Tell, ...]:
    title = f"{runbook.title} of {run.primary.short} needs somebody"
    return (Tell("notifications" if runbook.quiet else "thread", f"{title}: {sentence}", loud=True),)


def _arrive(run: Run, runbook: Runbook, position: int, now: float) -> Change:
    """At the first row from `position` on that does not fall away, or at the end."""
    run = replace(again(run, now), details=())
    for step in runbook.steps[position:]:
        reason = step.skip(run)
        if reason is None:
            return Change(replace(run, step=step.key))
        run = replace(run, records=(*run.records, Record(step.key, "skipped", reason, BOT, now)))
    last = run.records[-1].sentence if run.records else ""
    ended = replace(run, carry=runbook.carry(run))
    return close(ended, Phase.DONE, last, now, BOT)
