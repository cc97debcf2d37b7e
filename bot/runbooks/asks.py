"""Questions that several runbooks ask: test calls, pool moves done elsewhere, differences that are meant."""

from __future__ import annotations

from bot.domain.access import Need
from bot.domain.run import Phase, Run
from bot.domain.runbook import Choice, Field, Step, StepKind, Then


def accept_differences() -> Choice:
    """A way on for people who know why there is a difference; the reason stays on the card."""
    reason = Field("accepted", "Why are these differences right?", multiline=True, max_length=300)
    return Choice("accept-differences", "Accept differences", "accepted the differences: {accepted}", fields=(reason,))


def test_call(key: str, number: str, title: str, where: str, back_to: str = "") -> Step:
    """A test call recorded apart: number, who, when, heard what (runbooks: failover 13, failback 9)."""
    fields = (
        Field(f"{key}_number", "Which number or group did you call?", max_length=120),
        Field(f"{key}_heard", "What did you hear?", multiline=True, max_length=300),
    )
    worked = f"called {{{key}_number}} {where} and heard: {{{key}_heard}}"
    failed = f"called {{{key}_number}} {where} without success: {{{key}_heard}}"
    failing = Then.BACK if back_to else Then.AGAIN

    def choices(run: Run) -> tuple[Choice, ...]:
        return (
            Choice("worked", "The call worked", worked, fields=fields, style="primary"),
            Choice("failed", "The call failed", failed, fields=fields, then=failing, to=back_to),
        )

    return Step(
        key=key,
        number=number,
        title=title,
        kind=StepKind.ASK,
        need=Need.ANYONE,
        explain=lambda run: "Call an informal group first: its agents need not have signed in again.",
        choices=choices,
    )


def move_ways(run: Run) -> tuple[Choice, ...]:
    """Beside running it here: somebody else moves the pool, or has moved it (runbooks: failover 7c, failback 5)."""
    if run.phase not in (Phase.WAITING, Phase.STOPPED):
        return ()
    return (
        Choice("elsewhere", "Being done elsewhere", "says it is being done elsewhere.", {"moved": "elsewhere"}),
        Choice("moved", "It is done already", "says it is complete.", {"moved": "done"}),
    )


def completion(number: str, what: str, explain: str) -> Step:
    """The pool is moved elsewhere: the run asks again before it goes on with what needs it complete."""
    return Step(
        "complete",
        number,
        f"Complete the pool {what}",
        StepKind.ASK,
        need=Need.SERVER_ADMIN,
        skip=lambda run: None if run.fact("moved") == "elsewhere" else "Not needed: it is complete.",
        explain=lambda run: explain,
        choices=lambda run: (Choice("complete", "It is complete", f"says the {what} is complete.", style="primary"),),
    )


def once(run: Run) -> str | None:
    """A pool is moved once, also when the run comes this way again."""
    return "Done before." if run.fact("moved") else None
