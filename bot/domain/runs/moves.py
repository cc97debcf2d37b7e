"""What a run becomes: pure functions that make the next value; nothing else changes a run."""

from __future__ import annotations

from dataclasses import replace
from math import inf

from bot.domain.model import BOT, Mark, PoolState, Verdict, Who
from bot.domain.runs.facts import CAME_FROM, launched_by_a_version_before
from bot.domain.runs.run import (
    AT_WORK,
    QUESTION,
    REPORT,
    Approval,
    Change,
    Entry,
    Finding,
    Found,
    Phase,
    Proposal,
    RowRecord,
    Run,
    Stay,
    Tell,
)
from bot.domain.runs.runbook import Plan, Runbook, Step
from bot.domain.runs.streak import streak

SENT = "sent"
"""What the log calls the moment at which commands begin to be sent; its sentence has them to the letter."""

_WANTS_HELP, _WANTS_GO_ON = "needs somebody", "waits for somebody to go on"
"""What is said to people of a run: something is wrong, or it is not."""


def open_run(run: Run, runbook: Runbook, now: float) -> Change:
    """The first commit of a run, at the first row that does not fall away."""
    sentence = f"{run.opened_by.name} started {runbook.title} of {run.primary.short}."
    entry = Entry(now, run.opened_by, "opened", run.step, sentence)
    arrived = _arrive(run, runbook, 0, now)
    return Change(arrived.run, (entry, *arrived.entries), arrived.tells)


def stayed(run: Run, now: float) -> Run:
    """The run, with where it stands and who is at work from now on, where that is new."""
    last = run.stays[-1] if run.stays else None
    if not run.is_open or (last and (last.step, last.who) == (run.step, AT_WORK[run.phase])):
        return run
    # Clocks count whole seconds, and rows that pass within one would fill most of what a run holds.
    stays = run.stays[:-1] if run.stays and int(run.stays[-1].at) == int(now) else run.stays
    return replace(run, stays=(*stays, Stay(run.step, AT_WORK[run.phase], now)))


def claim(run: Run, runbook: Runbook, now: float, lease_s: float, longest_s: float = inf) -> Run | None:
    """The run as its next worker holds it, or None when it is not due.

    A worker that died while reading is simply followed by another; one that died after a command was sent leaves a row
    that may be run again, or one whose outcome nobody knows, which is then looked at. What is to wait for more than
    `longest_s` was written by a clock that was wrong, and is not believed.
    """
    if run.phase not in (Phase.READY, Phase.READING, Phase.RUNNING, Phase.LOOKING):
        return None
    if run.due is None or now < run.due <= now + longest_s:
        return None
    phase = Phase.READING
    if run.phase is Phase.LOOKING or (run.phase is Phase.RUNNING and not runbook.step(run.step).again):
        phase = Phase.LOOKING
        run = replace(run, facts={**run.facts, **launched_by_a_version_before(run)})
    return replace(run, phase=phase, due=now + lease_s)


def propose(run: Run, step: Step, plan: Plan, now: float, lost: str = "") -> Change:
    """The plan is laid before people. Approvals of another plan are gone, and the log says so.

    `lost` is why approvals of this very plan no longer count, if they do not.
    """
    proposal = Proposal(plan.hash, plan.commands, plan.effect, step.approvals(run))
    stale = any(approval.hash != plan.hash for approval in run.approvals)
    sentence = lost or ("What this rests on has changed since it was approved, so it asks again." if stale else "")
    entry = Entry(now, BOT, "proposed", step.key, sentence or "Waits for approval.", {"commands": plan.commands})
    new = _ask(run, Phase.WAITING, sentence)
    return Change(replace(new, proposal=proposal, approvals=()), (entry,))


def approved(run: Run, plan: Plan) -> tuple[Approval, ...]:
    """The approvals of this very plan."""
    return tuple(approval for approval in run.approvals if approval.hash == plan.hash)


def counts(approval: Approval, runbook: Runbook, now: float) -> bool:
    """Whether it is recent enough; one that is dated as far ahead is believed as little."""
    return abs(now - approval.at) <= runbook.approved_s


