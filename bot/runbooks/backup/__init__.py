"""The daily export of one pool, read back and compared before it counts (seeds 000, 001, 003 step 2)."""

from __future__ import annotations

from bot.domain.runs.runbook import Left, Runbook
from bot.runbooks import uses
from bot.runbooks.backup import export, keeping, origin, told
from bot.runbooks.backup.facts import FACTS

BACKUP = Runbook(
    key="backup",
    about="Exports the groups of a pool, and proves that they can be restored.",
    title="Backup",
    quiet=True,
    scheduled=True,
    routine=True,
    left=lambda run: Left("Nothing was changed on the pool, and older backups stay as they are."),
    facts=FACTS,
    uses=uses.BACKUP,
    steps=(
        origin.ANSWERS,
        export.EXPORT,
        export.FETCH,
        export.OWNERS,
        export.LIVE,
        export.AUDIT,
        keeping.REHEARSE,
        keeping.SIZE,
        keeping.STORE,
        keeping.SMALL,
        keeping.WHOLE,
        told.TOLD,
    ),
)
