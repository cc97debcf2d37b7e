"""How these runbooks end: a trial by people, and what a run that is abandoned leaves behind."""

from __future__ import annotations

from collections.abc import Callable

from bot.domain.access import Need
from bot.domain.model import Mark
from bot.domain.runs.run import Run
from bot.domain.runs.runbook import Choice, Field, Left, Step, Then
from bot.runbooks.pool_level.facts import TRIED


def trial_row(*, stretch: str, title: str, explain: Callable[[Run], str], back_to: str) -> Step:
    """No reading tells whether people outside are reached: somebody tries it, and what failed is looked for before."""
    fields = (Field(TRIED.key, "What did you try, and what happened?", multiline=True, max_length=300),)
    return Step(
        key="trial",
        stretch=stretch,
        title=title,
        asks=True,
        need=Need.ANYONE,
        explain=explain,
        choices=lambda run: (
            Choice("worked", "It works", "tried it, and it works: {tried}", fields=fields, style="primary"),
            Choice(
                "failed",
                "It does not work",
                "tried it, and it does not work: {tried}",
                fields=fields,
                then=Then.BACK,
                to=back_to,
                recorded=Mark.STOP,
            ),
        ),
    )


def left(run: Run) -> Left:
    """It marks no pool, so only what commands and people changed stays."""
    if not run.attempt:
        return Left("Switchback sent no command. What people did by hand stays as it is.")
    return Left("What its commands changed stays. Start it again to go on: it reads first how things stand.")