def outdated(approvals: tuple[Approval, ...], runbook: Runbook, now: float) -> str:
    """Why these approvals no longer count, as a sentence; "" while all of them do."""
    late = next((approval.who.name for approval in approvals if not counts(approval, runbook, now)), "")
    minutes = f"{runbook.approved_s / 60:.0f} minutes"
    return f"The approval of {late} is not from the last {minutes}, so it asks again." if late else ""


def expired(run: Run, runbook: Runbook, now: float) -> Change | None:
    """An approval that waited too long for a second one is gone, which is asked anew; None while it counts.

    Whoever gave it is told.
    """
    late = outdated(run.approvals, runbook, now) if run.phase is Phase.WAITING else ""
    if not late:
        return None
    entry = Entry(now, BOT, "expired", run.step, late, {QUESTION: run.question})
    told = f"{runbook.title} of {run.primary.short}: {late} Nobody else approved in time. Nothing was sent."
    tells = tuple(Tell(approval.who.id, told) for approval in run.approvals)
    return Change(replace(_ask(run, Phase.WAITING, late), approvals=()), (entry,), tells)


def is_approved(run: Run, step: Step, plan: Plan) -> bool:
    """Whether enough different people approved this very plan."""
    return len({approval.who.id for approval in approved(run, plan)}) >= step.approvals(run)


def launch(run: Run, step: Step, plan: Plan, now: float, lease_s: float) -> Change:
    """The last commit before commands are sent; from here on a lost row is not simply run again.

    What the plan chose is a fact from here on: whoever finds the row lost has to know under which names to look, and
    how it stood before.
    """
    proposal = Proposal(plan.hash, plan.commands, plan.effect, step.approvals(run))
    entry = Entry(now, BOT, SENT, step.key, "Runs: " + " ; ".join(plan.commands), {"plan": plan.hash})
    new = replace(run, phase=Phase.RUNNING, due=now + lease_s, sent_at=now, attempt=run.attempt + 1, proposal=proposal)
    new = replace(new, facts={**run.facts, **plan.facts})
    left, tells = _leaving(new, step, now)
    return Change(left, (entry,), tells)


def _leaving(run: Run, step: Step, now: float) -> tuple[Run, tuple[Tell, ...]]:
    """The run with its pool where the row leaves it, and what is told; of a command that is sent again, told once.

    An outage that is declared once more does not undo what an earlier run moved.
    """
    leaves = step.leaving(run)
    stays = leaves in (None, run.pool_state)
    further = leaves is PoolState.OUTAGE and run.pool_state is not PoolState.ACTIVE
    again = step.plan is not None and leaves is not None and (stays or CAME_FROM.key in run.facts)
    tells = () if again else step.tells(run)
    if stays or further:
        return run, tells
    came_from = CAME_FROM.to(str(run.pool_state)) if step.plan else {}
    return replace(run, pool_state=leaves, since=now, facts={**run.facts, **came_from}), tells


def _unsent(run: Run, runbook: Runbook, now: float) -> Run:
    """The run after commands that did nothing, if any were under way."""
    return _not_left(run, runbook.step(run.step), now) if run.phase is Phase.RUNNING else run


def _not_left(run: Run, step: Step, now: float) -> Run:
    """The run with its pool where it stood before a command that moved nothing."""
    came_from = CAME_FROM.of(run)
    if not came_from or not step.plan or step.leaving(run) is not run.pool_state:
        return run
    return replace(run, pool_state=PoolState(came_from), since=now)


def settle(run: Run, runbook: Runbook, verdict: Verdict, now: float, who: Who = BOT) -> Change:
    """The row has been judged: on to the next, back to an earlier one, stopped, or (ask rows) put to people."""
    step = runbook.step(run.step)
    run = replace(run, facts={**run.facts, **verdict.facts}, details=verdict.details, detail="", tries=0)
    entry = Entry(now, who, str(verdict.mark), step.key, verdict.sentence, {"details": verdict.details[:20]})
    if verdict.back_to:
        back = go_back(_recorded(run, verdict, now, who), runbook, verdict.back_to, now)
        return Change(back.run, (entry, *back.entries), back.tells)
    if verdict.mark is Mark.STOP:
        alarm = _alarm(run, runbook, verdict.sentence, verdict.details)
        return Change(_ask(run, Phase.STOPPED, verdict.sentence), (entry,), alarm)
    if step.asks:
        return Change(_ask(run, Phase.ASKING, verdict.sentence), (entry,))
    return pass_on(run, runbook, verdict, now, who, (entry,))


