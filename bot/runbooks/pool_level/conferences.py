"""Contents of conferences are brought home to a pool that lost them, or was failed back (facts: recovery, 9)."""

from __future__ import annotations

from bot.domain.runs.runbook import Runbook
from bot.runbooks import uses
from bot.runbooks.pool_level.ends import left
from bot.runbooks.pool_level.facts import FACTS
from bot.runbooks.rows.conferences import conference_rows

CONFERENCES = Runbook(
    key="conferences",
    title="Return of conference contents",
    about="Brings a pool's conference contents home from its backup pool.",
    paired=True,
    alone=True,
    left=left,
    facts=FACTS,
    uses=uses.CONFERENCES,
    steps=conference_rows(stretch="conferences"),
)
