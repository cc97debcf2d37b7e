"""What the rows of several runbooks leave for later rows, and what a failover carries over to whatever comes next."""

from __future__ import annotations

from bot.domain.runs.facts import BEFORE, Fact, T, declared
from bot.domain.runs.run import Run

MOVED = Fact("moved", str | None, None)
"""How the pool was moved: "here", "done" by somebody before us, or "elsewhere", which has to be completed."""
FORMAL = Fact("formal", list, ())
ACCEPTED = Fact("accepted", str, "")
INSIDE_NUMBER, INSIDE_HEARD = Fact("inside_number", str, ""), Fact("inside_heard", str, "")
OUTSIDE_NUMBER, OUTSIDE_HEARD = Fact("outside_number", str, ""), Fact("outside_heard", str, "")

FACTS = declared(vars())

IMPORTED_BACKUP = Fact("backup", str, "")
REPLACED = Fact("replaced", bool, False)
RESOLVED = Fact("resolved", bool, False)
FAILOVER_RUN = Fact("failover", str, "")
WAS_IMPORTED = Fact("imported", bool, False)
OWN_SETTINGS = Fact("own", str, "")

CARRIED = (IMPORTED_BACKUP, REPLACED, RESOLVED, FAILOVER_RUN, WAS_IMPORTED, OWN_SETTINGS)
"""Not facts of the run itself: they stand with the pool, and the next run finds them in what was before."""


def before(run: Run, fact: Fact[T]) -> T:
    """What the last runbook that moved the pool carried over to this one."""
    return fact.among(BEFORE.of(run))
