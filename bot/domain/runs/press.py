"""What a press of a button makes of a run: who may, whether the button is still what is asked, and then what."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from bot.domain.access import Need, allow, allow_second
from bot.domain.errors import BadInput, Stale
from bot.domain.groups.compare import masked
from bot.domain.model import Mark, Person, Verdict, Who
from bot.domain.runs.glass import lent
from bot.domain.runs.moves import accept_lost, again, close, counts, gap, go_back, pass_on, send_back, stays
from bot.domain.runs.run import QUESTION, Approval, Change, Entry, Found, Phase, Run, Tell, refused_whole, was_refused
from bot.domain.runs.runbook import Choice, Field, Runbook, Step, Then

APPROVE = "approve"
"""The choice that lets a command run, alone or with a second person's."""

_ABANDON = "abandon"
_SECONDS = re.compile(r"[0-9]{1,10}")
_DAY_S = 86_400
_KEPT = 500
"""Characters that are kept of what came too late, as of any answer."""
KEPT = "What you wrote is kept in the log of the run, and changes nothing."


def _ending(reason: str) -> str:
    """As the end of a sentence."""
    said = masked(reason)
    return said if said.endswith((".", "!", "?")) else f"{said}."


REASON = Field(
    "reason",
    "Why?",
    hint="It goes into the log and on the card.",
    multiline=True,
    max_length=300,
    says=_ending,
)


@dataclass(frozen=True, slots=True)
class Press:
    """One press as it arrived: the row, choice and question that its button was drawn for, and the form, if any."""

    step: str
    choice: str
    question: int
    form: Mapping[str, str]


def offered(run: Run, runbook: Runbook) -> tuple[Choice, ...]:
    """The buttons of this very moment, for the card and for judging a press alike."""
    if not run.is_open:
        return ()
    step = runbook.step(run.step)
    return (*_BY_PHASE.get(run.phase, _none)(run, step), _abandon(runbook, step))


def press(run: Run, runbook: Runbook, pressed: Press, person: Person, now: float) -> Change:
    """The change that the press makes. Raises NotAllowed, Stale or BadInput, and then nothing changes."""
    step = next((row for row in runbook.steps if row.key == pressed.step), None)
    if step is None:
        raise BadInput("This button belongs to no row of this runbook. Nothing was changed.")
    choice = next((item for item in offered(run, runbook) if item.key == pressed.choice), None)
    person = lent(run, person, now)
    allow(person, (choice and choice.need) or step.need)
    if choice is None or not is_asked(run, pressed.step, choice, pressed.question):
        raise Stale(already(run, pressed.step))
    form = _checked(choice, pressed.form, now)
    what, does = _ACTIONS.get(choice.key, _CHOSEN)
    change = does(run, runbook, choice, form, person, now)
    data = {"choice": choice.key, QUESTION: run.question} | ({"plan": run.proposal.hash} if run.proposal else {})
    entry = Entry(now, Who.person(person), what, run.step, _said(choice, form, person), data)
    told = _requester_told(run, runbook, change.run, choice, entry)
    made = replace(change, entries=(entry, *change.entries), tells=(*change.tells, *told))
    for key in choice.also:
        made = _further(made, runbook, key, step.need, person, now)
    return made


def _further(made: Change, runbook: Runbook, key: str, need: Need, person: Person, now: float) -> Change:
    """The choice of this key as well, at the row where the run stands now, if that asks the same people."""
    run = made.run
    step = runbook.step(run.step)
    choice = next((one for one in step.choices(run) if one.key == key), None)
    if choice is None or choice.fields or (choice.need or step.need) is not need:
        return made
    change = _choose(run, runbook, choice, {}, person, now)
    entry = Entry(now, Who.person(person), _CHOSEN[0], run.step, _said(choice, {}, person), {"choice": key})
    return Change(change.run, (*made.entries, entry, *change.entries), (*made.tells, *change.tells))


