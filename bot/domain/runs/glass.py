"""Break-glass: two people go on with one run while the directory that knows who holds which role is down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from bot.domain.access import Need, allow
from bot.domain.errors import BadInput, NotAllowed
from bot.domain.measures import lasted
from bot.domain.model import BOT, Person, Role, Standing, Who
from bot.domain.runs.run import FOR_PEOPLE, Approval, Change, Entry, Glass, Run, Tell

SILENT_S = 120.0
"""No controller of the directory has answered for so long before anybody may ask."""

ASKED_S = 600.0
"""Whoever asks waits for so long for a second person."""

OPEN_S = 7200.0
"""For so long the two hold both roles in the run."""


STARTED = "failover"
"""The only runbook that may be started while nobody can tell who holds a role: what nobody starts, nobody opens."""


@dataclass(frozen=True, slots=True)
class BreakGlass:
    """The ids (`T…:U…`) of all who may ask for it or open it, and how many seconds no controller has answered."""

    people: frozenset[str] = frozenset()
    silent_s: Callable[[], float] = lambda: 0.0


NEVER = BreakGlass()


def is_open(run: Run, now: float) -> bool:
    glass = run.glass
    return glass is not None and glass.opened is not None and not glass.ended and abs(now - glass.opened_at) < OPEN_S


def starting(person: Person, runbook: str, rules: BreakGlass) -> Person:
    """Whoever starts a run, with both roles for just that if they are of the list and the directory is silent.

    Starting one sends nothing. Each row of it takes a role as ever, so two people have to open break-glass there.
    """
    silent = person.standing is Standing.MEMBER and person.roles is None and rules.silent_s() >= SILENT_S
    if runbook != STARTED or not silent or person.id not in rules.people:
        return person
    return replace(person, roles=frozenset(Role), doubt="", lent=True)


def lent(run: Run, person: Person, now: float) -> Person:
    """The person as this run takes them: with both roles if they are one of the two; only full members ever are.

    Of somebody whose own roles are known nothing is lent: the directory has answered, even if nobody has noticed yet.
    """
    silent = person.standing is Standing.MEMBER and person.roles is None
    if not silent or not is_open(run, now) or person.id not in _two(run):
        return person
    return replace(person, roles=frozenset(Role), doubt="", lent=True)


def strike(run: Run, person: Person, rules: BreakGlass, reason: str, now: float) -> Change:
    """Asks for break-glass, or opens it as the second person. Raises NotAllowed or BadInput: then nothing changes."""
    allow(person, Need.ANYONE)
    if person.id not in rules.people:
        raise NotAllowed(
            "Only the people who are named for break-glass can do this. Nothing was changed.",
            "only the people who are named for break-glass can do this.",
        )
    _refuse_unfit(run, rules.silent_s(), now)
    if person.roles is not None:
        raise BadInput(
            "It is known which roles you hold, so break-glass gives you none; `/rgs whoami` shows yours. "
            "Nothing was changed."
        )
    glass, who = run.glass, Who.person(person)
    if glass is None or glass.opened or abs(now - glass.asked_at) > ASKED_S:
        return _asked(run, who, reason, now)
    if glass.asked.id == person.id:
        raise NotAllowed(
            "You asked for this yourself. Another person of the list has to open it. Nothing was changed.",
            "they asked for this themselves, so another person of the list has to open it.",
        )
    return _opened(run, glass, who, now)


def void(run: Run, approvals: tuple[Approval, ...], now: float) -> str:
    """Why approvals that were given under break-glass count no longer, as a sentence; "" while they do."""
    if is_open(run, now) or not any(approval.lent for approval in approvals):
        return ""
    return "Break-glass has ended, so what was approved under it does not count. It asks again."


def ended(run: Run, why: str, now: float) -> Change | None:
    """The end of an open break-glass, because of `why`, or because its time is over; None where none is to end.

    What was approved under it is asked once more. While the run is at work nothing is written over its worker's head:
    a command that is not sent yet is then held back by `void`.
    """
    glass = run.glass
    if glass is None or glass.opened is None or glass.ended or run.phase not in FOR_PEOPLE:
        return None
    if not why and is_open(run, now):
        return None
    sentence = (
        f"{why or f'{lasted(OPEN_S)} are over.'} Break-glass has ended. What was approved under it is asked again."
    )
    closed = replace(_returned(run), glass=replace(glass, ended=True))
    return _told(closed, BOT, "break-glass ended", sentence, now)


def _refuse_unfit(run: Run, silent_s: float, now: float) -> None:
    if run.phase not in FOR_PEOPLE:
        raise BadInput("This run asks nobody now, so there is nothing to open it for. Nothing was changed.")
    if silent_s < SILENT_S:
        raise BadInput(
            f"The directory answered {lasted(silent_s)} ago, so roles come from there. Break-glass is for when it has "
            f"been silent for {lasted(SILENT_S)}. Nothing was changed."
        )
    if is_open(run, now) and run.glass is not None:
        left = lasted(OPEN_S - (now - run.glass.opened_at))
        raise BadInput(f"It is open already, for {left} more. Press the buttons on the card.")


def _asked(run: Run, who: Who, reason: str, now: float) -> Change:
    if not reason:
        raise BadInput(f"Say why: `/rgs break-glass {run.id} <reason>`. Nothing was changed.")
    sentence = (
        f"{who.name} asks for break-glass in {run.id}, because the directory does not answer: {reason}. "
        f"A second person of the list types `/rgs break-glass {run.id}` within {lasted(ASKED_S)}."
    )
    # One before it may be over without having been ended yet.
    asked = replace(_returned(run), glass=Glass(reason, who, now))
    return _told(asked, who, "break-glass asked", sentence, now)


def _opened(run: Run, glass: Glass, who: Who, now: float) -> Change:
    sentence = (
        f"BREAK-GLASS is open in {run.id}: {glass.asked.name} and {who.name} hold both roles there for "
        f"{lasted(OPEN_S)}, or until the directory answers. Reason: {glass.reason}."
    )
    opened = replace(run, glass=replace(glass, opened=who, opened_at=now))
    return _told(opened, who, "break-glass opened", sentence, now)


def _returned(run: Run) -> Run:
    """The run without what was approved by lent roles; what it asks is another question then."""
    kept = tuple(approval for approval in run.approvals if not approval.lent)
    return replace(run, approvals=kept, question=run.question + (len(kept) < len(run.approvals)))


def _two(run: Run) -> tuple[str, ...]:
    glass = run.glass
    return (glass.asked.id, glass.opened.id) if glass and glass.opened else ()


def _told(run: Run, who: Who, what: str, sentence: str, now: float) -> Change:
    """In the audit log, and loud in the channel where the card is: a thread is read by those who follow it only."""
    return Change(run, (Entry(now, who, what, run.step, sentence),), (Tell("channel", sentence, loud=True),))
