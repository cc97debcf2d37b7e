"""A planned move exports the pool first, while it still can; that never stops the move by itself (failover 3p)."""

from __future__ import annotations

from bot.domain.access import Need
from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.readings import modules
from bot.domain.errors import DriverError
from bot.domain.groups.groups import counted
from bot.domain.model import Mark, Undone, Verdict
from bot.domain.runs.acts import Acts, Attempt, Invoke, Seen
from bot.domain.runs.run import Phase, Run
from bot.domain.runs.runbook import Choice, Step
from bot.runbooks.failover.facts import MODE
from bot.runbooks.rows.exporting import export_row, exported, strangers

_WITHOUT = Choice(
    "without-export",
    "Go on without it",
    "goes on without it.",
    need=Need.SERVER_ADMIN,
    confirm="Edits since the last backup may be lost.",
    undone=Undone.NOT_DONE,
)


def _skip(run: Run) -> str | None:
    return None if MODE.of(run) == "planned" else "Skipped: it is a disaster."


def _offer(run: Run) -> tuple[Choice, ...]:
    """An export whose outcome nobody knows holds up the move as little as one that failed."""
    return (_WITHOUT,) if run.phase in (Phase.STOPPED, Phase.LOST) else ()


def _judge_export(run: Run, seen: Seen) -> Verdict:
    found = exported(seen)
    if foreign := tuple(strangers(found, run.primary)):
        return Verdict(Mark.STOP, f"The export holds objects that {run.primary.short} does not own.", foreign)
    return Verdict(Mark.PASS, f"Exported and kept just now: {counted(found.counts())}.")


EXPORT = export_row(
    key="planned",
    stretch="pair",
    title="Export the pool before the move",
    skip=_skip,
    source=lambda run: run.primary,
    owner=lambda run: run.primary,
    because=lambda run: f"what {run.primary.short} held right before its planned failover",
    judge=_judge_export,
    choices=_offer,
)


def _read_service(run: Run) -> Acts:
    where = run.primary.fqdn
    return {"service": Attempt(Invoke(where, cmdlet("Get-CsBackupServiceStatus", PoolFqdn=where)))}


def _judge_service(run: Run, seen: Seen) -> Verdict:
    """Before a planned move everything has to be on the other side (facts: recovery §11)."""
    status = seen["service"]
    if isinstance(status, DriverError):
        return Verdict(
            Mark.STOP, "The state of the Backup Service could not be read. Users' latest data may be missing."
        )
    if behind := tuple(f"{one.words}." for one in modules(status) if not one.is_well):
        return Verdict(Mark.STOP, "The Backup Service has not caught up. Wait, then try again.", behind)
    return Verdict(Mark.PASS, "The Backup Service has brought everything over.")


SERVICE = Step(
    key="caught-up",
    stretch="pair",
    title="Check that the Backup Service has caught up",
    skip=_skip,
    reads=_read_service,
    judge=_judge_service,
    choices=_offer,
)
