"""Giving the backup pool its own application-level settings back, which a failover replaced (runbooks, "undo")."""

from __future__ import annotations

from bot.domain.model import PoolState
from bot.domain.runs.runbook import Runbook
from bot.runbooks import uses
from bot.runbooks.undo import rows
from bot.runbooks.undo.facts import FACTS

UNDO = Runbook(
    key="undo",
    title="Undo of settings",
    about="Gives the backup pool its own settings back, which a failover replaced.",
    holds_pools=True,
    opens=frozenset({PoolState.ACTIVE}),
    carry=rows.carry,
    left=rows.left,
    facts=FACTS,
    uses=uses.UNDO,
    steps=(rows.KEPT, rows.SET, rows.MUSIC, rows.CHECK, rows.DONE),
)
