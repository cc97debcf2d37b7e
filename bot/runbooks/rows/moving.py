"""Moving a pool once: here, elsewhere, or by somebody before us."""

from __future__ import annotations

from bot.domain.access import Need
from bot.domain.runs.run import Phase, Run
from bot.domain.runs.runbook import Choice, Step, StepKind


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
