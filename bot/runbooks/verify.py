"""Reads every byte of a pool's kept backups again, on demand: what is damaged is named, and mended where it can be."""

from __future__ import annotations

from bot.domain.model import Mark, Verdict
from bot.domain.runs.acts import Acts, CheckBackups, Seen
from bot.domain.runs.facts import Fact
from bot.domain.runs.run import Run, Tell
from bot.domain.runs.runbook import Left, Runbook, Step

SAID = Fact("said", str, "")

_WAY_ON = (
    "Make a new backup now with `/rgs backup {pool}`. If the off-site copy was away, press Try again when it is back: "
    "what is whole there is fetched from it."
)


def _do_check(run: Run, seen: Seen) -> Acts:
    return {"checkup": CheckBackups(run.primary.fqdn)}


def _judge_check(run: Run, seen: Seen) -> Verdict:
    checkup = seen["checkup"]
    facts = SAID.to(checkup.sentence)
    if checkup.faults:
        return Verdict(Mark.STOP, checkup.sentence, checkup.details, facts)
    return Verdict(Mark.WARN if checkup.mended else Mark.PASS, checkup.sentence, checkup.details, facts)


def _explain_check(run: Run) -> str:
    return _WAY_ON.format(pool=run.primary.short) if SAID.of(run) else ""


CHECK = Step(
    key="check",
    stretch="check",
    title="Read every byte again",
    does=_do_check,
    judge=_judge_check,
    explain=_explain_check,
)


def _judge_told(run: Run, seen: Seen) -> Verdict:
    return Verdict(Mark.PASS, SAID.of(run))


def _tell_told(run: Run) -> tuple[Tell, ...]:
    return (Tell("notifications", f"Backups of {run.primary.short} were read again. {SAID.of(run)}"),)


TOLD = Step(key="told", stretch="told", title="Report the result", judge=_judge_told, tells=_tell_told)

VERIFY = Runbook(
    key="verify",
    title="Check of the backups",
    about="Reads every byte of a pool's kept backups again.",
    left=lambda run: Left("Nothing was changed; the backups stay as they are."),
    routine=True,
    facts=(SAID,),
    steps=(CHECK, TOLD),
)
