"""The backup pool is dead, or holds no groups: what comes home, and which rows fall away (runbooks: failback 1d)."""

from __future__ import annotations

from bot.domain.access import Need
from bot.domain.backups.backup import is_ahead
from bot.domain.errors import BotError
from bot.domain.groups.compare import compare, in_words
from bot.domain.measures import aged
from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Acts, Attempt, Clock, Load, NewestKept, ReadSettings, Seen
from bot.domain.runs.run import Phase, Run, partner
from bot.domain.runs.runbook import Choice, Step, Then
from bot.runbooks.failback.arrival import read_home
from bot.runbooks.failback.facts import BARE, COMES, EXPORTED, LOST, NOTHING_THERE
from bot.runbooks.rows.attesting import attested
from bot.runbooks.rows.exporting import pin
from bot.runbooks.rows.replication import ASK_AGAIN, SWITCH_OFF, replicated
from bot.runbooks.rows.verifying import tally

_LATEST = 10
_PRICE = "What was written on it since the failover is lost: users' data, conferences, edits of Response Groups."


def lost(run: Run) -> str | None:
    """Why a row that reads the backup pool falls away, if it does."""
    return f"Skipped: {partner(run).short} is dead." if LOST.of(run) else None


def bare(run: Run) -> str | None:
    """Why a row that reads the pool's groups on the backup pool falls away, if it does."""
    none = f"Skipped: {partner(run).short} holds no groups of {run.primary.short}." if BARE.of(run) else None
    return lost(run) or none


def without_groups(run: Run) -> tuple[Choice, ...]:
    """The way on where nothing is there to bring home: the users come home all the same."""
    if run.phase is not Phase.STOPPED or NOTHING_THERE.of(run) is not True:
        return ()
    said = "goes on without groups from the backup pool."
    return (Choice("without-groups", "Go on without them", said, BARE.to(True), style="primary"),)


def _judge(run: Run, seen: Seen) -> Verdict:
    backup, primary = partner(run).short, run.primary.short
    if isinstance(seen["there"], BotError):
        sentence = (
            f"{backup} does not answer, or its database does not. Wait until it does. If it is dead, there is the "
            f"disaster way. {_PRICE}"
        )
        return Verdict(Mark.STOP, sentence, (seen["there"].sentence,))
    return Verdict(Mark.PASS, f"{backup} answers, so everything can come home to {primary}.")


def _offer(run: Run) -> tuple[Choice, ...]:
    if run.phase is not Phase.STOPPED:
        return ()
    said = f"says {partner(run).short} is dead, and chooses the disaster way"
    # What was exported and announced while it was thought to live is done anew, the disaster way.
    back = {"then": Then.BACK, "to": ANSWERS.key, "recorded": Mark.WARN}
    return (attested("dead", "It is dead: disaster way", said, _PRICE, LOST.to(True), style="danger", **back),)


ANSWERS = Step(
    key="backup-answers",
    stretch="back",
    title="See that the backup pool answers",
    need=Need.SERVER_ADMIN,
    skip=lambda run: "Chosen before: the disaster way." if LOST.of(run) else None,
    reads=lambda run: {"there": Attempt(ReadSettings(partner(run).fqdn, partner(run).fqdn), kept=True)},
    judge=_judge,
    choices=_offer,
)


def without_backup_pool(run: Run) -> tuple[Choice, ...]:
    """The way on where a row needs a backup pool that died meanwhile: it is read, before anybody decides.

    A replacement shares such rows, and has no such way: without the backup pool there is nothing to bring over.
    """
    if run.phase not in (Phase.STOPPED, Phase.WAITING) or LOST.of(run) or run.replacement:
        return ()
    said = "asked to look whether the backup pool still answers."
    only = frozenset({ANSWERS.key})
    return (Choice("backup-dead", "Does the backup pool answer?", said, then=Then.BACK, to=ANSWERS.key, afresh=only),)


def _read_last(run: Run) -> Acts:
    return {"kept": NewestKept(run.primary.fqdn, _LATEST), "now": Clock(), **read_home(run)}


def _load_last(run: Run, seen: Seen) -> Acts:
    """The newest sound backup, whichever pool it was taken from: during the outage that was the backup pool."""
    whole = [one for one, known in seen["kept"] if not known.shrunk and not is_ahead(one, seen["now"])]
    if not whole:
        return {}
    because = f"what came home in the failback of {run.primary.short}, without its backup pool"
    return {"loaded": Attempt(Load(whole[0].id), kept=True), **pin(run, whole[0].id, because)}


def _judge_last(run: Run, seen: Seen) -> Verdict:
    primary, loaded = run.primary.short, seen.get("loaded")
    if loaded is None or isinstance(loaded, BotError):
        why = loaded.sentence if loaded else "There is no sound backup."
        return Verdict(Mark.WARN, f"{why} So {primary} keeps what it has.", facts=EXPORTED.to(""))
    one = next(one for one, known in seen["kept"] if not known.shrunk and not is_ahead(one, seen["now"]))
    facts = EXPORTED.to(one.id)
    found = compare(loaded, seen["held"].owned_by(run.primary.fqdn))
    age = f"The newest backup is {aged(seen['now'] - one.taken_at)} old."
    if found.is_clean:
        return Verdict(Mark.PASS, f"{age} {primary} holds all of it: nothing has to be imported.", facts=facts)
    sentence = f"{age} Beside it, {primary}: {tally(found)}. An import takes the whole backup."
    return Verdict(Mark.WARN, sentence, in_words(found), facts)


def _offer_last(run: Run) -> tuple[Choice, ...]:
    leave = Choice("leave", "Leave the pool as it is", "leaves the groups as they are at home.", COMES.to(False))
    if replicated(run):
        return leave, ASK_AGAIN
    bring = Choice("bring", "Import the backup", "asked to import the backup.", COMES.to(True), style="primary")
    return (bring, leave) if EXPORTED.of(run) else (leave,)


def _explain_last(run: Run) -> str:
    said = (
        f"{partner(run).short} {'is dead' if LOST.of(run) else 'holds none of its groups'}, so the last backup is all "
        "there is beside what the pool itself holds."
    )
    if not replicated(run):
        return said
    return (
        f"{said} Nothing is imported while servers replicate groups. To import the backup, switch it off first, for "
        f"all pools: {SWITCH_OFF}. Then press Look again."
    )


LAST = Step(
    key="last",
    stretch="export",
    title="Choose what comes home without the backup pool",
    asks=True,
    skip=lambda run: None if bare(run) else "Skipped: the groups come from the backup pool.",
    explain=_explain_last,
    reads=_read_last,
    does=_load_last,
    judge=_judge_last,
    choices=_offer_last,
)
