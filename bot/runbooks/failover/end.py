"""Calls are led over, tested, agents sign in, and what a run leaves behind (runbooks: failover 15 to 18)."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.access import Need
from bot.domain.deployment.server_state import HOME
from bot.domain.errors import BotError
from bot.domain.model import Mark, PoolState, Verdict
from bot.domain.runs.acts import Acts, Attempt, ReadState, Seen
from bot.domain.runs.facts import STOOD
from bot.domain.runs.run import Phase, Run, partner
from bot.domain.runs.runbook import Choice, Left, Step, Then
from bot.runbooks.failover.backup import pin_chosen, read_chosen
from bot.runbooks.failover.facts import CHOSEN, COPIES, OWN, REPLACE, RESOLVE
from bot.runbooks.failover.imports import VERIFY
from bot.runbooks.rows.companions import companions_row, still_open
from bot.runbooks.rows.copies import asked_in, imported, in_doubt, staged
from bot.runbooks.rows.ending import ended, ended_tell
from bot.runbooks.rows.facts import (
    ARRIVED,
    FAILOVER_RUN,
    IMPORTED_BACKUP,
    MOVED,
    OWN_SETTINGS,
    REPLACED,
    RESOLVED,
    SERVER_SAID,
    WAS_IMPORTED,
    before,
)
from bot.runbooks.rows.moving import told
from bot.runbooks.rows.people import (
    agents_row,
    ask_agents_row,
    call_rows,
    read_answers,
    routes_row,
    signed_out,
)

COMPANIONS = companions_row(serving=partner, of=lambda run: run.primary, stretch="companions")

ROUTES = routes_row(
    stretch="routes",
    title="Route calls to the backup pool",
    said=lambda run: f"says gateways, DNS and agent console answer from {partner(run).short}.",
    to=partner,
    away=lambda run: run.primary,
)

CALLS = call_rows("calls", VERIFY, ROUTES)

ASK_AGENTS = ask_agents_row(
    stretch="import",
    skip=lambda run: "Skipped: nothing was imported." if COPIES.of(run) == "without" else None,
    reads=read_chosen,
    does=pin_chosen,
    groups=lambda seen: seen["backup"],
    why=signed_out,
)
AGENTS = agents_row(stretch="agents", pool=partner)


def _read_done(run: Run) -> Acts:
    return {"state": Attempt(ReadState(partner(run).fqdn, run.primary.fqdn)), **read_answers(run)}


def _judge_done(run: Run, seen: Seen) -> Verdict:
    """Read once more: somebody may have failed it back meanwhile, and older versions moved it later, or unread."""
    state = told(seen["state"])
    facts = SERVER_SAID.to(state.known) if state.known else {}
    if state.known and not state.is_away:
        return Verdict(Mark.STOP, f"{state.said(run.primary.short)}, so its failover is not done.", facts=facts)
    unread = f"{partner(run).short} does not answer now: see that it serves."
    end = ended(
        run,
        seen,
        _done(run),
        left=(unread if isinstance(seen["state"], BotError) else "", still_open(run, run.primary)),
    )
    return replace(end, facts=facts | end.facts)


def _offer_done(run: Run) -> tuple[Choice, ...]:
    said, first = "asked to move the pool.", "failover-before"
    move = Choice("move", "Move the pool", said, MOVED.to(None), Then.BACK, first, need=Need.SERVER_ADMIN)
    return (move,) if run.phase is Phase.STOPPED else ()


def _done(run: Run) -> str:
    primary, backup = run.primary.short, partner(run).short
    if COPIES.of(run) == "without":
        return (
            f"{primary} is failed over to {backup}, without its Response Groups. "
            f"`/rgs start import-again {primary}` brings them when there is a backup."
        )
    return (
        f"{primary} is failed over to {backup}. Until failback, change its groups with the Management Shell "
        "only, not with Control Panel. "
        f"{backup} is backed up for {primary} on {primary}'s schedule, so edits are not lost."
    )


DONE = Step(
    key="done",
    stretch="done",
    title="Done",
    reads=_read_done,
    judge=_judge_done,
    choices=_offer_done,
    tells=lambda run: (ended_tell(run, _done(run), left=(still_open(run, run.primary),)),),
    leaves=PoolState.FAILED_OVER,
)


_WHAT_IS_THERE = {
    True: "its groups were imported",
    False: "its groups were not imported",
    None: "whether its groups were imported is not known",
}


def carry(run: Run) -> dict[str, object]:
    """What failback needs: the run that moved the pool, and what imports did, an abandoned run's included."""
    return {**carry_imports(run), **FAILOVER_RUN.to(run.id), **asked_in(run)}


def carry_imports(run: Run) -> dict[str, object]:
    """The last backup before the outage, and what imports have done; settings that were replaced stay the first."""
    here = imported(run) is not False
    replaced = REPLACE.of(run) and here
    return {
        **IMPORTED_BACKUP.to(ARRIVED.of(run) or CHOSEN.of(run) or before(run, IMPORTED_BACKUP)),
        **REPLACED.to(replaced or before(run, REPLACED)),
        **RESOLVED.to((RESOLVE.of(run) and here) or before(run, RESOLVED)),
        **WAS_IMPORTED.to(imported(run)),
        **OWN_SETTINGS.to(before(run, OWN_SETTINGS) or (OWN.of(run) if replaced else "")),
        **staged(run),
    }


def left(run: Run) -> Left:
    """What is offered can be started from where it leaves the pool."""
    primary, backup = run.primary.short, partner(run).short
    if not _touched(run):
        stood = PoolState(STOOD.of(run))
        return Left(
            f"Nothing was changed on either pool, and {primary} is marked {stood}, as it was before. "
            f"If it really is down, start a failover again.{_otherwise(primary)}",
            stood,
        )
    groups = _WHAT_IS_THERE[imported(run)]
    if run.pool_state is PoolState.FAILED_OVER and SERVER_SAID.of(run) in HOME:
        return Left(
            f"{primary} was failed back by others, and is marked {PoolState.FAILING_BACK}; {groups} on {backup}. "
            f"`/rgs failback {primary}` goes on from here: it brings home what was edited there.",
            PoolState.FAILING_BACK,
        )
    if run.pool_state is PoolState.FAILED_OVER:
        return left_away(run)
    return Left(
        f"{primary} is marked {run.pool_state}; {groups} on {backup}. Start a failover again to go on from here: it "
        f"reads where both pools stand, and what lies there.{_otherwise(primary)}",
        run.pool_state,
    )


def _otherwise(primary: str) -> str:
    """Others may have moved it, or it is well after all: what is remembered is not read when a run is abandoned."""
    return f" If it stands otherwise, `/rgs start adopt {primary}` takes that over."


def left_away(run: Run) -> Left:
    """A pool that is failed over, and what can be started from there."""
    primary, backup = run.primary.short, partner(run).short
    return Left(
        f"{primary} is failed over to {backup}; {_WHAT_IS_THERE[imported(run)]} there. "
        f"While {backup} answers, `/rgs start import-again {primary}` brings them. When {primary} is back, "
        f"`/rgs failback {primary}` brings all home."
    )


def _touched(run: Run) -> bool:
    """An export changes nothing; everything that does comes with the move of the pool, or after it.

    A move that broke off has left the pool between, until a look finds that it did nothing.
    """
    moved = any(record.step == "failover" and record.mark in ("pass", "warn") for record in run.records)
    broke_off = run.pool_state is PoolState.FAILING_OVER and run.pool_state != STOOD.of(run)
    return in_doubt(run, "failover") or moved or broke_off or MOVED.of(run) is not None
