"""What lies on the backup pool is verified, the pool is remembered, and its agents are asked (runbooks: adopt)."""

from __future__ import annotations

from typing import Any

from bot.domain.deployment.impact import STAGE_OF
from bot.domain.errors import BotError
from bot.domain.groups.compare import compare
from bot.domain.model import Mark, PoolState, Verdict
from bot.domain.runs.acts import Acts, Attempt, Load, Seen
from bot.domain.runs.facts import STOOD
from bot.domain.runs.run import Run, Tell, partner
from bot.domain.runs.runbook import Left, Step
from bot.runbooks.adopt.facts import EQUAL, LIES_THERE, NAMED_ANEW, NEWEST, STANDS_AS, VERIFIED
from bot.runbooks.rows.copies import asked_in, carried
from bot.runbooks.rows.ending import ended
from bot.runbooks.rows.facts import (
    FAILOVER_RUN,
    IMPORTED_BACKUP,
    OWN_SETTINGS,
    PRESTAGED,
    RESOLVED,
    SILENT,
    WAS_IMPORTED,
    before,
)
from bot.runbooks.rows.people import (
    agents_row,
    ask_agents_row,
    board_tell,
    read_answers,
    said_silent,
    signed_out,
)
from bot.runbooks.rows.removing import read_copies
from bot.runbooks.rows.verifying import compared, differences


def state_of(run: Run) -> PoolState | None:
    return PoolState(STANDS_AS.of(run)) if STANDS_AS.of(run) else None


def _reads(run: Run) -> Acts:
    known = NEWEST.of(run).get("id")
    copies = {"copies": Attempt(read_copies(run)["copies"])}
    return {**copies, "backup": Attempt(Load(known), kept=True)} if known else copies


def _judge_verify(run: Run, seen: Seen) -> Verdict:
    """Object by object; at home a difference is only to be known, away a person has to say that it is right."""
    primary, backup, copies, kept = run.primary.short, partner(run).short, seen["copies"], seen.get("backup")
    where = f"{primary}'s groups on {backup}"
    for missing, what in ((copies, where), (kept, f"The newest backup of {primary}")):
        if missing is None or isinstance(missing, BotError):
            sentence = f"{what} cannot be read, so whether its groups were imported is not known."
            return Verdict(Mark.WARN, sentence, facts=VERIFIED.to(None) | EQUAL.to(False))
    found = compare(kept, copies)
    facts = VERIFIED.to(True) | EQUAL.to(found.is_clean) | NAMED_ANEW.to(bool(found.renamed))
    verdict = compared(kept, copies, where, tolerate=_TOLERATED.get(state_of(run), ""))
    return Verdict(verdict.mark, verdict.sentence, verdict.details, facts)


_TOLERATED = {
    PoolState.ACTIVE: "At home, they are old copies only.",
    PoolState.FAILING_BACK: "Its failback compares them with what is at home.",
}

VERIFY = Step(
    key="verify",
    stretch="verify",
    title="Compare the copies with the newest backup",
    skip=lambda run: "Skipped: no groups of the pool are on its backup pool." if LIES_THERE.of(run) == 0 else None,
    reads=_reads,
    judge=_judge_verify,
    choices=differences,
)


def carry(run: Run) -> dict[str, Any]:
    """As a failover or a failback would have left it; until it is remembered so, as it was."""
    state = state_of(run)
    if not _is_remembered(run):
        return carried(run)
    found = WAS_IMPORTED.to(VERIFIED.of(run))
    if state is PoolState.ACTIVE:
        return (
            OWN_SETTINGS.to(before(run, OWN_SETTINGS))
            | found
            | PRESTAGED.to(NEWEST.of(run) if EQUAL.of(run) else {})
            | asked_in(run)
        )
    return carried(
        run,
        IMPORTED_BACKUP.to(before(run, IMPORTED_BACKUP) or NEWEST.of(run).get("id", "")),
        RESOLVED.to(before(run, RESOLVED) or NAMED_ANEW.of(run)),
        FAILOVER_RUN.to(before(run, FAILOVER_RUN) or run.id),
        PRESTAGED.to({}),
        found,
    )


def _is_remembered(run: Run) -> bool:
    return run.record_of("remember") is not None


def left(run: Run) -> Left:
    if _is_remembered(run):
        return Left(_stands(run))
    return Left(f"Nothing was changed: {run.primary.short} is remembered as {run.pool_state}, as before.")


def _stands(run: Run) -> str:
    primary, state = run.primary.short, state_of(run)
    here = state is PoolState.FAILED_OVER and not VERIFIED.of(run)
    way = f"`/rgs start import-again {primary}` brings its groups." if here else _WAYS[state].format(primary=primary)
    return f"{primary} is {state}, as others left it. {way}"


_WAYS = {
    PoolState.ACTIVE: "Nothing is to be done.",
    PoolState.OUTAGE: "`/rgs failover {primary}` goes on from here.",
    PoolState.FAILING_OVER: "`/rgs failover {primary}` goes on from here.",
    PoolState.FAILED_OVER: "When it is back, `/rgs failback {primary}` brings all home.",
    PoolState.FAILING_BACK: "`/rgs failback {primary}` goes on from here.",
}


def _tell_remembered(run: Run) -> tuple[Tell, ...]:
    state = state_of(run)
    board = (board_tell(STAGE_OF[state], VERIFIED.of(run)),) if state else ()
    return Tell("notifications", _stands(run)), *board


REMEMBER = Step(
    key="remember",
    stretch="remember",
    title="Remember it so",
    judge=lambda run, seen: Verdict(Mark.PASS, _stands(run)),
    tells=_tell_remembered,
    leaves=state_of,
)


def _skip_agents(run: Run) -> str | None:
    """Whose groups were imported before, were asked by whatever imported them."""
    if state_of(run) is not PoolState.FAILED_OVER:
        return "Skipped: the pool is not failed over."
    if not VERIFIED.of(run):
        return "Skipped: no groups are known to be there."
    asked = STOOD.of(run) == PoolState.FAILED_OVER and before(run, WAS_IMPORTED)
    return "Skipped: agents were asked when the groups were imported." if asked else None


ASK_AGENTS = ask_agents_row(
    stretch="agents", skip=_skip_agents, reads=read_copies, groups=lambda seen: seen["copies"], why=signed_out
)
AGENTS = agents_row(stretch="agents", pool=partner)


def _judge_done(run: Run, seen: Seen) -> Verdict:
    """A run that an older version left here has remembered nothing yet."""
    if not _is_remembered(run):
        return Verdict(Mark.WARN, "It is not remembered so yet.", back_to="remember")
    return ended(run, seen, _stands(run))


def _tell_done(run: Run) -> tuple[Tell, ...]:
    quiet = said_silent(SILENT.of(run))
    return (Tell("notifications", quiet),) if quiet else ()


DONE = Step(key="done", stretch="done", title="Done", reads=read_answers, judge=_judge_done, tells=_tell_done)
