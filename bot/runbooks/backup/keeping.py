"""How an export becomes a backup that can be trusted: rehearsed, compared with the one before, stored and told."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from bot.domain.backups.backup import Backup, Stamp
from bot.domain.backups.restorable import rehearse as rehearsed
from bot.domain.errors import BotError
from bot.domain.groups.groups import counted
from bot.domain.measures import sized
from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Acts, Clock, Flag, KeepStamp, ListBackup, Load, NewestWhole, Seen, Survey
from bot.domain.runs.run import Phase, Run, Tell, source
from bot.domain.runs.runbook import Choice
from bot.runbooks.rows.moments import moment

NO_COPY = "There is no copy of this backup anywhere else: if this Redis is lost, so is the backup."


def rehearse(run: Run) -> Acts:
    """What lies on B now, and what was exported; a B that is away does not hold up the backup."""
    if run.partner is None:
        return {}
    return {"zip": Load(run.fact("kept")), "held": Survey(run.partner.fqdn), "now": Clock()}


def judge_rehearsal(run: Run, seen: Seen) -> Verdict:
    """Restorable, not restorable as it is, or not known: each is said as what it is."""
    short = run.primary.short
    if run.partner is None:
        return _unknown(f"{short} has no backup pool to rehearse on, so whether this can be restored is not known.")
    held = seen["held"]
    if isinstance(held, BotError):
        sentence = f"{run.partner.short} could not be read, so whether this can be restored there is not known yet."
        return _unknown(sentence, held.sentence)
    try:
        stamp = rehearsed(run.primary, run.partner, held, seen["zip"], seen["now"])
    except Exception as fault:
        # Data that nobody foresaw may not cost the backup itself: it is kept, and what is not known is said.
        sentence = f"The rehearsal itself failed, so whether this can be restored on {run.partner.short} is not known."
        return _unknown(sentence, f"It met {type(fault).__name__}: please report it.")
    facts = {"stamp": asdict(stamp), "unstamped": ""}
    if stamp.restorable:
        return Verdict(Mark.PASS, f"Restorable. {stamp.sentences[0]}", stamp.sentences[1:], facts)
    return Verdict(Mark.WARN, f"Not restorable as it is. {stamp.sentences[0]}", stamp.sentences[1:], facts)


def _unknown(sentence: str, *details: str) -> Verdict:
    return Verdict(Mark.WARN, sentence, details, {"stamp": None, "unstamped": sentence})


def size(run: Run) -> Acts:
    return {"whole": NewestWhole(run.primary.fqdn, but=run.fact("kept"))}


def judge_size(run: Run, seen: Seen) -> Verdict:
    """One with fewer than half the objects of the last whole one is kept, but nothing older makes way for it."""
    last: Backup | None = seen["whole"]
    count = sum(run.fact("counts", {}).values())
    if last is None:
        return Verdict(Mark.PASS, "There is no earlier backup to compare it with.", facts={"shrunk": ""})
    if count * 2 >= last.objects or run.fact("empty"):
        return Verdict(Mark.PASS, f"{count} objects; {last.objects} before.", facts={"shrunk": ""})
    sentence = (
        f"It holds {count} objects; the last whole backup, of {moment(last.taken_at, run.primary)}, "
        f"holds {last.objects}. It is kept, and nothing older makes way for it."
    )
    return Verdict(Mark.WARN, sentence, facts={"shrunk": sentence})


def store(run: Run) -> Acts:
    """Whatever is known of it is there before it is one of the pool's backups."""
    kept, edited, shrunk = run.fact("kept"), run.fact("edited"), run.fact("shrunk")
    warnings = [*run.fact("warnings", []), *([f"Edited while it was taken: {edited}."] if edited else [])]
    stamp = _stamp(run)
    return {
        **({"flagged": Flag(kept, shrunk)} if shrunk else {}),
        **({"stamped": KeepStamp(kept, stamp)} if stamp else {}),
        "listed": ListBackup(kept, tuple(warnings)),
    }


def _stamp(run: Run) -> Stamp | None:
    known: dict[str, Any] | None = run.fact("stamp")
    return Stamp(**{**known, "sentences": tuple(known["sentences"])}) if known else None


