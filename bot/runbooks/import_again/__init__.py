"""Importing and verifying again on the backup pool, after the pool was moved (runbooks, "failover", rows 7 to 13)."""

from __future__ import annotations

from collections.abc import Sequence

from bot.domain.model import Mark, PoolState, Verdict
from bot.domain.runs.acts import Seen
from bot.domain.runs.run import Run, Tell, partner
from bot.domain.runs.runbook import Runbook, Step
from bot.runbooks import uses
from bot.runbooks.failover import backup, end, imports
from bot.runbooks.failover.facts import FACTS
from bot.runbooks.rows.copies import carried
from bot.runbooks.rows.facts import SILENT
from bot.runbooks.rows.people import read_answers, said_silent, silent
from bot.runbooks.rows.replication import replication_rows


def _done(run: Run, quiet: Sequence[str]) -> str:
    arrived = f"The groups of {run.primary.short} are on {partner(run).short}, and verified. Test calls are next."
    return " ".join(filter(None, (arrived, said_silent(quiet))))


def _judge_done(run: Run, seen: Seen) -> Verdict:
    quiet = silent(run, seen)
    return Verdict(Mark.WARN if quiet else Mark.PASS, _done(run, quiet), facts=SILENT.to(list(quiet)))


def _tell_done(run: Run) -> tuple[Tell, ...]:
    return (Tell("notifications", _done(run, SILENT.of(run))),)


DONE = Step(
    key="done",
    stretch="done",
    title="Done",
    reads=read_answers,
    judge=_judge_done,
    tells=_tell_done,
)

IMPORT_AGAIN = Runbook(
    key="import-again",
    title="Import again",
    about="Imports a failed-over pool's groups on its backup pool, or verifies them again.",
    holds_pools=True,
    paired=True,
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
