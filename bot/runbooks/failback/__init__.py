"""Bringing the groups home to their pool without losing an edit (seeds 000 and 003; runbooks, "failback")."""

from __future__ import annotations

from bot.domain.model import PoolState
from bot.domain.runs.runbook import Runbook
from bot.runbooks import uses
from bot.runbooks.failback import end, export, home, move, start
from bot.runbooks.failback.facts import FACTS

FAILBACK = Runbook(
    key="failback",
    title="Failback",
    moves_pools=True,
    opens=frozenset({PoolState.FAILED_OVER, PoolState.FAILING_BACK}),
    carry=end.carry,
    left=end.left,
    facts=FACTS,
    uses=uses.FAILBACK,
    steps=(
        start.BACK,
        start.REBUILD,
        start.FREEZE,
        export.NAMES,
        export.EXPORT,
        export.CHANGES,
        *move.MOVE,
        move.COMPLETE,
        move.REREAD,
        home.IMPORT,
        home.verified_row(changes=lambda: FAILBACK.numbers["changes"]),
        home.EXTRAS,
        home.AUDIO,
        end.ROUTES,
        *end.CALLS,
        end.AGENTS,
        end.CLEANUP,
        end.REMOVE,
        end.DONE,
    ),
)
