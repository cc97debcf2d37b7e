"""A run as people see it: rows with their marks, what is next, who may press, the exact command."""

from __future__ import annotations

from dataclasses import dataclass

from bot.domain.access import Need
from bot.domain.model import Who
from bot.domain.runs.prerequisites import Check, checks
from bot.domain.runs.press import offered
from bot.domain.runs.run import FOR_PEOPLE, Found, Phase, Run, was_refused
from bot.domain.runs.runbook import Choice, Runbook, Step


@dataclass(frozen=True, slots=True)
class Line:
    """One row: `mark` is "pass", "warn", "stop", "skipped", "now" or "" for what is still to come.

    `approved` are the people who approved its commands.
    `falls_away`: as things stand, a row to come will not be needed. `stays`: it is not done again, though a row before
    it was opened again.
    """

    step: str
    number: str
    title: str
    mark: str
    sentence: str = ""
    who: Who | None = None
    at: float = 0.0
    falls_away: bool = False
    approved: tuple[Who, ...] = ()
    stays: bool = False


@dataclass(frozen=True, slots=True)
class RunView:
    """Everything a card shows.

    `state` is one sentence about where the run stands, as those read it whom it waits for; `stands` is the same for
    everybody else. `checks` are the prerequisites of the row, while people may act on it. `commands` are the exact
    lines that run next, `effect` what is
    predicted of them. `need` says who may press; `buttons` are empty while the engine works and when the run has ended,
    except for abandoning. `has_detail`: the server's own text is kept for holders of the role. `said` is what the
    server said last of a command that runs, in its own language. `still_open` is what a run that came to its end left
    to people, `lasted` for how long the same command was under way in earlier runs, in seconds, newest first.
    """

    run: Run
    title: str
    state: str
    stands: str
    lines: tuple[Line, ...]
    now: Line | None
    explain: str
    details: tuple[str, ...]
    commands: tuple[str, ...]
    effect: tuple[str, ...]
    need: Need
    buttons: tuple[Choice, ...]
    waits_for_people: bool
    has_detail: bool
    said: str = ""
    still_open: tuple[str, ...] = ()
    lasted: tuple[int, ...] = ()
    checks: tuple[Check, ...] = ()


_TO_YOU = {Phase.WAITING: "Waiting for your approval: {asked}", Phase.ASKING: "Waiting for you: {asked}"}
_TO_OTHERS = {Phase.WAITING: "Waiting for approval: {asked}", Phase.ASKING: "Waiting for an answer: {asked}"}
_STATES = {
    Phase.READY: "Working: {title}",
    Phase.READING: "Working: {title}",
    Phase.RUNNING: "Running: {title}",
    Phase.LOOKING: "No answer came to the command. Switchback looks at the pool before anything else is sent.",
    Phase.STOPPED: "Stopped: {title}",
    Phase.DONE: "Done.",
    Phase.ABANDONED: "Abandoned.",
    Phase.SUPERSEDED: "Ended by an outage.",
}
_REFUSED = "The server refused the command. Switchback looks at the pool: a part of it may be done."
_AFTER = {
    False: {
        Found.DONE: "No answer came to the command, but it worked.",
        Found.NOT_DONE: "No answer came to the command. It changed nothing.",
        Found.PARTLY: "No answer came to the command. It did a part only.",
        Found.UNKNOWN: "No answer came to the command. Nobody knows what it did.",
    },
    True: {
        Found.DONE: "The server refused the command, but what it should do is done.",
        Found.NOT_DONE: "The server refused the command. Nothing was changed.",
        Found.PARTLY: "The server refused the command after a part was done.",
        Found.UNKNOWN: "The server refused the command. Nobody knows whether a part was done.",
    },
}
"""Of a command whose work was in doubt, what the look came to: without an answer, and after a refusal."""


def view_of(run: Run, runbook: Runbook, said: str = "") -> RunView:
    """The view of this very moment; pure, so the same run always looks the same.

    `said` is what a server said last of this attempt.
    """
    step = runbook.step(run.step)
    lines = tuple(_line(run, row, runbook.numbers[row.key]) for row in runbook.steps)
    shows_plan = run.proposal is not None and run.phase in (Phase.WAITING, Phase.RUNNING, Phase.LOOKING, Phase.LOST)
    proposal = run.proposal if shows_plan else None
    return RunView(
        run=run,
        title=f"{runbook.title} of {run.primary.short}",
        state=_state(run, step, _TO_YOU),
        stands=_state(run, step, _TO_OTHERS),
        lines=lines,
        now=next((line for line in lines if line.mark == "now"), None),
        explain=step.explain(run) if run.is_open else "",
        details=run.details if run.is_open else (),
        commands=proposal.commands if proposal else (),
        effect=proposal.effect if proposal and run.phase in _AHEAD else (),
        need=step.need,
        buttons=offered(run, runbook),
        waits_for_people=run.phase in FOR_PEOPLE,
        has_detail=bool(run.detail),
        said=said if run.phase is Phase.RUNNING else "",
        still_open=still_open(run),
        checks=tuple(checks(run, step.prerequisites(run))) if run.phase in _BEFORE else (),
    )


_BEFORE = frozenset({Phase.WAITING, Phase.ASKING, Phase.STOPPED})
"""While it is people's turn, and nothing that they approved is under way or in doubt."""

_AHEAD = frozenset({Phase.WAITING, Phase.RUNNING})
"""While a command has still to come to its end; later, what was predicted of it is stale."""


def _state(run: Run, step: Step, waiting: dict[Phase, str]) -> str:
    if run.phase is Phase.LOST:
        return _AFTER[was_refused(run)][run.finding.found if run.finding else Found.UNKNOWN]
    if was_refused(run):
        return _REFUSED
    title = step.title if step.title.endswith("?") else f"{step.title}."
    return (waiting | _STATES)[run.phase].format(title=title, asked=f"{title[0].lower()}{title[1:]}")


def still_open(run: Run) -> tuple[str, ...]:
    """What the last row left to people."""
    return run.records[-1].details if run.phase is Phase.DONE and run.records else ()


def _line(run: Run, step: Step, number: str) -> Line:
    if run.is_open and step.key == run.step:
        return Line(step.key, number, step.title, "now", run.sentence)
    record = run.record_of(step.key)
    if record is None:
        return Line(step.key, number, step.title, "", falls_away=step.skip(run) is not None)
    return Line(
        step.key,
        number,
        step.title,
        record.mark,
        record.sentence,
        record.who,
        record.at,
        approved=record.approved,
        stays=step.key in run.settled,
    )