def _requester_told(run: Run, runbook: Runbook, after: Run, choice: Choice, entry: Entry) -> tuple[Tell, ...]:
    """To whoever asked for a command, or opened the run: what somebody else decided, the end of the run included."""
    asked = run.approvals[0].who if run.approvals else run.opened_by
    decided = leaves(choice) or (run.phase is Phase.WAITING and after.phase is not Phase.WAITING)
    if not decided or asked.id == entry.who.id or ":" not in asked.id:
        return ()
    what = f"{runbook.title} of {run.primary.short}, {runbook.step(run.step).title}"
    return (Tell(asked.id, f"{what}: {entry.sentence}"),)


def _said(choice: Choice, form: Mapping[str, str], person: Person) -> str:
    """What the log and the card say of it: people's own words without addresses and numbers of others."""
    return f"{person.name} {choice.said.format_map({one.key: one.says(form[one.key]) for one in choice.fields})}"


def is_asked(run: Run, step: str, choice: Choice, question: int) -> bool:
    """Whether a button with this row and question still stands for what is asked; a row may be left at any question."""
    return run.step == step and (leaves(choice) or run.question == question)


def leaves(choice: Choice) -> bool:
    """Whether it abandons the run: that is offered at every row, and answers nothing that it asks."""
    return choice.key == _ABANDON


def already(run: Run, step: str) -> str:
    """What already happened and by whom, for somebody who pressed a button of an older state."""
    record = run.record_of(step)
    if run.step == step and run.approvals and run.phase is not Phase.WAITING:
        return f"{run.approvals[-1].who.name} already approved this. Nothing was done twice."
    if run.step == step and run.approvals:
        return f"{run.approvals[-1].who.name} already asked for this. The card shows how a second person approves it."
    if record is not None:
        said = (
            record.sentence if record.sentence.startswith(record.who.name) else f"{record.who.name}: {record.sentence}"
        )
        end = "" if said.endswith((".", "!", "?")) else "."
        return f"This was already answered. {said}{end} Nothing was done twice."
    if not run.is_open:
        return f"This run has ended. {run.sentence}"
    return "This button is of an earlier state of the run. The card shows what is asked now. Nothing was changed."


def too_late(run: Run, runbook: Runbook, pressed: Press, person: Person, now: float) -> Entry | None:
    """A line for the log with what somebody wrote into a form that came too late; None where they wrote nothing."""
    step = next((row for row in runbook.steps if row.key == pressed.step), None)
    if step is None:
        return None
    known = {choice.key: choice for choice in (*step.choices(run), _abandon(runbook, step))}
    choice = known.get(pressed.choice)
    asked = {one.key for one in choice.fields if not one.options and not one.last_s} if choice else pressed.form.keys()
    wrote = [masked(" ".join(pressed.form[key].split())[:_KEPT]) for key in pressed.form if key in asked]
    if not any(wrote):
        return None
    sentence = f"{person.name} came too late, so this changed nothing: {' · '.join(filter(None, wrote))}"
    return Entry(now, Who.person(person), "late", pressed.step, sentence, {"choice": pressed.choice})


def _none(run: Run, step: Step) -> tuple[Choice, ...]:
    return ()


def _waiting(run: Run, step: Step) -> tuple[Choice, ...]:
    needed, effect = (run.proposal.needed, run.proposal.effect) if run.proposal else (1, ())
    if needed > 1 and not run.approvals:
        approve = Choice(APPROVE, "Ask for a second person", "asked for it.", style="primary")
    else:
        label = "Approve as second person" if needed > 1 else f"{step.title} now"
        means = " ".join((_runs_now(run), *effect[:1])) if step.confirmed or needed > 1 else ""
        approve = Choice(APPROVE, label, "approved it.", style="primary", confirm=means)
    return approve, *step.choices(run)


