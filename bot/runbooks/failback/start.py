"""The pool is back: whether it is whole, whether it was rebuilt, and from when on nobody edits (failback 1 and 2)."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.deployment.readings import is_online
from bot.domain.errors import BotError
from bot.domain.groups.groups import ServiceSettings
from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Acts, Attempt, Invoke, Seen
from bot.domain.runs.facts import ABLE
from bot.domain.runs.run import Phase, Run, Tell, home, partner
from bot.domain.runs.runbook import Choice, Step
from bot.runbooks.failback.arrival import read_home
from bot.runbooks.failback.facts import REBUILT
from bot.runbooks.failback.last import nothing_to_compare, pin_last, read_last
from bot.runbooks.rows.machines import read_machines, read_pool, troubles

FREEZE_OVER = "The change freeze is over."
REBUILD = "rebuild"
"""The key of the runbook that expects an empty pool."""


def _read_back(run: Run) -> Acts:
    where = run.primary.fqdn
    database = Attempt(Invoke(where, cmdlet("Get-CsUserDatabaseState", RegistrarPool=where)))
    return {**read_home(run), **read_last(run), **read_pool(run.primary), "database": database}


def _read_machines(run: Run, seen: Seen) -> Acts:
    return {**pin_last(run, seen), **read_machines(run.primary, seen, replicas=True)}


def _judge_back(run: Run, seen: Seen) -> Verdict:
    """With what is to be known of both pools before anything is done."""
    verdict, told = _rebuilt(run, seen), (*_troubles(seen), *ABLE.of(run))
    if not told or verdict.mark is Mark.STOP:
        return verdict
    return replace(verdict, mark=Mark.WARN, details=(*verdict.details, *told))


def _troubles(seen: Seen) -> tuple[str, ...]:
    """What is not as it should be before a failback; no page lists it (facts: recovery, procedure 3, row 1)."""
    database = seen["database"]
    unread = isinstance(seen["machines"], BotError)
    said = ("Which machines it has could not be read, so their services were not.",) if unread else ()
    if isinstance(database, BotError):
        said = (*said, "Whether the database of its users is online could not be read.")
    elif not is_online(database):
        said = (*said, "The database of its users is not online.")
    return (*troubles(seen), *said)


def _rebuilt(run: Run, seen: Seen) -> Verdict:
    """Only objects owned by P count: all of the last backup's, none of them, or something else (runbooks, row 1)."""
    pool, own = run.primary.short, seen["held"].owned_by(run.primary.fqdn)
    if why := nothing_to_compare(seen):
        sentence = f"{pool} answers. {why} So nothing shows whether it was reinstalled."
        return Verdict(Mark.WARN, sentence, facts=REBUILT.to("unclear"))
    expected = {item.key for item in seen["backup"].objects}
    there = len(expected & {item.key for item in own.objects})
    if expected and there == len(expected):
        sentence = f"{pool} answers and still holds all {there} objects of the last backup"
        if run.runbook == REBUILD:
            why = f"{sentence}. If no rebuild before this one imported them, abandon this: `/rgs failback {pool}`."
            return Verdict(Mark.WARN, why, facts=REBUILT.to("unclear"))
        return Verdict(Mark.PASS, f"{sentence}, so it does not look reinstalled.", facts=REBUILT.to("no"))
    if not there and seen["settings"] == ServiceSettings():
        sentence = f"{pool} answers, holds nothing of the last backup, and has default settings: it looks reinstalled."
        return Verdict(Mark.WARN, sentence, facts=REBUILT.to("likely"))
    sentence = f"{pool} answers, but holds {there} of {len(expected)} objects of the last backup."
    return Verdict(Mark.WARN, sentence, facts=REBUILT.to("unclear"))


def _offer_back(run: Run) -> tuple[Choice, ...]:
    if run.phase is Phase.STOPPED:
        return ()
    said = "says the pool is back and was not reinstalled."
    same = Choice("same", "No", said, REBUILT.to("no"), style="primary")
    rebuilt = Choice("rebuilt", "Yes", "says the pool was reinstalled.", REBUILT.to("yes"))
    return (rebuilt, same) if REBUILT.of(run) == "likely" or run.runbook == REBUILD else (same, rebuilt)


BACK = Step(
    key="back",
    stretch="back",
    title="See that the pool is back",
    asks=True,
    explain=lambda run: f"Was {run.primary.short} reinstalled during the outage, with an empty database?",
    reads=_read_back,
    does=_read_machines,
    judge=_judge_back,
    choices=_offer_back,
)


def not_rebuilt(run: Run) -> str | None:
    """Why a row for an empty pool falls away, if it does."""
    return None if REBUILT.of(run) == "yes" else "Skipped: the pool was not reinstalled."


def _judge_freeze(run: Run, seen: Seen) -> Verdict:
    sentence = (
        f"Tell everybody not to edit the groups of {run.primary.short}, on any pool, until this run is done. "
        "Switchback cannot lock them."
    )
    return Verdict(Mark.PASS, sentence)


def _tell_freeze(run: Run) -> tuple[Tell, ...]:
    sentence = (
        f"Change freeze: please do not edit Response Groups of {run.primary.short} now, "
        f"neither on {home(run).short} nor on {partner(run).short}, until this is done."
    )
    return (Tell("notifications", sentence, loud=True),)


FREEZE = Step(
    key="freeze", stretch="freeze", title="Announce the change freeze", judge=_judge_freeze, tells=_tell_freeze
)
