"""Moving a pool once: here, elsewhere, or by somebody before us."""

from __future__ import annotations

from typing import Any

from bot.domain.access import Need
from bot.domain.runs.run import Phase, Run
from bot.domain.runs.runbook import Choice, Step
from bot.runbooks.rows.facts import MOVED

_HALF_WAY = (
    "The pool may be half-way: a refusal does not say that nothing was moved. "
    "See on the server where its users are before you run the command again."
)


def move_row(**rest: Any) -> Step:
    """Moves the pool by one command, which one person approves; nothing can be read that would tell whether it ran."""
    return Step(
        need=Need.SERVER_ADMIN,
        skip=lambda run: "Done before." if MOVED.of(run) else None,  # Also when the run comes this way again.
        accepted=MOVED.to("here"),
        choices=_ways,
        approvals=lambda run: 1,
        half_way=_HALF_WAY,
        **rest,
    )


def _ways(run: Run) -> tuple[Choice, ...]:
    """Beside running it here: somebody else moves the pool, or has moved it (runbooks: failover 7c, failback 5)."""
    if run.phase not in (Phase.WAITING, Phase.STOPPED):
        return ()
    return (
        Choice("elsewhere", "Being done elsewhere", "says it is being done elsewhere.", MOVED.to("elsewhere")),
        Choice("moved", "It is done already", "says it is complete.", MOVED.to("done")),
    )


def completion_row(what: str, explain: str, *, stretch: str) -> Step:
    """The pool is moved elsewhere: the run asks again before it goes on with what needs it complete."""
    return Step(
        key="complete",
        stretch=stretch,
        title=f"Complete the pool {what}",
        asks=True,
        need=Need.SERVER_ADMIN,
        skip=lambda run: None if MOVED.of(run) == "elsewhere" else "Not needed: it is complete.",
        explain=lambda run: explain,
        choices=lambda run: (Choice("complete", "It is complete", f"says the {what} is complete.", style="primary"),),
    )
