"""Removing a pool's copies from its backup pool, once nobody needs them there (runbooks, "failback", row 13)."""

from __future__ import annotations

from bot.domain.model import PoolState
from bot.domain.runs.runbook import Runbook
from bot.runbooks import uses
from bot.runbooks.cleanup import rows
from bot.runbooks.cleanup.facts import FACTS
from bot.runbooks.rows.home import home_row
from bot.runbooks.rows.replication import refused_rows

CLEANUP = Runbook(
    key="clean-up",
    title="Clean-up",
    about="Removes a well pool's copies from its backup pool.",
    holds_pools=True,
    opens=frozenset({PoolState.ACTIVE}),
    carry=rows.carry,
    left=rows.left,
    facts=FACTS,
    uses=uses.CLEANUP,
    steps=(home_row(stretch="home"), *refused_rows("mode"), rows.COMPARE, rows.REMOVE, rows.DONE),
)
