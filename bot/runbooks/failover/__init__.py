"""Bringing the groups of a dead pool up on its backup pool (seeds 000 and 003; runbooks, "failover")."""

from __future__ import annotations

from bot.domain.model import PoolState
from bot.domain.runs.run import partner
from bot.domain.runs.runbook import Runbook
from bot.runbooks import uses
from bot.runbooks.failover import backup, end, imports, move, outage, planned, start
from bot.runbooks.failover.facts import FACTS
from bot.runbooks.rows.central import central_rows, stayed
from bot.runbooks.rows.hops import hop_rows
from bot.runbooks.rows.locations import location_rows
from bot.runbooks.rows.replication import replication_rows

FAILOVER = Runbook(
    key="failover",
    title="Failover",
    about="Moves a dead pool's users and groups to its backup pool.",
    holds_pools=True,
    opens=frozenset({PoolState.ACTIVE, PoolState.OUTAGE, PoolState.FAILING_OVER, PoolState.FAILING_BACK}),
    barred=start.barred,
    carry=end.carry,
    left=end.left,
    facts=FACTS,
    uses=uses.FAILOVER,
    steps=(
        outage.DECLARE,
        outage.ANSWERS,
        outage.DOUBT,
        outage.QUIET,
        start.ORDER,
        start.PAIR,
        planned.EXPORT,
        planned.SERVICE,
        *central_rows(stretch="central", source=lambda run: run.primary, target=partner),
        *location_rows(serving=partner, stretch="central", skip=stayed),
        *hop_rows(stretch="hops", source=lambda run: run.primary, target=partner),
        *move.MOVE,
        backup.find_row(rehearsal=lambda: FAILOVER.numbers["rehearse"]),
        backup.CHOOSE,
        *replication_rows("mode"),
        imports.REHEARSE,
        imports.SETTINGS,
        imports.KEEP,
        backup.CLEAR,
        imports.SPARE.row(),
        imports.IMPORT,
        imports.VERIFY,
        end.ASK_AGENTS,
        imports.AUDIO,
        end.COMPANIONS,
        end.ROUTES,
        *end.CALLS,
        end.AGENTS,
        end.DONE,
    ),
)
