"""How an export becomes a backup that can be trusted: rehearsed, compared with the one before, and stored."""

from __future__ import annotations

from dataclasses import asdict

from bot.domain.backups.backup import Backup, Stamp
from bot.domain.backups.restorable import rehearse as rehearsed
from bot.domain.errors import BotError
from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Acts, Clock, Flag, KeepStamp, ListBackup, Load, NewestWhole, Seen, Survey
from bot.domain.runs.facts import KEPT_AS, MIRRORED
from bot.domain.runs.run import Phase, Run, Tell
from bot.domain.runs.runbook import Choice, Step
from bot.runbooks.backup.facts import (
    BACKUP,
    CHANGED,
    COUNTS,
    EDITED,
    EMPTY,
    MEANT,
    SHRUNK,
    STAMP,
    UNSTAMPED,
    WARNINGS,
)
from bot.runbooks.backup.origin import nothing_to_export
from bot.runbooks.rows.moments import moment

NO_COPY = "There is no copy of this backup anywhere else: if this Redis is lost, so is the backup."


def _read_rehearsal(run: Run) -> Acts:
    """What lies on B now, and what was exported; a B that is away does not hold up the backup."""
    if run.partner is None:
        return {}
    return {"zip": Load(KEPT_AS.of(run)), "held": Survey(run.partner.fqdn), "now": Clock()}


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
    facts = STAMP.to(asdict(stamp) | {"sentences": list(stamp.sentences)}) | UNSTAMPED.to("")
    if stamp.restorable:
        return Verdict(Mark.PASS, f"Restorable. {stamp.sentences[0]}", stamp.sentences[1:], facts)
    return Verdict(Mark.WARN, f"Not restorable as it is. {stamp.sentences[0]}", stamp.sentences[1:], facts)


def _unknown(sentence: str, *details: str) -> Verdict:
    return Verdict(Mark.WARN, sentence, details, STAMP.to(None) | UNSTAMPED.to(sentence))


REHEARSE = Step(
    key="rehearse",
    stretch="rehearsal",
    title="Rehearse",
    skip=nothing_to_export,
    reads=_read_rehearsal,
    judge=judge_rehearsal,
)


def _read_size(run: Run) -> Acts:
    return {"whole": NewestWhole(run.primary.fqdn, but=KEPT_AS.of(run))}


def _judge_size(run: Run, seen: Seen) -> Verdict:
    """One with fewer than half the objects of the last whole one is kept, but nothing older makes way for it."""
    last: Backup | None = seen["whole"]
    count = sum(COUNTS.of(run).values())
    if last is None:
        return Verdict(Mark.PASS, "There is no earlier backup to compare it with.", facts=SHRUNK.to(""))
    if count * 2 >= last.objects or EMPTY.of(run):
        return Verdict(Mark.PASS, f"{count} objects; {last.objects} before.", facts=SHRUNK.to(""))
    sentence = (
        f"It holds {count} objects; the last complete backup, of {moment(last.taken_at, run.primary)}, "
        f"holds {last.objects}. It is kept, and nothing older makes way for it."
    )
    return Verdict(Mark.WARN, sentence, facts=SHRUNK.to(sentence))


SIZE = Step(
    key="size",
    stretch="store",
    title="Compare with the one before",
    skip=nothing_to_export,
    reads=_read_size,
    judge=_judge_size,
)


def _do_store(run: Run, seen: Seen) -> Acts:
    """Whatever is known of it is there before it is one of the pool's backups."""
    kept, edited, shrunk = KEPT_AS.of(run), EDITED.of(run), SHRUNK.of(run)
    warnings = [*WARNINGS.of(run), *([f"Edited while it was taken: {edited}."] if edited else [])]
    stamp = stamp_of(run)
    return {
        **({"flagged": Flag(kept, shrunk)} if shrunk else {}),
        **({"stamped": KeepStamp(kept, stamp)} if stamp else {}),
        "listed": ListBackup(kept, tuple(warnings)),
    }


def stamp_of(run: Run) -> Stamp | None:
    known = STAMP.of(run)
    return Stamp(**{**known, "sentences": tuple(known["sentences"])}) if known else None


def _judge_store(run: Run, seen: Seen) -> Verdict:
    backup: Backup = seen["listed"]
    facts = BACKUP.to(backup.id) | CHANGED.to(backup.changed)
    sentence = f"Stored as {backup.id}. {'Its off-site copy follows.' if MIRRORED.of(run) else NO_COPY}"
    if SHRUNK.of(run):
        sentence = f"{sentence} It is flagged: {SHRUNK.of(run)}"
    mark = Mark.PASS if MIRRORED.of(run) and not SHRUNK.of(run) else Mark.WARN
    return Verdict(mark, sentence, facts=facts)


def _tell_store(run: Run) -> tuple[Tell, ...]:
    if not SHRUNK.of(run):
        return ()
    short = run.primary.short
    return (Tell("notifications", f"Backup of {short} shrank suddenly: {SHRUNK.of(run)}", loud=True),)


STORE = Step(
    key="store",
    stretch="store",
    title="Store",
    skip=nothing_to_export,
    does=_do_store,
    judge=_judge_store,
    tells=_tell_store,
)


def _skip_shrunk(run: Run) -> str | None:
    return None if SHRUNK.of(run) else "Skipped: the backup did not shrink."


def _explain_shrunk(run: Run) -> str:
    return (
        f"{SHRUNK.of(run)} If groups of {run.primary.short} are gone that nobody meant to remove, they are still "
        "in the older backups."
    )


def _offer_shrunk(run: Run) -> tuple[Choice, ...]:
    if run.phase is Phase.STOPPED:
        return ()
    meant = Choice("meant", "It is complete", "says the backup is complete.", MEANT.to(True), style="primary")
    return (
        meant,
        Choice(
            "not-meant",
            "Something is missing",
            "says that something is missing.",
            MEANT.to(False),
            confirm="It stays flagged, and older backups stay. Find out on the pool what was removed, and when.",
        ),
    )


SMALL = Step(
    key="shrunk",
    stretch="store",
    title="Is this small backup complete?",
    asks=True,
    skip=_skip_shrunk,
    explain=_explain_shrunk,
    choices=_offer_shrunk,
)


def _skip_whole(run: Run) -> str | None:
    if not SHRUNK.of(run):
        return "Skipped: the backup did not shrink."
    return None if MEANT.of(run) else "It stays flagged, and older backups stay."


def _do_whole(run: Run, seen: Seen) -> Acts:
    return {"unflagged": Flag(KEPT_AS.of(run), "")}


def _judge_whole(run: Run, seen: Seen) -> Verdict:
    return Verdict(Mark.PASS, "It counts as complete from now on.")


WHOLE = Step(
    key="whole",
    stretch="store",
    title="Record that it is complete",
    skip=_skip_whole,
    does=_do_whole,
    judge=_judge_whole,
)
