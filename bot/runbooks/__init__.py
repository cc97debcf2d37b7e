"""The runbooks: tuples of rows, by key."""

from collections.abc import Mapping

from bot.domain.runs.run import Run
from bot.domain.runs.runbook import Runbook
from bot.runbooks.backup import BACKUP
from bot.runbooks.companion import COMPANION
from bot.runbooks.failback import FAILBACK
from bot.runbooks.failover import FAILOVER
from bot.runbooks.verify import VERIFY

RUNBOOKS: Mapping[str, Runbook] = {book.key: book for book in (BACKUP, FAILOVER, FAILBACK, VERIFY, COMPANION)}


def knows(run: Run) -> bool:
    """Whether this version has the row at which the run stands."""
    book = RUNBOOKS.get(run.runbook)
    return book is not None and any(step.key == run.step for step in book.steps)