def warned(change: Change, run: Run, warnings: tuple[str, ...], now: float) -> Change:
    """The change, with a line of the log on what servers warned of in the row at which the run stood."""
    if not warnings:
        return change
    sentence = f"The server warned {len(warnings)} time(s); it went on."
    said = Entry(now, BOT, "warned", run.step, sentence, {"details": [one[:300] for one in warnings[:20]]})
    return replace(change, entries=(said, *change.entries))


def pass_on(
    run: Run, runbook: Runbook, verdict: Verdict, now: float, who: Who, entries: tuple[Entry, ...] = ()
) -> Change:
    """The row is done: recorded, told, and the run arrives at the next one."""
    step = runbook.step(run.step)
    run, tells = _leaving(_recorded(run, verdict, now, who), step, now)
    if runbook.holds_pools:
        run = replace(run, carry=runbook.carry(run))
    arrived = _arrive(run, runbook, runbook.position(step.key) + 1, now)
    return Change(arrived.run, (*entries, *arrived.entries), (*_aside(step, runbook, verdict), *tells, *arrived.tells))


def stop(run: Run, runbook: Runbook, sentence: str, now: float, detail: str = "") -> Change:
    """Something failed where nothing is left in doubt; people decide."""
    entry = Entry(now, BOT, "stopped", run.step, sentence)
    if run.phase is not Phase.RUNNING:
        run = replace(run, proposal=None, approvals=())  # What was laid before people was never sent.
    run = _unsent(run, runbook, now)
    stopped = replace(_ask(run, Phase.STOPPED, sentence), detail=detail, details=())
    return Change(stopped, (entry,), _alarm(run, runbook, sentence, ()))


def retry(run: Run, runbook: Runbook, sentence: str, now: float, wait_s: float) -> Change:
    """Nothing happened, so the row is begun again by itself after a while; a lost command is looked at again."""
    run = _unsent(run, runbook, now)
    entry = Entry(now, BOT, "retry", run.step, sentence)
    phase = Phase.LOOKING if run.phase is Phase.LOOKING else Phase.READY
    return Change(
        replace(run, phase=phase, due=now + wait_s, tries=run.tries + 1, sentence=sentence, tried_at=now), (entry,)
    )


def lose(run: Run, sentence: str, now: float, detail: str = "") -> Change:
    """A command's outcome is in doubt: unknown is a state of its own, and the row is looked at first."""
    entry = Entry(now, BOT, "lost", run.step, sentence, {"refused": bool(detail)})
    return Change(replace(run, phase=Phase.LOOKING, due=now, sentence=sentence, detail=detail), (entry,))


def found(run: Run, runbook: Runbook, finding: Finding, now: float) -> Change:
    """The look is over; people choose among what is safe."""
    entry = Entry(now, BOT, "looked", run.step, finding.sentence, {"found": finding.found})
    run = _not_left(run, runbook.step(run.step), now) if finding.found is Found.NOT_DONE else run
    new = replace(_ask(run, Phase.LOST, finding.sentence), finding=finding, details=finding.details)
    wants = _WANTS_GO_ON if finding.found is Found.DONE else _WANTS_HELP
    return Change(new, (entry,), _alarm(run, runbook, finding.sentence, finding.details, wants))


def accept_lost(run: Run, runbook: Runbook, now: float, who: Who) -> Change:
    """A person counts a lost command as done, on what the look found."""
    known = run.finding is not None and run.finding.found is Found.DONE
    sentence = run.finding.sentence if known and run.finding else f"{who.name} checked it and says that it worked."
    run = replace(run, facts={**run.facts, **runbook.step(run.step).accepted})
    return pass_on(run, runbook, Verdict(Mark.PASS if known else Mark.WARN, sentence), now, who)


def again(run: Run, now: float) -> Run:
    """The row is begun afresh; whatever was approved for it is asked again."""
    return replace(
        run, phase=Phase.READY, due=now, tries=0, proposal=None, approvals=(), finding=None, sentence="", detail=""
    )


def go_back(run: Run, runbook: Runbook, to: str, now: float, settled: tuple[str, ...] = ()) -> Change:
    """To the row that is named; all behind it is done again, but for rows that stay `settled`."""
    return _arrive(replace(run, settled=settled), runbook, runbook.position(to), now)


