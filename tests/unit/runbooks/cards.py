"""Every card of every row of every runbook, in each phase in which the row can stand."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import product

from bot.domain.model import BOT, Mark, PoolState, Verdict, Who
from bot.domain.runs import moves
from bot.domain.runs.facts import OUTAGE_SINCE
from bot.domain.runs.run import Approval, AtWork, Finding, Found, Phase, RowRecord, Run, Stay
from bot.domain.runs.runbook import Runbook
from bot.domain.runs.view import RunView, view_of
from bot.runbooks import RUNBOOKS
from bot.runbooks.failover.facts import CHOSEN, OFFERS
from handlers.blocks.blocks import Message
from handlers.runs.card import card
from tests.unit.deployment.deployments import B, C, P
from tests.unit.runbooks.row_walk import NOW, Said, walked

BORIS = Who("T1:U2", "Boris")
WENT_WRONG = "pool-b does not answer any more. Nothing was sent, and nothing was changed."
SERVER_SAID = "The server's own text."
LOOKED = tuple(f"Queue “Help Desk {number}” is not there." for number in range(20))


@dataclass(frozen=True, slots=True)
class Drawn:
    """One card as Slack gets it, with the view that it was drawn from."""

    view: RunView
    message: Message

    @property
    def name(self) -> str:
        return f"{self.view.run.runbook}/{self.view.run.step}/{self.view.run.phase}"


@cache
def every_card() -> tuple[Drawn, ...]:
    """Of each row that says the same, one; no two cards show the same."""
    found = {}
    for book, row in _rows():
        before = tuple(
            RowRecord(one.key, "pass", "Read.", BOT, NOW) for one in book.steps[: book.position(row.step.key)]
        )
        for run in _phases(book, row):
            run = replace(run, records=(*before, *run.records))
            view = view_of(run, book, "Import-CsRgsConfiguration: 40 %")
            message = card(view)
            found.setdefault(str(message["blocks"]), Drawn(view, message))
    return tuple(found.values())


def _rows() -> Iterator[tuple[Runbook, Said]]:
    told = set()
    for key, version in product(RUNBOOKS, ("2015", "2019")):
        for row in asyncio.run(walked(RUNBOOKS[key], dict.fromkeys((P, B, C), version))):
            says = (key, row.step.key, row.words)
            if says not in told:
                told.add(says)
                yield RUNBOOKS[key], row


def _phases(book: Runbook, row: Said) -> Iterator[Run]:
    stood = min(book.opens - {PoolState.UNKNOWN}) if book.holds_pools else None
    step, run = row.step, _declared(book, replace(row.after, step=row.step.key, pool_state=stood, since=NOW))
    yield run
    yield moves.retry(run, book, WENT_WRONG, NOW, 30.0).run
    yield moves.stop(run, book, WENT_WRONG, NOW, SERVER_SAID).run
    if row.verdict and not row.verdict.back_to:
        yield moves.settle(run, book, row.verdict, NOW).run
    elif step.asks:
        yield moves.settle(run, book, Verdict(Mark.PASS, ""), NOW).run
    if row.plan:
        asks = moves.propose(run, step, row.plan, NOW).run
        yield asks
        yield replace(asks, approvals=(Approval(BORIS, row.plan.hash, NOW),))
        yield from _sent(book, row, moves.launch(run, step, row.plan, NOW, 60.0).run)
    for phase in (Phase.ABANDONED, Phase.SUPERSEDED):
        left = book.left(run)
        said = " ".join(filter(None, ("Anna abandoned this run: a drill.", left.sentence, left.then)))
        ends = tuple(filter(None, (*left.open, left.then)))
        yield replace(moves.close(run, phase, said, NOW + 60).run, left=ends)


def _declared(book: Runbook, run: Run) -> Run:
    """With all that its clocks can show, where somebody has said since when the pool is down."""
    if book.key != "failover" or run.step == "declare":
        return run
    stays = ((AtWork.PEOPLE, "declare"), (AtWork.BOT, "pair"), (AtWork.SERVER, "failover"), (AtWork.PEOPLE, run.step))
    offers = [*OFFERS.of(run), {"id": CHOSEN.of(run), "label": "the newest", "taken_at": NOW - 6000}]
    return replace(
        run,
        facts=run.facts | OUTAGE_SINCE.to(str(int(NOW - 2100))) | OFFERS.to(offers),
        stays=tuple(Stay(step, who, NOW + 400 * number) for number, (who, step) in enumerate(stays)),
    )


def _sent(book: Runbook, row: Said, run: Run) -> Iterator[Run]:
    yield run
    for detail in ("", SERVER_SAID):
        lost = moves.lose(run, WENT_WRONG, NOW, detail).run
        yield lost
        for found in Found:
            yield moves.found(lost, book, Finding(found, WENT_WRONG, LOOKED), NOW).run
