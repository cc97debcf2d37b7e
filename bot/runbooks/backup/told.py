"""A backup tells of itself in one line, and that there is nothing to back up in one notice."""

from __future__ import annotations

from bot.domain.groups.groups import counted
from bot.domain.measures import sized
from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Acts, NewestWhole, Records, Seen, Stand
from bot.domain.runs.facts import MIRRORED, source
from bot.domain.runs.run import Run, Tell
from bot.domain.runs.runbook import Step
from bot.runbooks.backup.facts import CHANGED, COUNTS, MEANT, NOTHING, SHRUNK, SIZE, UNSTAMPED, WARNINGS
from bot.runbooks.backup.keeping import stamp_of
from bot.runbooks.rows.copies import behind, notice, pre_stage


def _reads(run: Run) -> Acts:
    return {"records": Records((run.primary.fqdn,)), "newest": NewestWhole(run.primary.fqdn)}


def _do(run: Run, seen: Seen) -> Acts:
    """That there is nothing is one standing notice, and no line for every slot; that a pre-stage is old, another."""
    over = f"There is a backup of {run.primary.short} again."
    record, newest = seen["records"][run.primary.fqdn], seen["newest"]
    old = pre_stage(record, run.primary, newest) if behind(record, newest) else ""
    fresh = f"The copies of {run.primary.short} on its backup pool are what its newest backup holds."
    return {
        "stands": Stand(f"nothing:{run.primary.fqdn}", NOTHING.of(run), over),
        "staged": Stand(notice(run.primary), f"{run.primary.short}: {old}" if old else "", fresh),
    }


def _judge(run: Run, seen: Seen) -> Verdict:
    if nothing := NOTHING.of(run):
        return Verdict(Mark.PASS, nothing)
    return Verdict(Mark.PASS, f"Stored: {counted(COUNTS.of(run))}.")


def _tell(run: Run) -> tuple[Tell, ...]:
    """One compact line: what is in it, what changed, whether it can be restored, and where else it lies."""
    if NOTHING.of(run):
        return ()
    from_elsewhere = "" if source(run) == run.primary else f" (from {source(run).short}, which has its groups now)"
    counts, size = counted(COUNTS.of(run)), sized(SIZE.of(run))
    parts = (
        f"Backup of {run.primary.short}{from_elsewhere} is stored: {counts}, {size}{_changes(run)}.",
        _restorable(run),
        "Off-site copy follows." if MIRRORED.of(run) else "No copy elsewhere.",
        _flagged(run),
        _warned(run),
    )
    return (Tell("notifications", " ".join(part for part in parts if part)),)


def _changes(run: Run) -> str:
    changed = CHANGED.of(run)
    if changed is None:
        return ""
    return f", {changed} change{'' if changed == 1 else 's'} since the one before" if changed else ", nothing changed"


def _restorable(run: Run) -> str:
    stamp = stamp_of(run)
    if stamp is None:
        return f"Not rehearsed: {UNSTAMPED.of(run)}"
    where = run.partner.short if run.partner else ""
    return f"Restorable on {where}." if stamp.restorable else f"Not restorable as it is: {stamp.sentences[0]}"


def _flagged(run: Run) -> str:
    if not SHRUNK.of(run):
        return ""
    if MEANT.of(run):
        return "It was confirmed that it is complete."
    short = run.primary.short
    return f"It is flagged as shrunk: find out on {short} what was removed, and import an older backup if need be."


def _warned(run: Run) -> str:
    count = len(WARNINGS.of(run))
    return f"{count} warning{'s' if count > 1 else ''}: `/rgs backups {run.primary.short}`." if count else ""


TOLD = Step(key="told", stretch="told", title="Report the result", reads=_reads, does=_do, judge=_judge, tells=_tell)
