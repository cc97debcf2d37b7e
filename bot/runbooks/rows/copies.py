"""What is known of a pool's copies on its backup pool: whether they lie there, and as of which backup (prestage)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.domain.backups.backup import Backup
from bot.domain.measures import aged
from bot.domain.model import Pool, PoolRecord, PoolState
from bot.domain.runs.facts import BEFORE
from bot.domain.runs.run import Found, Phase, Run
from bot.runbooks.rows.facts import ASKED_IN, FORMAL, PRESTAGED, WAS_IMPORTED, before
from bot.runbooks.rows.moments import moment

_IN_DOUBT = (Phase.RUNNING, Phase.LOOKING, Phase.LOST)
_DONE = ("pass", "warn")
_LEAVES: Mapping[str, bool | None] = {"clear": False, "clean": False, "import": None, "verify": True}
"""What each row makes known of the copies on B."""

_TOUCH = ("clear", "clean", "import")


def imported(run: Run) -> bool | None:
    """Whether the groups lie on B, as far as it was verified; a run can be abandoned while nobody knows."""
    if in_doubt(run, *_TOUCH):
        return None
    last = next((one for one in reversed(run.records) if one.step in _LEAVES and one.mark in _DONE), None)
    return _LEAVES[last.step] if last else before(run, WAS_IMPORTED)


def touched(run: Run) -> bool:
    """Whether the copies are no longer what they were when the run began, or nobody knows."""
    return in_doubt(run, *_TOUCH) or any(one.step in _TOUCH and one.mark in _DONE for one in run.records)


def in_doubt(run: Run, *steps: str) -> bool:
    """Whether the command of one of these rows is under way or lost, and no look has found that it did nothing."""
    harmless = run.phase is Phase.LOST and run.finding is not None and run.finding.found is Found.NOT_DONE
    return run.step in steps and run.phase in _IN_DOUBT and not harmless


def staged(run: Run) -> dict[str, Any]:
    """What is pre-staged after this run, unless it says itself what is: what was, as long as nobody touched it."""
    return PRESTAGED.to({} if touched(run) else before(run, PRESTAGED))


def carried(run: Run, *changes: Mapping[str, Any]) -> dict[str, Any]:
    """What the last runbook carried over, with what this one has changed."""
    found = dict(BEFORE.of(run)) | asked_in(run)
    for change in changes:
        found |= change
    return found


def asked_in(run: Run) -> dict[str, Any]:
    """Whichever run moves the pool next: groups that ring nobody are still known."""
    last = run.id if FORMAL.key in run.facts else before(run, ASKED_IN)
    return ASKED_IN.to(last) if last else {}


def stage_of(backup: Backup) -> dict[str, Any]:
    """Copies that are this backup's, as it is carried on; the time is in seconds since the epoch."""
    return {"id": backup.id, "at": backup.taken_at, "contents": backup.contents}


def behind(record: PoolRecord, newest: Backup | None) -> bool:
    """Whether what is pre-staged is not what the newest backup holds."""
    known = PRESTAGED.among(record.carry)
    return bool(known and newest) and newest.contents != known["contents"]


def pre_stage(record: PoolRecord, pool: Pool, newest: Backup | None) -> str:
    """How far the copies on the backup pool are behind, in a sentence for people; empty where none are pre-staged."""
    known = PRESTAGED.among(record.carry)
    if not known or record.state is not PoolState.ACTIVE:
        return ""
    where = (pool.backup_pool or "its backup pool").partition(".")[0]
    told = f"Copies are ready on {where}, as of {moment(known['at'], pool)}"
    if not behind(record, newest):
        return f"{told}: nothing has changed since in the newest backup."
    late = aged(newest.taken_at - known["at"]) if newest else ""
    return f"{told}. The newest backup is {late} newer and differs: refresh with `/rgs start prestage {pool.short}`."


def notice(pool: Pool) -> str:
    """The key of the standing notice that proposes to refresh what is pre-staged of this pool."""
    return f"prestage:{pool.fqdn}"
