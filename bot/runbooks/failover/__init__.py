"""Bringing the groups of a dead pool up on its backup pool (seeds 000 and 003; runbooks, "failover")."""

from __future__ import annotations

from bot.domain.model import PoolState
from bot.domain.runs.runbook import Runbook
from bot.runbooks import uses
from bot.runbooks.failover import backup, end, imports, move, start
from bot.runbooks.failover.facts import FACTS

FAILOVER = Runbook(
    key="failover",
    title="Failover",
    moves_pools=True,
    opens=frozenset({PoolState.ACTIVE, PoolState.OUTAGE, PoolState.FAILING_OVER, PoolState.FAILING_BACK}),
    carry=end.carry,
    left=end.left,
    facts=FACTS,
    uses=uses.FAILOVER,
    steps=(
        start.DECLARE,
        start.QUIET,
        start.ORDER,
        start.PAIR,
        start.MODE,
        backup.find_row(rehearsal=lambda: FAILOVER.numbers["rehearse"]),
        backup.CHOOSE,
        backup.CLEAR,
        imports.REHEARSE,
        *move.MOVE,
        imports.SETTINGS,
        imports.KEEP,
        imports.IMPORT,
        imports.VERIFY,
        imports.AUDIO,
        move.COMPLETE,
        end.ROUTES,
        *end.CALLS,
        end.AGENTS,
        end.DONE,
    ),
)
