"""Central Management by itself: from this pool to its backup pool, planned or in a disaster, and so back (R2, 1-5f)."""

from __future__ import annotations

from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Seen
from bot.domain.runs.run import Run, partner
from bot.domain.runs.runbook import Runbook, Step
from bot.runbooks import uses
from bot.runbooks.pool_level.ends import left
from bot.runbooks.pool_level.facts import FACTS
from bot.runbooks.rows.central import central_rows, stayed
from bot.runbooks.rows.facts import CMS_NEED
from bot.runbooks.rows.locations import location_rows


def _judge_done(run: Run, seen: Seen) -> Verdict:
    if not CMS_NEED.of(run):
        return Verdict(Mark.PASS, f"Central Management was not moved from {run.primary.short}.")
    said = (
        f"Central Management is on {partner(run).short} now, and may stay there. "
        f"`/rgs start cms {partner(run).short}` moves it back."
    )
    return Verdict(Mark.PASS, said)


DONE = Step(key="done", stretch="done", title="Done", judge=_judge_done)

CMS = Runbook(
    key="cms",
    title="Move of Central Management",
    about="Moves Central Management from a pool to its backup pool.",
    paired=True,
    alone=True,
    left=left,
    facts=FACTS,
    uses=uses.CMS,
    steps=(
        *central_rows(stretch="central", source=lambda run: run.primary, target=partner),
        *location_rows(serving=partner, stretch="locations", skip=stayed),
        DONE,
    ),
)
