"""Contents of conferences go home by the Backup Service: a must after every failback (runbooks: failback 10; R9)."""

from __future__ import annotations

from collections.abc import Callable

from bot.domain.deployment.world import CONFERENCES
from bot.domain.model import Pool
from bot.domain.runs.run import Run, partner
from bot.domain.runs.runbook import Step
from bot.runbooks.rows.syncing import sync_rows


def conference_rows(
    *,
    stretch: str,
    source: Callable[[Run], Pool] = partner,
    skip: Callable[[Run], str | None] = lambda run: None,
) -> tuple[Step, Step]:
    """What `source` has goes to the pool with which it is paired; then its module is waited for."""
    return sync_rows(
        key="conferences",
        stretch=stretch,
        title="Bring the contents of conferences over",
        of=source,
        module=CONFERENCES,
        effect=lambda run: f"Contents of conferences go from {source(run).short} to its pair. Large ones take long.",
        skip=skip,
    )
