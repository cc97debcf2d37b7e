"""Importing ahead, while the pool is well, so that a failover is shorter (seed 000; runbooks, "prestage")."""

from __future__ import annotations

from bot.domain.model import PoolState
from bot.domain.runs.runbook import Runbook
from bot.runbooks import uses
from bot.runbooks.failover import backup, imports
from bot.runbooks.failover.facts import FACTS
from bot.runbooks.prestage import end, source
from bot.runbooks.rows.home import home_row
from bot.runbooks.rows.replication import refused_rows

PRESTAGE = Runbook(
    key="prestage",
    title="Pre-staging",
    about="Imports a well pool's newest backup on its backup pool ahead of time.",
    holds_pools=True,
    opens=frozenset({PoolState.ACTIVE}),
    carry=end.carry,
    left=end.left,
    gap=end.gap,
    facts=FACTS,
    uses=uses.PRESTAGE,
    steps=(
        home_row(stretch="home"),
        *refused_rows("mode"),
        backup.find_row(rehearsal=lambda: PRESTAGE.numbers["rehearse"], without=False),
        source.CHOOSE,
        source.OFF_SITE,
        source.NO_PLACE,
        imports.rehearse_row(strict=True),
        backup.clear_row("From this command until the import is verified, nothing of {primary} lies on {backup}."),
        imports.SPARE.row(),
        imports.IMPORT,
        *end.VERIFIED,
        end.CALL,
        end.DONE,
    ),
)
