"""Importing and verifying again on the backup pool, after the pool was moved (runbooks, "failover", rows 7 to 13)."""

from __future__ import annotations

from bot.domain.model import PoolState
from bot.domain.runs.run import Run, partner
from bot.domain.runs.runbook import Runbook, Step
from bot.runbooks import uses
from bot.runbooks.failover import backup, end, imports
from bot.runbooks.failover.facts import FACTS
from bot.runbooks.rows.copies import carried
from bot.runbooks.rows.ending import ended, ended_tell
from bot.runbooks.rows.people import read_answers
from bot.runbooks.rows.replication import replication_rows


def _done(run: Run) -> str:
    return f"The groups of {run.primary.short} are on {partner(run).short}, and verified. Test calls are next."


DONE = Step(
    key="done",
    stretch="done",
    title="Done",
    reads=read_answers,
    judge=lambda run, seen: ended(run, seen, _done(run)),
    tells=lambda run: (ended_tell(run, _done(run)),),
)

IMPORT_AGAIN = Runbook(
    key="import-again",
    title="Import again",
    about="Imports a failed-over pool's groups on its backup pool, or verifies them again.",
    holds_pools=True,
    opens=frozenset({PoolState.FAILED_OVER}),
    carry=lambda run: carried(run, end.carry_imports(run)),
    left=end.left_away,
    facts=FACTS,
    uses=uses.IMPORT_AGAIN,
    steps=(
        backup.find_row(rehearsal=lambda: IMPORT_AGAIN.numbers["rehearse"], without=False),
        backup.CHOOSE,
        *replication_rows("mode"),
        imports.REHEARSE,
        imports.SETTINGS,
        imports.KEEP,
        backup.CLEAR,
        imports.SPARE.row(),
        imports.IMPORT,
        imports.VERIFY,
        end.ASK_AGENTS,
        imports.AUDIO,
        end.AGENTS,
        DONE,
    ),
)
