"""The pool is back: whether it was rebuilt, and from when on nobody edits (runbooks: failback 1 and 2)."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.deployment.cmdlets import cmdlet
from bot.domain.groups.groups import ServiceSettings, service
from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Acts, Seen
from bot.domain.runs.facts import ABLE
from bot.domain.runs.run import Phase, Run, Tell, file_name, partner
from bot.domain.runs.runbook import Choice, Step
from bot.runbooks.failback.facts import REBUILT
from bot.runbooks.failback.home import read_primary
from bot.runbooks.failback.last import nothing_to_compare, pin_last, read_last


def _read_back(run: Run) -> Acts:
    return {**read_primary(run), **read_last(run)}


def _judge_back(run: Run, seen: Seen) -> Verdict:
    """With what is to be known of both pools before anything is done."""
    verdict, told = _rebuilt(run, seen), tuple(ABLE.of(run))
    return replace(verdict, mark=Mark.WARN, details=(*verdict.details, *told)) if told else verdict


def _rebuilt(run: Run, seen: Seen) -> Verdict:
    """Only objects owned by P count: all of the last backup's, none of them, or something else (runbooks, row 1)."""
    pool, own = run.primary.short, seen["held"].owned_by(run.primary.fqdn)
    if why := nothing_to_compare(seen):
        sentence = f"{pool} answers. {why} So look yourself whether it was rebuilt."
        return Verdict(Mark.WARN, sentence, facts=REBUILT.to("unclear"))
    expected = {item.key for item in seen["backup"].objects}
    there = len(expected & {item.key for item in own.objects})
    if expected and there == len(expected):
        sentence = f"{pool} answers and still holds all {there} objects of the last backup: it was not rebuilt."
        return Verdict(Mark.PASS, sentence, facts=REBUILT.to("no"))
    if not there and seen["settings"] == ServiceSettings():
        sentence = f"{pool} answers, holds nothing of the last backup, and has default settings: it looks rebuilt."
        return Verdict(Mark.WARN, sentence, facts=REBUILT.to("likely"))
    sentence = f"{pool} answers, but holds {there} of {len(expected)} objects of the last backup. Was it rebuilt?"
    return Verdict(Mark.WARN, sentence, facts=REBUILT.to("unclear"))


def _offer_back(run: Run) -> tuple[Choice, ...]:
    if run.phase is Phase.STOPPED:
        return ()
    said = "says the pool is back and was not rebuilt."
    same = Choice("same", "It was not rebuilt", said, REBUILT.to("no"), style="primary")
    rebuilt = Choice("rebuilt", "It was rebuilt", "says the pool was rebuilt.", REBUILT.to("yes"))
    return (rebuilt, same) if REBUILT.of(run) == "likely" else (same, rebuilt)


BACK = Step(
    key="back",
    stretch="back",
    title="See that the pool is back",
    asks=True,
    reads=_read_back,
    does=pin_last,
    judge=_judge_back,
    choices=_offer_back,
)


def _judge_rebuild(run: Run, seen: Seen) -> Verdict:
    """Rebuild is not built yet: the run stops with the commands to run by hand, filled in."""
    primary, backup = run.primary, partner(run)
    file = file_name(run, "rebuild")
    out = cmdlet(
        "Export-CsRgsConfiguration",
        Source=service(backup.fqdn),
        Owner=service(primary.fqdn),
        FileName=f"{backup.folder}\\{file}",
    )
    into = cmdlet(
        "Import-CsRgsConfiguration",
        Destination=service(primary.fqdn),
        FileName=f"{primary.folder}\\{file}",
        OverwriteOwner=True,
    )
    sentence = "A rebuilt pool is not brought home by this run yet. Run these by hand, then abandon this run."
    settings = f"Add -ReplaceExistingRgsSettings to the import if {primary.short} shall take {backup.short}'s settings."
    move = str(cmdlet("Invoke-CsPoolFailBack", PoolFqdn=primary.fqdn))
    return Verdict(Mark.STOP, sentence, (str(out), move, str(into), settings))


REBUILD = Step(
    key="rebuild",
    stretch="back",
    title="Bring a rebuilt pool home",
    skip=lambda run: None if REBUILT.of(run) == "yes" else "Not needed: it was not rebuilt.",
    judge=_judge_rebuild,
)


def _judge_freeze(run: Run, seen: Seen) -> Verdict:
    sentence = f"Nobody edits the groups of {run.primary.short}, on either pool, until this run is done."
    return Verdict(Mark.PASS, sentence)


def _tell_freeze(run: Run) -> tuple[Tell, ...]:
    sentence = (
        f"Change freeze: please do not edit Response Groups of {run.primary.short} now, "
        f"neither there nor on {partner(run).short}, until the failback is done."
    )
    return (Tell("notifications", sentence, loud=True),)


FREEZE = Step(key="freeze", stretch="freeze", title="Freeze changes", judge=_judge_freeze, tells=_tell_freeze)