def _runs_now(run: Run) -> str:
    """What a confirmation says of the commands: their names and the pool; the card shows them to the letter."""
    names = list(dict.fromkeys(line.split()[0] for line in run.proposal.commands)) if run.proposal else []
    what = f"{', '.join(names)} runs" if len(names) == 1 else f"{', '.join(names)} run"
    return f"{what} for {run.primary.short} at once, exactly as shown."


def _asking(run: Run, step: Step) -> tuple[Choice, ...]:
    return step.choices(run)


def _stopped(run: Run, step: Step) -> tuple[Choice, ...]:
    return *step.choices(run), Choice("retry", "Try again", "asked to try again.", then=Then.AGAIN)


def _lost(run: Run, step: Step) -> tuple[Choice, ...]:
    look = Choice("look", "Look again", "asked to look again.")
    if step.again:
        # Running it again is harmless, and counting it as done would leave later rows without what it gives.
        retry = Choice("retry", "Run it again", "asked to run it again.", then=Then.AGAIN, style="primary")
        return retry, look, *step.choices(run)
    means = "The run goes on as if it had answered."
    accept = Choice("accept", "Continue: it worked", "says it worked.", confirm=means)
    rerun = Choice("retry", "Run it again", "asked to run it again.", then=Then.AGAIN)
    state = run.finding.found if run.finding else Found.UNKNOWN
    safe = {
        Found.DONE: (replace(accept, label="Go on: it worked", style="primary"), look),
        # Its own ways go on from there, so looking once more would only take their room.
        Found.NOT_DONE: (replace(rerun, style="primary"), *(step.choices(run) or (look,))),
        Found.PARTLY: (replace(rerun, style="primary"), look, *step.choices(run)),
        # A server that said no is not overruled by a word: whoever knows better looks again, or tries again.
        Found.UNKNOWN: (look, rerun, *step.choices(run)) if was_refused(run) else (look, accept, rerun),
    }
    return safe[state]


_BY_PHASE: Mapping[Phase, Callable[[Run, Step], tuple[Choice, ...]]] = {
    Phase.WAITING: _waiting,
    Phase.ASKING: _asking,
    Phase.STOPPED: _stopped,
    Phase.LOST: _lost,
}


def _abandon(runbook: Runbook, step: Step) -> Choice:
    """Whoever may answer a row may leave the run there; where that is anybody, it takes what starting one takes."""
    need = runbook.need if step.need is Need.ANYONE else None
    said = "abandoned this run: {reason}"
    return Choice(_ABANDON, "Abandon the run", said, need=need, fields=(REASON,), style="danger")


def fault_of(field: Field, text: str, now: float) -> str:
    """What is wrong with an answer, for a sentence that begins with the field; empty when it can be taken."""
    if not text:
        return "is empty. Fill it in and send the form again." if field.required else ""
    if field.options and text not in {value for value, _ in field.options}:
        return "has to be one of the answers that are offered."
    if field.last_s and (fault := _no_instant(text, now, field.last_s)):
        return fault
    if len(text) > field.max_length:
        return f"is longer than {field.max_length} characters. Shorten it."
    return field.check(text)


def _no_instant(text: str, now: float, last_s: float) -> str:
    """Why it is no instant of the last so many seconds."""
    if not _SECONDS.fullmatch(text):
        return "is no date and time. Choose both."
    if int(text) > now:
        return "is in the future. Choose a time that has passed."
    return f"is more than {last_s / _DAY_S:.0f} days ago. Choose a later time." if int(text) < now - last_s else ""


def _checked(choice: Choice, form: Mapping[str, str], now: float) -> dict[str, str]:
    said = {field.key: form.get(field.key, "").strip() for field in choice.fields}
    for field in choice.fields:
        if fault := fault_of(field, said[field.key], now):
            raise BadInput(f"“{field.label}” {fault}")
    return said