def judge_store(run: Run, seen: Seen) -> Verdict:
    backup: Backup = seen["listed"]
    facts = {"backup": backup.id, "changed": backup.changed}
    sentence = f"Stored as {backup.id}. {'Its off-site copy follows.' if run.fact('mirrored') else NO_COPY}"
    if run.fact("shrunk"):
        sentence = f"{sentence} It is flagged: {run.fact('shrunk')}"
    mark = Mark.PASS if run.fact("mirrored") and not run.fact("shrunk") else Mark.WARN
    return Verdict(mark, sentence, facts=facts)


def store_tells(run: Run) -> tuple[Tell, ...]:
    if not run.fact("shrunk"):
        return ()
    short = run.primary.short
    return (Tell("notifications", f"Backup of {short} shrank suddenly: {run.fact('shrunk')}", loud=True),)


def not_shrunk(run: Run) -> str | None:
    return None if run.fact("shrunk") else "Not needed: it did not shrink."


def shrunk_explained(run: Run) -> str:
    return (
        f"{run.fact('shrunk')} If groups of {run.primary.short} are gone that nobody meant to remove, they are still "
        "in the older backups."
    )


def shrunk_ways(run: Run) -> tuple[Choice, ...]:
    if run.phase is Phase.STOPPED:
        return ()
    meant = Choice("meant", "It is meant to be", "says it is meant to be this small.", {"meant": True}, style="primary")
    return (
        meant,
        Choice(
            "not-meant",
            "Something is missing",
            "says that something is missing.",
            {"meant": False},
            confirm="It stays flagged, and older backups stay. Find out on the pool what was removed, and when.",
        ),
    )


def not_meant(run: Run) -> str | None:
    if not run.fact("shrunk"):
        return "Not needed: it did not shrink."
    return None if run.fact("meant") else "It stays flagged, and older backups stay."


def unflag(run: Run) -> Acts:
    return {"unflagged": Flag(run.fact("kept"), "")}


def judge_unflagged(run: Run, seen: Seen) -> Verdict:
    return Verdict(Mark.PASS, "It counts as whole from now on.")


def judge_told(run: Run, seen: Seen) -> Verdict:
    if nothing := run.fact("nothing"):
        return Verdict(Mark.PASS, nothing)
    return Verdict(Mark.PASS, f"Stored: {counted(run.fact('counts', {}))}.")


def tell(run: Run) -> tuple[Tell, ...]:
    """One compact line: what is in it, what changed, whether it can be restored, and where else it lies."""
    if run.fact("nothing"):
        return ()
    from_elsewhere = "" if source(run) == run.primary else f" (from {source(run).short}, which stands in for it)"
    counts, size = counted(run.fact("counts", {})), sized(run.fact("size", 0))
    parts = (
        f"Backup of {run.primary.short}{from_elsewhere} is stored: {counts}, {size}{_changes(run)}.",
        _restorable(run),
        "Off-site copy follows." if run.fact("mirrored") else "No copy elsewhere.",
        _flagged(run),
        _warned(run),
    )
    return (Tell("notifications", " ".join(part for part in parts if part)),)


def _changes(run: Run) -> str:
    changed = run.fact("changed")
    if changed is None:
        return ""
    return f", {changed} change{'' if changed == 1 else 's'} since the one before" if changed else ", nothing changed"


def _restorable(run: Run) -> str:
    stamp = _stamp(run)
    if stamp is None:
        return f"Not rehearsed: {run.fact('unstamped', 'nobody knows yet whether it can be restored.')}"
    where = run.partner.short if run.partner else ""
    return f"Restorable on {where}." if stamp.restorable else f"Not restorable as it is: {stamp.sentences[0]}"


def _flagged(run: Run) -> str:
    if not run.fact("shrunk"):
        return ""
    if run.fact("meant"):
        return "It is meant to be as small as it is."
    short = run.primary.short
    return f"It is flagged as shrunk: find out on {short} what was removed, and import an older backup if need be."


def _warned(run: Run) -> str:
    count = len(run.fact("warnings", []))
    return f"{count} warning{'s' if count > 1 else ''}: `/rgs backups {run.primary.short}`." if count else ""
