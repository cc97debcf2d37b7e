"""The runbooks: tuples of rows, by key."""

from collections.abc import Mapping

from bot.domain.runs.run import Run
from bot.domain.runs.runbook import Runbook
from bot.runbooks.adopt import ADOPT
from bot.runbooks.backup import BACKUP
from bot.runbooks.cleanup import CLEANUP
from bot.runbooks.companion import COMPANION
from bot.runbooks.failback import FAILBACK, REBUILD
from bot.runbooks.failover import FAILOVER
from bot.runbooks.import_again import IMPORT_AGAIN
from bot.runbooks.pool_level.association import ASSOCIATION
from bot.runbooks.pool_level.backup_service import BACKUP_SERVICE
from bot.runbooks.pool_level.central import CMS
from bot.runbooks.pool_level.conferences import CONFERENCES
from bot.runbooks.pool_level.federation import EDGE
from bot.runbooks.pool_level.mirror import MIRROR
from bot.runbooks.pool_level.xmpp import XMPP
from bot.runbooks.prestage import PRESTAGE
from bot.runbooks.replace import REPLACE
from bot.runbooks.undo import UNDO
from bot.runbooks.verify import VERIFY

_RECOVERY = (FAILOVER, FAILBACK, REBUILD, REPLACE, PRESTAGE, CLEANUP, IMPORT_AGAIN, UNDO, ADOPT)
_POOL_LEVEL = (CMS, EDGE, XMPP, ASSOCIATION, MIRROR, CONFERENCES, BACKUP_SERVICE)

RUNBOOKS: Mapping[str, Runbook] = {book.key: book for book in (BACKUP, *_RECOVERY, *_POOL_LEVEL, VERIFY, COMPANION)}


def knows(run: Run) -> bool:
    """Whether this version has the row at which the run stands."""
    book = RUNBOOKS.get(run.runbook)
    return book is not None and any(step.key == run.step for step in book.steps)
