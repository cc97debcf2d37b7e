"""What lies on the backup pool is compared with what is kept, removed, and forgotten (runbooks: failback 13)."""

from __future__ import annotations

from typing import Any

from bot.domain.errors import BotError
from bot.domain.groups.compare import compare, contents, in_words
from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Acts, Attempt, Load, NewestWhole, Seen, Stand
from bot.domain.runs.prerequisites import How, Prerequisite
from bot.domain.runs.run import Phase, Run, partner
from bot.domain.runs.runbook import Choice, Left, Step, Then
from bot.runbooks.cleanup.facts import COMPARED
from bot.runbooks.rows.copies import carried, imported, notice, staged, touched
from bot.runbooks.rows.ending import done_row
from bot.runbooks.rows.facts import PRESTAGED, WAS_IMPORTED, before
from bot.runbooks.rows.prerequisites import at_home, groups_on, on
from bot.runbooks.rows.removing import read_copies, removal_row
from bot.runbooks.rows.replication import read_mode, replicas_stay
from bot.runbooks.rows.verifying import differences, tally


def _reads(run: Run) -> Acts:
    return {**read_copies(run), "newest": NewestWhole(run.primary.fqdn)}


def _does(run: Run, seen: Seen) -> Acts:
    """The newest backup of P, and the one that was pre-staged or came home, as far as they can be read."""
    newest, known = seen["newest"], before(run, PRESTAGED)
    ids = {"backup": newest.id if newest else "", "stage": known.get("id", "")}
    return {name: Attempt(Load(id), kept=True) for name, id in ids.items() if id}


def _judge(run: Run, seen: Seen) -> Verdict:
    """Only what is kept already may go: whatever else was edited on B would be lost to P."""
    primary, backup, copies = run.primary.short, partner(run).short, seen["copies"]
    if not copies.objects:
        return Verdict(Mark.PASS, f"Nothing of {primary} lies on {backup}.", facts=COMPARED.to(""))
    facts = COMPARED.to(contents(copies))
    known = [seen[name] for name in ("backup", "stage") if not isinstance(seen.get(name, BotError("")), BotError)]
    if not known:
        sentence = f"No backup of {primary} could be read, so the copies on {backup} may be the only ones."
        return Verdict(Mark.STOP, sentence, facts=facts)
    found = [compare(one, copies) for one in known]
    if any(one.is_clean for one in found):
        sentence = f"All {len(copies.objects)} copies on {backup} are as they are kept in a backup of {primary}."
        return Verdict(Mark.PASS, sentence, facts=facts)
    sentence = (
        f"The copies on {backup} are not what the newest backup of {primary} holds: {tally(found[0])}. If these are "
        f"edits from an outage, bring them home by hand first. If {primary} was edited since, they are only old."
    )
    return Verdict(Mark.STOP, sentence, in_words(found[0]), facts)


COMPARE = Step(
    key="compare",
    stretch="compare",
    title="Compare the copies with the backups",
    reads=_reads,
    does=_does,
    judge=_judge,
    choices=differences,
)


def _unfit(run: Run, seen: Seen) -> str:
    return replicas_stay(run, seen) or _edited(run, seen)


def _edited(run: Run, seen: Seen) -> str:
    if contents(seen["copies"]) == COMPARED.of(run):
        return ""
    return f"{partner(run).short} was edited since the copies were compared. Nothing was removed. Compare them again."


def _offer_remove(run: Run) -> tuple[Choice, ...]:
    if run.phase is not Phase.STOPPED:
        return ()
    return (Choice("compare-again", "Compare again", "asked to compare them again.", then=Then.BACK, to="compare"),)


def _before_removal(run: Run) -> tuple[Prerequisite, ...]:
    primary, backup = run.primary, partner(run)
    look = How(on(backup, "see the copies yourself"), groups_on(backup, primary))
    same = Prerequisite("same", f"The copies are the same as on {primary.short}", (_TOLD, look), shown_by=("compare",))
    return at_home(primary, "home"), same


_TOLD = How("Switchback has compared every object. *Timeline* shows what it found.")

REMOVE = removal_row(
    key="clean",
    stretch="clean",
    title="Remove the copies",
    skip=lambda run: None if COMPARED.of(run) else "Skipped: there is nothing to remove.",
    explain=lambda run: f"A failover of {run.primary.short} has to import its groups again from then on.",
    prerequisites=_before_removal,
    reads=read_mode,
    unfit=_unfit,
    choices=_offer_remove,
)


def carry(run: Run) -> dict[str, Any]:
    """Nothing is pre-staged any more; where nothing was there, nothing was."""
    if _was_empty(run):
        return carried(run, WAS_IMPORTED.to(False), PRESTAGED.to({}))
    return carried(run, WAS_IMPORTED.to(imported(run)), staged(run))


def _was_empty(run: Run) -> bool:
    return run.record_of("compare") is not None and not COMPARED.of(run)


def left(run: Run) -> Left:
    primary, backup = run.primary.short, partner(run).short
    if not touched(run):
        return Left(f"Nothing was removed: what lay on {backup} of {primary} lies there still.")
    if imported(run) is None:
        return Left(f"Whether the copies of {primary} were removed from {backup} is not known. Start a clean-up again.")
    return Left(f"The copies of {primary} were removed from {backup}.")


def _done(run: Run) -> str:
    return f"Nothing of {run.primary.short} lies on {partner(run).short} now. A failover imports its groups again."


DONE = done_row(
    _done,
    does=lambda run, seen: {
        "stands": Stand(
            notice(run.primary), "", f"No copies of {run.primary.short} are kept on its backup pool any more."
        )
    },
)