def _approve(run: Run, runbook: Runbook, choice: Choice, form: Mapping[str, str], person: Person, now: float) -> Change:
    proposal = run.proposal
    if proposal is None:
        raise Stale(already(run, run.step))
    standing = (one for one in run.approvals if one.hash == proposal.hash and counts(one, runbook, now))
    first = next(standing, None)
    allow_second(person, first.who.id if first else None)
    approvals = (*run.approvals, Approval(Who.person(person), proposal.hash, now, person.lent))
    if len(approvals) < proposal.needed:
        sentence = f"{person.name} asked for this command. A second person who holds the role has to approve it."
        # A new question: two people who press the same "Ask" must not together have approved.
        asked = replace(run, approvals=approvals, sentence=sentence, question=run.question + 1)
        return Change(replace(asked, due=now + runbook.approved_s))
    return Change(replace(run, approvals=approvals, phase=Phase.READY, due=now, tries=0))


def _retry(run: Run, runbook: Runbook, choice: Choice, form: Mapping[str, str], person: Person, now: float) -> Change:
    return Change(again(run, now))


def _look(run: Run, runbook: Runbook, choice: Choice, form: Mapping[str, str], person: Person, now: float) -> Change:
    return Change(replace(run, phase=Phase.LOOKING, due=now, finding=None))


def _accept(run: Run, runbook: Runbook, choice: Choice, form: Mapping[str, str], person: Person, now: float) -> Change:
    return accept_lost(run, runbook, now, Who.person(person))


def _leave(run: Run, runbook: Runbook, choice: Choice, form: Mapping[str, str], person: Person, now: float) -> Change:
    left = runbook.left(run)
    if left.state is not None and left.state is not run.pool_state:
        run = replace(run, pool_state=left.state, since=now)
    flying = "A command was running, and nobody waited for its answer. " if run.phase is Phase.RUNNING else ""
    became = " ".join(filter(None, (f"{flying}{left.sentence}", left.then)))
    ended = close(replace(run, carry=runbook.carry(run)), Phase.ABANDONED, became, now)
    # Who and why come first: wherever there is little room, the end is cut.
    new = replace(
        ended.run,
        sentence=f"{_said(choice, form, person)} {became}",
        left=tuple(filter(None, (*left.open, left.then))),
    )
    tells = gap(run, runbook, f"{runbook.title} of {run.primary.short} was abandoned")
    return replace(ended, run=new, tells=(*tells, *ended.tells))


def _choose(run: Run, runbook: Runbook, choice: Choice, form: Mapping[str, str], person: Person, now: float) -> Change:
    run = replace(run, facts={**run.facts, **choice.facts, **form})
    if choice.then is Then.AGAIN:
        return Change(again(run, now))
    if choice.then is Then.BACK and choice.recorded:
        said = Verdict(choice.recorded, _said(choice, form, person), back_to=choice.to)
        return send_back(run, runbook, said, now, Who.person(person), choice.afresh)
    if choice.then is Then.BACK:
        return go_back(run, runbook, choice.to, now, stays(run, runbook, choice.to, choice.afresh))
    mark = Mark.WARN if choice.undone else choice.recorded or Mark.PASS
    verdict = Verdict(mark, _said(choice, form, person), undone=choice.undone)
    if run.phase is Phase.WAITING or refused_whole(run):
        run = replace(run, proposal=None, approvals=())  # Nothing was done, so no command is recorded.
    return pass_on(run, runbook, verdict, now, Who.person(person))


Action = Callable[[Run, Runbook, Choice, Mapping[str, str], Person, float], Change]

_ACTIONS: Mapping[str, tuple[str, Action]] = {
    APPROVE: ("approved", _approve),
    "retry": ("retry", _retry),
    "look": ("look", _look),
    "accept": ("accepted", _accept),
    _ABANDON: ("left", _leave),
}
"""What the log calls a press, and what it makes of the run."""

_CHOSEN = ("chose", _choose)