def send_back(
    run: Run, runbook: Runbook, verdict: Verdict, now: float, who: Who, afresh: frozenset[str] = frozenset()
) -> Change:
    """To the row that is named, by people's word, of which a record stays; the thread is told, loudly."""
    settled = stays(run, runbook, verdict.back_to, afresh)
    back = go_back(_recorded(run, verdict, now, who), runbook, verdict.back_to, now, settled)
    title = f"{runbook.numbers[run.step]} · {runbook.step(run.step).title}"
    return replace(back, tells=(Tell("thread", f"{title}: {verdict.sentence}", loud=True), *back.tells))


def stays(run: Run, runbook: Runbook, to: str, afresh: frozenset[str]) -> tuple[str, ...]:
    """The rows from that one to here that were done and are not to be done `afresh`; without any, none stays."""
    between = runbook.steps[runbook.position(to) : runbook.position(run.step)] if afresh else ()
    return tuple(step.key for step in between if step.key not in afresh and _is_done(run, step))


def _is_done(run: Run, step: Step) -> bool:
    record = run.record_of(step.key)
    return record is not None and record.mark in (Mark.PASS, Mark.WARN)


def close(run: Run, phase: Phase, sentence: str, now: float) -> Change:
    """The run ends here; its pools are free again. One that held them and sent a command, or is done, is reported."""
    ended = replace(run, phase=phase, due=None, closed_at=now, sentence=sentence, proposal=None, approvals=())
    reported = run.pool_state is not None and (phase is Phase.DONE or run.attempt)
    tells = (Tell(REPORT, sentence),) if reported else ()
    return Change(ended, (Entry(now, BOT, str(phase), run.step, sentence),), tells)


def _recorded(run: Run, verdict: Verdict, now: float, who: Who) -> Run:
    commands = run.proposal.commands if run.proposal else ()
    approved = tuple(approval.who for approval in run.approvals)
    record = RowRecord(
        run.step,
        str(verdict.mark),
        verdict.sentence,
        who,
        now,
        verdict.details[:10],
        commands,
        approved,
        str(verdict.undone or ""),
    )
    return replace(run, records=(*run.records, record))


def _ask(run: Run, phase: Phase, sentence: str) -> Run:
    return replace(run, phase=phase, due=None, question=run.question + 1, sentence=sentence)


def _alarm(
    run: Run, runbook: Runbook, sentence: str, details: tuple[str, ...], wants: str = _WANTS_HELP
) -> tuple[Tell, ...]:
    if runbook.quiet and streak(run):
        return ()  # It was told when the first of them failed, and its card says how it goes on.
    title = f"{runbook.title} of {run.primary.short} {wants}"
    alarm = Tell("notifications" if runbook.quiet else "thread", f"{title}: {sentence}", details, loud=True)
    return alarm, *gap(run, runbook, title)


def gap(run: Run, runbook: Runbook, what: str) -> tuple[Tell, ...]:
    """For everybody, while something is missing that stood before the run, and nobody knows for how long."""
    missing = runbook.gap(run)
    return (Tell("notifications", f"{what}: {missing}", loud=True),) if missing else ()


def _aside(step: Step, runbook: Runbook, verdict: Verdict) -> tuple[Tell, ...]:
    """What a row warns of, line by line, in the thread of the card, which has no room for all of it."""
    if runbook.quiet or verdict.mark is not Mark.WARN or not verdict.details:
        return ()
    return (Tell("thread", f"{runbook.numbers[step.key]} · {step.title}: {verdict.sentence}", verdict.details),)


def _arrive(run: Run, runbook: Runbook, position: int, now: float) -> Change:
    """At the first row from `position` on that does not fall away, or at the end."""
    run = replace(again(run, now), details=())
    for step in runbook.steps[position:]:
        if step.key in run.settled:
            continue
        reason = step.skip(run)
        if reason is None:
            return Change(replace(run, step=step.key))
        run = replace(run, records=(*run.records, RowRecord(step.key, "skipped", reason, BOT, now)))
    last = run.records[-1].sentence if run.records else ""
    ended = replace(run, carry=runbook.carry(run))
    return close(ended, Phase.DONE, last, now)
