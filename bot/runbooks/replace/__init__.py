"""A pool with a new name takes the place of one that is lost for good (facts: recovery §10; seeds 000, 001)."""

from __future__ import annotations

from bot.domain.access import Need
from bot.domain.model import PoolState
from bot.domain.runs.run import home, replacement
from bot.domain.runs.runbook import Runbook, unless
from bot.runbooks import uses
from bot.runbooks.failback import arrival, export
from bot.runbooks.failback import start as freeze
from bot.runbooks.failback.end import ASK_AGENTS
from bot.runbooks.replace import end, pair, procedure, start
from bot.runbooks.replace.facts import FACTS
from bot.runbooks.rows import settings
from bot.runbooks.rows.companions import lost_location_rows
from bot.runbooks.rows.replication import replication_rows

_GROUPS = (
    export.NAMES,
    export.NAMES_READ,
    export.EXPORT,
    settings.choice_row("import", of=home, skip=lambda run: None),
    arrival.IMPORT,
    arrival.VERIFY,
    ASK_AGENTS,
    arrival.AUDIO,
    *settings.by_hand_rows("verify", of=home, skip=lambda run: None),
)
"""As a pool that was rebuilt gets them (seed 000)."""

REPLACE = Runbook(
    key="replace",
    title="Replacement",
    about="Builds a pool with a new name in the place of one that is lost for good, and brings everything there.",
    need=Need.SERVER_ADMIN,
    holds_pools=True,
    replaces=True,
    opens=frozenset({PoolState.FAILED_OVER, PoolState.REPLACING}),
    carry=end.carry,
    left=end.left,
    facts=FACTS,
    uses=uses.REPLACE,
    steps=(
        start.READY,
        freeze.FREEZE,
        *replication_rows("mode"),
        *(unless(end.started, step) for step in start.BUILT),
        *lost_location_rows(serving=replacement, stretch="locations"),
        *(unless(end.started, step) for step in procedure.ROWS),
        *(unless(end.arrived, step) for step in _GROUPS),
        end.ROUTES,
        *end.CALLS,
        end.AGENTS,
        unless(end.arrived, end.REMOVE),
        pair.COMPANIONS,
        *pair.ANNOUNCEMENTS.rows(),
        *pair.ROWS,
        *pair.SYNC,
        *pair.BRANCHES,
        end.DONE,
    ),
)
