"""Bringing the groups home to their pool, old or rebuilt, without losing an edit (seeds 000 and 003; "failback")."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.model import PoolState
from bot.domain.runs.run import home, partner
from bot.domain.runs.runbook import Runbook
from bot.runbooks import uses
from bot.runbooks.failback import arrival, changes, end, export, extras, lost, move, start
from bot.runbooks.failback.facts import FACTS, LOST
from bot.runbooks.rows import settings
from bot.runbooks.rows.edges import edge_first_rows
from bot.runbooks.rows.hops import hop_rows
from bot.runbooks.rows.replication import replication_rows

FAILBACK = Runbook(
    key="failback",
    title="Failback",
    about="Brings users and groups home from the backup pool.",
    holds_pools=True,
    opens=frozenset({PoolState.FAILED_OVER, PoolState.FAILING_BACK}),
    carry=end.carry,
    left=end.left,
    facts=FACTS,
    uses=uses.FAILBACK,
    steps=(
        start.BACK,
        lost.ANSWERS,
        start.FREEZE,
        *replication_rows("mode", asked=lambda run: home(run) if LOST.of(run) else partner(run)),
        export.NAMES,
        export.NAMES_READ,
        export.EXPORT,
        lost.LAST,
        changes.CHANGES,
        changes.DECIDE,
        *edge_first_rows("edge"),
        *end.LOCATIONS,
        *move.MOVE,
        move.REREAD,
        settings.choice_row("import", of=home, skip=start.not_rebuilt, imports=arrival.is_imported),
        arrival.SPARE.row(),
        arrival.IMPORT,
        arrival.REPLICAS,
        arrival.VERIFY,
        end.ASK_AGENTS,
        extras.EXTRAS,
        arrival.AUDIO,
        *settings.by_hand_rows("verify", of=home, skip=start.not_rebuilt),
        *end.CONTENTS,
        end.COMPANIONS,
        *hop_rows(stretch="edge-back", source=partner, target=home),
        end.ROUTES,
        *end.CALLS,
        end.AGENTS,
        *end.SYNC,
        end.CLEANUP,
        end.REMOVE,
        end.DONE,
    ),
)

REBUILD = replace(
    FAILBACK,
    key=start.REBUILD,
    title="Rebuild",
    about="Brings users and groups home to a pool that was built again, with the same name and an empty database.",
    uses=uses.FAILBACK,
)
"""The same rows: what an empty pool needs more, a failback to a pool that turns out to be one has as well."""
